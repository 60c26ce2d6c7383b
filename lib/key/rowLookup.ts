import type { EntityMetadata, FindManyOptions, FindOneOptions } from "typeorm"
import { CanonicalText, isPlainObject } from "./CanonicalText"
import { propertiesOf } from "./FindProperties"
import { equalValue, isFindOperator, isOwnOperator } from "./findOperator"
import { type PrimaryKeyPattern, primaryKeyPatternOf } from "./PrimaryKeyPattern"
import { compileRowId } from "./rowId"

/** A read that is nothing but a lookup of rows by primary key. */
export interface RowLookup {
    /** What the rows' tags are made of, each once, in the order asked. */
    readonly ids: readonly string[]
    /** What the rows' entries are found by, in the order of {@link ids}; the very same array unless a collation matters. */
    readonly keys: readonly string[]
    /** The condition for each row: the full primary key with plain values. Fresh objects. */
    readonly wheres: readonly Record<string, unknown>[]
    /** Whether the answer is one row or none, not a list. */
    readonly single: boolean
    /** Whether a softly deleted row is an answer too. */
    readonly withDeleted: boolean
}

/** A lookup by a declared unique key. */
export interface UniqueLookup {
    readonly key: readonly string[]
    /** The values in the order of {@link key}. */
    readonly text: string
}

const SINGLE = new Set(["findOne", "findOneBy", "findOneOrFail", "findOneByOrFail"])
const MANY = new Set(["find", "findBy"])
/** Options that change nothing for a row without relations, whatever they say. */
const HARMLESS = new Set(["where", "cache", "comment", "withDeleted", "loadEagerRelations", "relationLoadStrategy"])
const FALSY_ONLY = new Set(["lock", "transaction", "loadRelationIds"])

/**
 * What a read looks up by primary key, or `undefined` if it asks anything else, or if an id is not certain. Rows whose
 * load touches other tables (eager relations, relation ids, virtual columns, views) are no pure lookup.
 */
export function rowLookup(
    metadata: EntityMetadata,
    method: string,
    options: FindManyOptions | FindOneOptions | undefined,
): RowLookup | undefined {
    const single = SINGLE.has(method)
    if (!single && !MANY.has(method)) return undefined
    const given = options as Record<string, unknown> | undefined
    if (given === undefined || !isPlainObject(given) || !asksOnlyRows(metadata, given)) return undefined

    const pattern = primaryKeyPatternOf(metadata)
    if (!pattern.usable) return undefined
    const { where } = given
    const withDeleted = Boolean(given["withDeleted"])
    if (pattern.isExactly(where)) return oneRow(metadata, pattern.pick(where), single, withDeleted)
    const alternatives = Array.isArray(where) ? (where as unknown[]) : [where]
    const wheres: Record<string, unknown>[] = []
    for (const alternative of alternatives) {
        if (pattern.isExactly(alternative)) wheres.push(pattern.pick(alternative))
        else if (!expandIn(pattern, alternative, wheres)) return undefined
    }
    return wheres.length === 0 ? undefined : distinct(metadata, wheres, single, withDeleted)
}

/**
 * The id of the one row that the conditions can be about: they have the full primary key, and beside it nothing but
 * conditions on the entity's own columns.
 */
export function pinnedId(metadata: EntityMetadata, where: unknown): string | undefined {
    const pattern = primaryKeyPatternOf(metadata)
    if (!pattern.isPartOf(where) || !isOnOwnColumns(metadata, where, "")) return undefined
    return compileRowId(metadata).id(pattern.pick(where))
}

/**
 * The lookup by one of the declared unique keys: the conditions have exactly its properties, with plain values.
 *
 * @param uniqueKeys property names that are unique together, as in `@Cached({ uniqueKeys })`
 */
export function uniqueLookup(
    metadata: EntityMetadata,
    uniqueKeys: readonly (readonly string[])[],
    where: unknown,
): UniqueLookup | undefined {
    if (!isPlainObject(where) || isFindOperator(where)) return undefined
    let count = 0
    for (const _ in where) count++
    const key = uniqueKeys.find(
        (properties) => properties.length === count && properties.every((p) => hasOwn(where, p)),
    )
    if (key === undefined || count === 0) return undefined
    const text = new CanonicalText()
    for (const property of key) {
        const value = equalValue(where[property])
        const column = propertiesOf(metadata).property(property)?.column
        if (column === undefined || column.isVirtualProperty || !isScalar(value)) return undefined
        text.value(value)
    }
    return text.bypass === undefined ? { key, text: text.text } : undefined
}

