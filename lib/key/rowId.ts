import type { EntityMetadata } from "typeorm"
import { type ColumnId, columnIdOf } from "./columnId"
import { dataSourceOf } from "../metadata/dataSourceOf"
import { type Column, transformTo } from "./transformTo"

interface KeyColumn {
    readonly column: Column
    readonly databaseName: string
    readonly compare: ColumnId
    /** Where the property is, from the entity down; one step unless it is in an embedded. */
    readonly path: readonly string[]
    /** False for a column of a relation: its value may be the related entity. */
    readonly plain: boolean
}

/**
 * How to name a row of one entity. An id is equal for all values that the database may call equal, and is what tags are
 * made of. A key is different for all values that the database may tell apart, and is what entries are found by. They
 * differ only where the collation decides (MySQL, MariaDB, SQL Server). Both are `undefined` when in doubt.
 */
export class RowId {
    /** True when id and key are always the same: no collation decides. */
    readonly isExact: boolean
    readonly #columns: readonly KeyColumn[]
    readonly #only: KeyColumn | undefined
    readonly #property: string | undefined

    constructor(metadata: EntityMetadata) {
        const { type } = dataSourceOf(metadata).options
        this.#columns = metadata.primaryColumns.map((column) => ({
            column,
            databaseName: column.databaseName.toLowerCase(),
            compare: columnIdOf(column, type),
            path: [...(column.embeddedMetadata?.parentPropertyNames ?? []), column.propertyName],
            plain: column.relationMetadata === undefined && column.referencedColumn === undefined,
        }))
        this.isExact = this.#columns.every(({ compare }) => compare.id === compare.key)
        this.#only = this.#columns.length === 1 ? this.#columns[0] : undefined
        const only = this.#only
        const simple = only?.plain && only.path.length === 1 && only.column.transformer === undefined
        this.#property = simple ? only.path[0] : undefined
    }

    /** The id from an entity, a map of property values, or, where the key has one column, its value. */
    id(source: unknown): string | undefined {
        return this.#of(source, false)
    }

    /** The same for the key. */
    key(source: unknown): string | undefined {
        return this.#of(source, true)
    }

    /** The id from values as the database gets them. */
    idOfDatabase(valueOf: (databaseName: string) => unknown): string | undefined {
        const only = this.#only
        if (only !== undefined) return only.compare.id(valueOf(only.databaseName))
        return joinParts(this.#columns, (column) => column.compare.id(valueOf(column.databaseName)))
    }

    #of(source: unknown, exact: boolean): string | undefined {
        const isMap = typeof source === "object" && source !== null && !(source instanceof Uint8Array)
        const only = this.#only
        if (only !== undefined && this.#property !== undefined) {
            const value = isMap ? (source as Record<string, unknown>)[this.#property] : source
            return exact ? only.compare.key(value) : only.compare.id(value)
        }
        try {
            const part = (column: KeyColumn): string | undefined => {
                const value = isMap ? propertyValue(column, source) : scalarValue(column, source)
                return exact ? column.compare.key(value) : column.compare.id(value)
            }
            if (only !== undefined) return part(only)
            return isMap ? joinParts(this.#columns, part) : undefined
        } catch {
            // A transformer of the user's, or a getter, did not like the value.
            return undefined
        }
    }
}

function scalarValue(column: KeyColumn, value: unknown): unknown {
    if (value === undefined || value === null) return undefined
    if (column.plain) return transformTo(column.column.transformer, value)
    return hasTransformer(column.column) ? undefined : value
}

function propertyValue(key: KeyColumn, source: object): unknown {
    if (key.plain) return scalarValue(key, at(source, key.path))
    if (hasTransformer(key.column)) return undefined
    const value: unknown = key.column.getEntityValue(source)
    if (key.column.isVirtual) return value
    // The entity has both the relation and its column: what is saved when they differ depends on too much.
    const own = at(source, key.path)
    const agree = own === undefined || own === null || typeof own === "object" || String(own) === String(value)
    return agree ? value : undefined
}

function at(source: object, path: readonly string[]): unknown {
    let value: unknown = source
    for (const step of path) {
        if (typeof value !== "object" || value === null) return undefined
        value = (value as Record<string, unknown>)[step]
    }
    return value
}

function hasTransformer(column: Column): boolean {
    for (let at: Column | undefined = column; at !== undefined; at = at.referencedColumn)
        if (at.transformer !== undefined) return true
    return false
}

/** Each part says its length first, so that no two lists of parts join to the same text. */
function joinParts(columns: readonly KeyColumn[], read: (column: KeyColumn) => string | undefined): string | undefined {
    let joined = ""
    for (const column of columns) {
        const part = read(column)
        if (part === undefined) return undefined
        joined += `${joined === "" ? "" : "-"}${part.length}.${part}`
    }
    return joined === "" ? undefined : joined
}

const compiled = new WeakMap<EntityMetadata, RowId>()

/** The compiled {@link RowId} of an entity. */
export function compileRowId(metadata: EntityMetadata): RowId {
    let rowId = compiled.get(metadata)
    if (rowId === undefined) compiled.set(metadata, (rowId = new RowId(metadata)))
    return rowId
}

/**
 * The canonical id of a row, for tags: from an entity, a map of property values (as in `event.entityId`), or, where the
 * primary key has one column, its bare value. `undefined` when it is not certain.
 */
export function rowIdOf(metadata: EntityMetadata, entityOrIdMap: unknown): string | undefined {
    return compileRowId(metadata).id(entityOrIdMap)
}

/** What a row's entry is found by; the same as {@link rowIdOf} unless the collation might tell apart what ids do not. */
export function rowKeyOf(metadata: EntityMetadata, entityOrIdMap: unknown): string | undefined {
    return compileRowId(metadata).key(entityOrIdMap)
}

/**
 * The canonical id of a row from the parameters of a statement: no transformer is applied.
 *
 * @param valueByDatabaseColumn takes the column's name in the database, in lower case
 */
export function rowIdOfDatabaseValues(
    metadata: EntityMetadata,
    valueByDatabaseColumn: (databaseNameLower: string) => unknown,
): string | undefined {
    return compileRowId(metadata).idOfDatabase(valueByDatabaseColumn)
}
