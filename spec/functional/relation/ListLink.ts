import type { EntityManager, EntityMetadata, EntityTarget, ObjectLiteral } from "typeorm"
import { nested } from "./probes"

export interface ListLinkOptions {
    readonly owner: EntityTarget<ObjectLiteral>
    /** The path of the list. */
    readonly many: string
    readonly related: EntityTarget<ObjectLiteral>
    /** The property with the owner. */
    readonly one: string
    /** Columns of the owners that are more than key and name. */
    readonly moreOfOwner?: (position: number) => ObjectLiteral
    readonly ownerKey?: (position: number) => ObjectLiteral
    readonly itemKey?: (position: number) => ObjectLiteral
    /** Whose item 5 is, where it has to be somebody's. */
    readonly lastOwner?: number
}

const OWNERS = [undefined, 1, 1, 2, 3, undefined]

/**
 * A list and its other end: owners 1 to 3, of which the first has the items 1 and 2, the second item 3 and the third
 * item 4; nobody has item 5. They are called by their positions, whatever their keys are.
 */
export class ListLink {
    readonly options: ListLinkOptions
    readonly owner: EntityTarget<ObjectLiteral>
    readonly many: string
    readonly related: EntityTarget<ObjectLiteral>
    readonly one: string

    constructor(options: ListLinkOptions) {
        this.options = options
        this.owner = options.owner
        this.many = options.many
        this.related = options.related
        this.one = options.one
    }

    ownerKey(position: number): ObjectLiteral {
        return this.options.ownerKey?.(position) ?? { id: position }
    }

    itemKey(position: number): ObjectLiteral {
        return this.options.itemKey?.(position) ?? { id: position }
    }

    /** A row as it was before everything. */
    ownerRow(position: number): ObjectLiteral {
        return { ...this.ownerRef(position), name: `owner ${position}` }
    }

    itemRow(position: number, owner = OWNERS[position] ?? this.options.lastOwner ?? null): ObjectLiteral {
        return { ...this.itemKey(position), name: `item ${position}`, ...this.ownedBy(owner) }
    }

    /** The owner's key, and what else a foreign key may refer to. */
    ownerRef(position: number): ObjectLiteral {
        return { ...this.ownerKey(position), ...this.options.moreOfOwner?.(position) }
    }

    /** What an item says of its owner. */
    ownedBy(owner: number | null): ObjectLiteral {
        return { [this.one]: owner === null ? null : this.ownerRef(owner) }
    }

    /** The owner with his list, as something to save. */
    withItems(owner: number, items: readonly ObjectLiteral[]): ObjectLiteral {
        return { ...this.ownerRow(owner), ...nested(this.many, items) }
    }

    /** What to give as the option of that name to load the list. */
    get relations(): never {
        return nested(this.many, true) as never
    }

    async fill(manager: EntityManager): Promise<void> {
        await manager.insert(
            this.owner,
            [1, 2, 3].map((at) => this.ownerRow(at)),
        )
        await manager.insert(
            this.related,
            [1, 2, 3, 4, 5].map((at) => this.itemRow(at)),
        )
    }

    /** What plain SQL has to say of the items' table. */
    sqlOf(manager: EntityManager): ItemSql {
        return new ItemSql(this, manager)
    }
}

/** Names and values of the items' table for SQL by hand. */
export class ItemSql {
    readonly table: string
    readonly #link: ListLink
    readonly #manager: EntityManager
    readonly #metadata: EntityMetadata

    constructor(link: ListLink, manager: EntityManager) {
        this.#link = link
        this.#manager = manager
        this.#metadata = manager.connection.getMetadata(link.related)
        this.table = this.quote(this.#metadata.tableName)
    }

    /** `"authorId" = 2`, joined for a key of several columns. */
    owned(by: number | null, joint: ", " | " AND "): string {
        return this.#pairs(by)
            .map(([name, value]) => `${name} = ${value}`)
            .join(joint)
    }

    /** `"id" = 1` */
    isItem(position: number): string {
        const { primaryColumns } = this.#metadata
        const key = this.#link.itemKey(position)
        return primaryColumns
            .map((column) => `${this.quote(column.databaseName)} = ${literal(column.getEntityValue(key))}`)
            .join(" AND ")
    }

    /** An INSERT of one item with a literal for each column. */
    insert(position: number, owner: number | null): string {
        const { discriminatorColumn, discriminatorValue, primaryColumns, columns } = this.#metadata
        const key = this.#link.itemKey(position)
        const row: [string, string][] = primaryColumns.map((column) => [
            this.quote(column.databaseName),
            literal(column.getEntityValue(key)),
        ])
        row.push([this.quote("name"), "'raw'"], ...this.#pairs(owner))
        if (discriminatorColumn !== undefined)
            row.push([this.quote(discriminatorColumn.databaseName), literal(discriminatorValue)])
        // what is not null and has no default
        if (columns.some(({ databaseName }) => databaseName === "mpath")) row.push([this.quote("mpath"), "''"])
        return `INSERT INTO ${this.table} (${row.map(([name]) => name).join(", ")}) VALUES (${row.map(([, value]) => value).join(", ")})`
    }

    quote(name: string): string {
        return this.#manager.connection.driver.escape(name)
    }

    #pairs(owner: number | null): [string, string][] {
        const { joinColumns } = this.#metadata.findRelationWithPropertyPath(this.#link.one)!
        return joinColumns.map((column) => [
            this.quote(column.databaseName),
            owner === null ? "NULL" : literal(column.referencedColumn!.getEntityValue(this.#link.ownerRef(owner))),
        ])
    }
}

export function literal(value: unknown): string {
    return typeof value === "number" ? String(value) : `'${String(value)}'`
}