function asksOnlyRows(metadata: EntityMetadata, options: Record<string, unknown>): boolean {
    for (const name in options) {
        const value = options[name]
        if (HARMLESS.has(name) || value === undefined) continue
        if (FALSY_ONLY.has(name) && !value) continue
        return false
    }
    if (metadata.eagerRelations.length > 0 && options["loadEagerRelations"] !== false) return false
    return ownRowOnly(metadata)
}

const ownRow = new WeakMap<EntityMetadata, boolean>()

function ownRowOnly(metadata: EntityMetadata): boolean {
    let answer = ownRow.get(metadata)
    if (answer === undefined) {
        const counts = (metadata as unknown as { relationCounts?: readonly unknown[] }).relationCounts ?? []
        answer =
            metadata.relationIds.length + counts.length === 0 &&
            !metadata.columns.some((column) => column.isVirtualProperty)
        ownRow.set(metadata, answer)
    }
    return answer
}

/** `{ id: In([…]) }` as one condition per value. */
function expandIn(pattern: PrimaryKeyPattern, where: unknown, wheres: Record<string, unknown>[]): boolean {
    const { property } = pattern
    if (property === undefined || !isPlainObject(where) || isFindOperator(where)) return false
    for (const key in where) if (key !== property) return false
    const operator = where[property]
    if (!isFindOperator(operator) || operator._type !== "in" || !isOwnOperator(operator)) return false
    const { _value: values } = operator
    if (!Array.isArray(values)) return false
    for (const value of values as unknown[]) {
        const one = { [property]: value }
        if (isFindOperator(value) || !pattern.isExactly(one)) return false
        wheres.push(one)
    }
    return true
}

function oneRow(
    metadata: EntityMetadata,
    where: Record<string, unknown>,
    single: boolean,
    withDeleted: boolean,
): RowLookup | undefined {
    const rowId = compileRowId(metadata)
    const id = rowId.id(where)
    const key = rowId.isExact ? id : rowId.key(where)
    if (id === undefined || key === undefined) return undefined
    const keys = [key]
    return { ids: id === key ? keys : [id], keys, wheres: [where], single, withDeleted }
}

function distinct(
    metadata: EntityMetadata,
    asked: readonly Record<string, unknown>[],
    single: boolean,
    withDeleted: boolean,
): RowLookup | undefined {
    const rowId = compileRowId(metadata)
    const keyById = new Map<string, string>()
    const keys: string[] = []
    const wheres: Record<string, unknown>[] = []
    let folded = false
    for (const where of asked) {
        const id = rowId.id(where)
        const key = rowId.isExact ? id : rowId.key(where)
        if (id === undefined || key === undefined) return undefined
        const before = keyById.get(id)
        // Two spellings of what may be one row or two: only the database knows how many rows come back.
        if (before !== undefined && before !== key) return undefined
        if (before !== undefined) continue
        keyById.set(id, key)
        keys.push(key)
        wheres.push(where)
        folded ||= id !== key
    }
    if (single && keys.length !== 1) return undefined
    const ids = folded ? [...keyById.keys()] : keys
    return { ids, keys, wheres, single, withDeleted }
}

function isOnOwnColumns(metadata: EntityMetadata, where: Record<string, unknown>, prefix: string): boolean {
    for (const key in where) {
        const property = propertiesOf(metadata).property(prefix === "" ? key : `${prefix}.${key}`)
        if (property?.column !== undefined) {
            if (property.column.isVirtualProperty || hasRaw(where[key])) return false
        } else if (property?.embedded !== undefined) {
            const inner = where[key]
            if (!isPlainObject(inner) || !isOnOwnColumns(metadata, inner, property.path)) return false
        } else return false
    }
    return true
}

/** Raw SQL may name any table. */
function hasRaw(value: unknown): boolean {
    if (Array.isArray(value)) return value.some(hasRaw)
    return isFindOperator(value) && (value._type === "raw" || hasRaw(value._value))
}

function isScalar(value: unknown): boolean {
    if (typeof value === "object") return value instanceof Date || value instanceof Uint8Array
    return (
        typeof value === "string" ||
        typeof value === "number" ||
        typeof value === "bigint" ||
        typeof value === "boolean"
    )
}

function hasOwn(value: object, key: string): boolean {
    return Object.prototype.hasOwnProperty.call(value, key)
}
