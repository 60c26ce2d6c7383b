import { type EntityTarget, type FindManyOptions, In, type ObjectLiteral, type Repository } from "typeorm"

/** A read, and what it depends on. */
export interface Probe {
    readonly name: string
    readonly target: EntityTarget<ObjectLiteral>
    /** The tables that it reads. */
    readonly tables: readonly string[]
    /** The keys of the only rows that it reads; `undefined` for a list. */
    readonly rows?: readonly unknown[]
    /** It says that there is no such row. */
    readonly isNegative?: boolean
    read(repository: Repository<ObjectLiteral>): Promise<unknown>
}

/** What a write is promised to leave alone: a table that is not named, rows that are not. */
export type Touched = Readonly<Record<string, "lists" | "rows" | readonly unknown[]>>

/** How to ask for an entity. */
export interface Asked {
    readonly target: EntityTarget<ObjectLiteral>
    readonly table: string
    /** Keys of rows that are there. */
    readonly ids: readonly unknown[]
    /** Names of relations, and the tables that reading them takes. */
    readonly relations?: Readonly<Record<string, readonly string[]>>
    /** It has a view's or a composite key: no reads by key, in this order instead. */
    readonly order?: Readonly<Record<string, "ASC">>
    /** It can be soft-removed. */
    readonly softDelete?: boolean
}

const NOBODY = 987_654

/** The reads of an entity: rows by key, alone and together, lists, counts, whether any exists, lists with relations. */
export function probesOf(asked: Asked): Probe[] {
    const { target, table, ids, relations = {}, order = { id: "ASC" } } = asked
    const found: Probe[] = []
    const add = (name: string, read: Probe["read"], about: Partial<Probe> = {}): void =>
        void found.push({ name: `${table}: ${name}`, target, tables: [table], read, ...about })
    const find = (name: string, options: FindManyOptions, about?: Partial<Probe>): void =>
        add(name, (repository) => repository.find({ order: order, ...options }), about)

    for (const id of ids) add(`row ${String(id)}`, (it) => it.findOneBy({ id }), { rows: [id] })
    if (ids.length > 0) {
        add("several rows", (it) => it.findBy({ id: In(ids) }).then(byId), { rows: ids })
        add("no row", (it) => it.findOneBy({ id: NOBODY }), { rows: [NOBODY], isNegative: true })
        add("no row exists", (it) => it.existsBy({ id: NOBODY }), { rows: [NOBODY], isNegative: true })
        add("a row exists", (it) => it.existsBy({ id: ids[0] }), { rows: [ids[0]] })
    }
    find("list", {})
    add("count", (it) => it.count())
    add("exists", (it) => it.exists())
    add("list and count", (it) => it.findAndCount({ order: order }))
    if (asked.softDelete) {
        find("list with removed rows", { withDeleted: true })
        for (const id of ids)
            add(`removed row ${String(id)}`, (it) => it.findOne({ where: { id }, withDeleted: true }), { rows: [id] })
    }
    for (const [relation, tables] of Object.entries(relations)) {
        const also = { tables: [table, ...tables] }
        find(
            `list with ${relation}`,
            { relations: { [relation]: true }, order: withOrder(order, relation, tables) },
            also,
        )
        if (ids.length > 0)
            add(
                `row ${String(ids[0])} with ${relation}`,
                (it) =>
                    it.findOne({
                        where: { id: ids[0] },
                        relations: { [relation]: true },
                        order: withOrder(order, relation, tables),
                    }),
                also,
            )
    }
    return found
}

/** The probes that a write must leave alone. */
export function untouched(probes: readonly Probe[], touched: Touched): Probe[] {
    return probes.filter(({ tables, rows, isNegative }) =>
        tables.every((table) => {
            const change = touched[table]
            if (change === undefined) return true
            if (rows === undefined || isNegative || change === "rows") return false
            return change === "lists" || !rows.some((id) => change.includes(id))
        }),
    )
}

function withOrder(order: object, relation: string, tables: readonly string[]): never {
    return (tables.length === 0 ? order : { ...order, [relation]: { id: "ASC" } }) as never
}

function byId(rows: ObjectLiteral[]): ObjectLiteral[] {
    return rows.sort((one, other) => Number(one["id"]) - Number(other["id"]))
}
