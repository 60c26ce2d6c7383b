import type { EntityMetadata } from "typeorm"
import { isPlainObject } from "./CanonicalText"
import { equalValue, isFindOperator, isOwnOperator } from "./findOperator"

/** A leaf: whether an object may stand for the column's value. TypeORM would not look into it for a related entity's id. */
type Leaf = "any" | "scalar"

/** The properties of a primary key as a tree: embeddeds are branches. */
type KeyTree = ReadonlyMap<string, Leaf | KeyTree>

/** Recognises the full primary key in find conditions. */
export class PrimaryKeyPattern {
    /** The property, where the key is one column of the entity itself. */
    readonly property: string | undefined
    /** Whether rows can be looked up by key at all, with nothing else behind them than their own table. */
    readonly usable: boolean
    readonly #tree: KeyTree

    constructor(metadata: EntityMetadata) {
        const tree = new Map<string, Leaf | KeyTree>()
        for (const column of metadata.primaryColumns) {
            let branch = tree
            for (const step of column.embeddedMetadata?.parentPropertyNames ?? []) {
                const next =
                    (branch.get(step) as Map<string, Leaf | KeyTree> | undefined) ?? new Map<string, Leaf | KeyTree>()
                branch.set(step, next)
                branch = next
            }
            branch.set(column.propertyName, column.relationMetadata === undefined ? "any" : "scalar")
        }
        this.#tree = tree
        const [only] = metadata.primaryColumns
        this.property =
            metadata.primaryColumns.length === 1 && only?.embeddedMetadata === undefined
                ? only?.propertyName
                : undefined
        this.usable = metadata.tableType !== "view" && metadata.primaryColumns.length > 0
    }

    /** Whether the conditions are the full key with plain values (or `Equal`), and nothing else. */
    isExactly(where: unknown): where is Record<string, unknown> {
        return this.usable && matches(this.#tree, where, false)
    }

    /** Whether the conditions have the full key with plain values (or `Equal`), beside others. */
    isPartOf(where: unknown): where is Record<string, unknown> {
        return this.usable && matches(this.#tree, where, true)
    }

    /** The key's properties alone, with `Equal` taken off. */
    pick(where: Record<string, unknown>): Record<string, unknown> {
        return pick(this.#tree, where)
    }
}

function matches(tree: KeyTree, where: unknown, others: boolean): boolean {
    if (!isPlainObject(where) || isFindOperator(where)) return false
    let found = 0
    for (const key in where) {
        const branch = tree.get(key)
        if (branch === undefined) {
            if (!others) return false
            continue
        }
        const value = where[key]
        if (value === undefined || value === null) return false
        if (typeof branch === "string" ? !isValue(value, branch) : !matches(branch, value, others)) return false
        found++
    }
    return found === tree.size
}

function isValue(value: unknown, leaf: Leaf): boolean {
    if (isFindOperator(value) && (value._type !== "equal" || !isOwnOperator(value))) return false
    const inner = equalValue(value)
    return leaf === "any" || typeof inner !== "object" || inner instanceof Uint8Array
}

function pick(tree: KeyTree, where: Record<string, unknown>): Record<string, unknown> {
    const picked: Record<string, unknown> = {}
    for (const [key, branch] of tree) {
        const value = where[key]
        if (typeof branch !== "string") picked[key] = pick(branch, value as Record<string, unknown>)
        else picked[key] = equalValue(value)
    }
    return picked
}

const patterns = new WeakMap<EntityMetadata, PrimaryKeyPattern>()

/** The {@link PrimaryKeyPattern} of an entity. */
export function primaryKeyPatternOf(metadata: EntityMetadata): PrimaryKeyPattern {
    let pattern = patterns.get(metadata)
    if (pattern === undefined) patterns.set(metadata, (pattern = new PrimaryKeyPattern(metadata)))
    return pattern
}
