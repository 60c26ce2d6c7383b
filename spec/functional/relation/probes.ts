import { CachedRepository } from "typeorm-second-level-cache"
import { type EntityMetadata, type EntityTarget, In, Not, type ObjectLiteral, type Repository } from "typeorm"
import { typeormVersion } from "../../support/resolve"

/** A read that takes a relation, in one of the styles that there are. */
export interface Probe {
    readonly name: string
    readonly style: string
    readonly target: EntityTarget<ObjectLiteral>
    read(repository: Repository<ObjectLiteral>): Promise<unknown>
}

/** A relation to be read, from both ends where it has two. */
export interface AskedRelation {
    readonly target: EntityTarget<ObjectLiteral>
    /** The path of its property. */
    readonly relation: string
    /** Keys of owners. */
    readonly keys: readonly ObjectLiteral[]
    /** A relation of the related rows, to be read two levels down. */
    readonly further?: string | undefined
    /** Also with options that keep the relation in the list, or might. */
    readonly isThorough?: boolean
    /** False for a relation that is not decorated: lists have it within them. */
    readonly isCached?: boolean
}

/** A relation in every style of loading. */
export function probesOf(asked: AskedRelation, metadata: EntityMetadata): Probe[] {
    const { target, relation, keys, further, isCached = true, isThorough = false } = asked
    const { isLazy, isEager } = metadata.findRelationWithPropertyPath(relation)!
    const relations = nested(relation, true) as never
    const found: Probe[] = []
    const add = (style: string, read: Probe["read"]): void =>
        void found.push({ name: `${metadata.name}.${relation}: ${style}`, style, target, read })
    const names = Object.keys(keys[0]!)
    const values = async (owners: ObjectLiteral[]): Promise<unknown> =>
        Promise.all(owners.map((owner) => valueAt(owner, relation)))

    add("find", (it) => it.find({ relations }))
    add("find and count", (it) => it.findAndCount({ relations }))
    add("find one by key", (it) => it.findOne({ where: keys[0]!, relations }))
    if (names.length === 1)
        add("find by keys", (it) =>
            it.find({ where: { [names[0]!]: In(keys.map((key) => key[names[0]!] as unknown)) }, relations }),
        )
    else add("find by keys", (it) => it.find({ where: [...keys], relations }))
    if (further !== undefined)
        add(`find two levels, ${further}`, (it) => it.find({ relations: nested(relation, nested(further, true)) }))
    if (typeormVersion !== "1") {
        add("find by paths", (it) => it.find({ relations: [relation] as never }))
        if (further !== undefined)
            add(`find by paths, ${further}`, (it) =>
                it.find({ relations: [relation, `${relation}.${further}`] as never }),
            )
    }
    if (isEager) {
        add("eager, list", (it) => it.find())
        add("eager, row", (it) => it.findOneBy(keys[0]!))
    }
    // the plain repository joins: lazy relations of the DataSource are cached, whoever loaded their owner
    if (isLazy) add("lazy", async (it) => values(await it.find(it instanceof CachedRepository ? {} : { relations })))
    if (isCached)
        add("loadRelation", async (it) => {
            if (!(it instanceof CachedRepository)) return values(await it.find({ relations }))
            return values((await it.loadRelation(await it.find(), relation)) as ObjectLiteral[])
        })
    if (!isThorough) return found

    const id = names[0]!
    const order = { [id]: "DESC" } as never
    add("where the related", (it) => it.find({ where: nested(relation, { name: Not("item 1") }), relations }))
    add("ordered by the related", (it) =>
        it.find({ relations, order: { [id]: "ASC", ...nested(relation, { [id]: "DESC" }) } }),
    )
    add("a page", (it) => it.find({ relations, order, skip: 1, take: 1 }))
    add("a page and count", (it) => it.findAndCount({ relations, order, skip: 1, take: 2 }))
    add("ordered", (it) => it.findOne({ where: {}, relations, order }))
    add("with removed rows", (it) => it.find({ relations, withDeleted: true }))
    add("selected", (it) =>
        it.find({ relations, select: { [id]: true, ...nested(relation, { [id]: true, name: true }) } }),
    )
    add("ids", (it) => it.find({ loadRelationIds: { relations: [relation] } }))
    add("by queries", (it) => it.find({ relations, relationLoadStrategy: "query" }))
    add("without eager relations", (it) => it.find({ relations, loadEagerRelations: false }))
    return found
}

/** `{ a: { b: value } }` for the path `a.b`. */
export function nested(path: string, value: unknown): ObjectLiteral {
    return path.split(".").reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as ObjectLiteral
}

function valueAt(owner: ObjectLiteral, path: string): unknown {
    return path.split(".").reduce<unknown>((at, step) => (at as ObjectLiteral)[step], owner)
}

/** Puts every list in an order of its own: the database gives none. */
export function sorted<T>(value: T): T {
    if (typeof value !== "object" || value === null || value instanceof Date) return value
    for (const inner of Object.values(value)) sorted(inner)
    if (Array.isArray(value)) value.sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
    return value
}

/** An entity by its columns first, so that equal rows with other relations keep their place. */
function textOf(value: unknown): string {
    const { id, country, number } = (value ?? {}) as Record<string, unknown>
    return JSON.stringify([id, country, number, value])
}
