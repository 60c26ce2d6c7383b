import type { KeyScheme } from "../key/KeyScheme"
import { linkedOwnerId, type RelationLink } from "../key/RelationLink"
import { tableName } from "../key/tableName"
import type { SqlOperand, SqlRowCondition, SqlWrite } from "../sql/SqlAnalysis"
import type { LinkGraph, WatchedLink } from "./LinkGraph"
import { operandValue } from "./operandValue"

/** More owners than this in one statement are invalidated as "owners of the table". */
const MAX_OWNERS = 2_000

/** What a column was given; `unknown` for an expression and the like. */
type Given = { readonly value: unknown } | "unknown"

/**
 * The tags of the owners that get rows by a write, or, for a junction, lose them. Rows that leave a foreign key need no
 * owner: whatever had them names them.
 */
export function* linkTags(
    write: SqlWrite,
    parameters: readonly unknown[] | undefined,
    graph: LinkGraph,
    keys: KeyScheme,
): Generator<string> {
    for (const link of graph.linksOf(write.table)) {
        const tags = link.isJunction
            ? pairTags(write, link, graph, parameters, keys)
            : arrivalTags(write, link, parameters, keys)
        if (tags === undefined || tags.size > MAX_OWNERS) yield wideTag(link, keys)
        else yield* tags
    }
    const visibility = graph.visibilityOf(write.table)
    if (visibility === undefined || (write.verb !== "update" && write.verb !== "merge" && write.verb !== "unknown"))
        return
    if (mayReveal(write, visibility.columns, visibility.deleteDate, parameters))
        for (const link of visibility.links) yield wideTag(link, keys)
}

/** The tags for a table of which nobody knows what was written. */
export function* wideLinkTags(table: string, graph: LinkGraph, keys: KeyScheme): Generator<string> {
    for (const link of graph.linksOf(table)) yield wideTag(link, keys)
    for (const link of graph.visibilityOf(table)?.links ?? []) yield wideTag(link, keys)
}

function wideTag({ table, name }: RelationLink, keys: KeyScheme): string {
    return keys.relation(table, name)
}

/** Owners that get a row through its foreign key; `undefined` for any. */
function arrivalTags(
    { verb, inserted, assigned, columns }: SqlWrite,
    link: WatchedLink,
    parameters: readonly unknown[] | undefined,
    keys: KeyScheme,
): Set<string> | undefined {
    if (verb === "delete" || verb === "truncate") return new Set()
    if (verb === "update") {
        if (columns === undefined) return undefined
        if (!link.columns.some((column) => columns.includes(lower(column)))) return new Set()
        return ownerTags(link, [assignedValues(assigned, parameters)], keys)
    }
    if (verb !== "insert" || inserted === undefined) return undefined
    return ownerTags(
        link,
        inserted.map((row) => insertedValues(link, row, parameters)),
        keys,
    )
}

/** Owners of the pairs that come or go; `undefined` for any. */
function pairTags(
    { table, verb, inserted, rows }: SqlWrite,
    link: WatchedLink,
    graph: LinkGraph,
    parameters: readonly unknown[] | undefined,
    keys: KeyScheme,
): Set<string> | undefined {
    if (verb === "insert" && inserted !== undefined)
        return ownerTags(
            link,
            inserted.map((row) => insertedValues(link, row, parameters)),
            keys,
        )
    if (verb !== "delete" || rows === undefined) return undefined
    const tags = new Set<string>()
    for (const condition of rows) {
        const own = conditionTags(condition, link, parameters, (id) => keys.relationOf(table, link.name, id))
        // the other side is named: entries of this side hold its row
        const found = own ?? otherSideTags(condition, link, graph, parameters, keys)
        if (found === undefined) return undefined
        for (const tag of found) tags.add(tag)
    }
    return tags
}

function otherSideTags(
    condition: SqlRowCondition,
    link: WatchedLink,
    graph: LinkGraph,
    parameters: readonly unknown[] | undefined,
    keys: KeyScheme,
): readonly string[] | undefined {
    const [other, third] = graph.linksOf(link.table).filter(({ name, isJunction }) => isJunction && name !== link.name)
    // with more than two sides nobody knows which rows the pairs have brought
    if (other === undefined || third !== undefined) return undefined
    return conditionTags(condition, other, parameters, (id) => keys.row(tableName(other.owner), id))
}

/** The tags of all owners that a condition names; `undefined` when it does not name them for certain. */
function conditionTags(
    condition: SqlRowCondition,
    link: WatchedLink,
    parameters: readonly unknown[] | undefined,
    tagOf: (ownerId: string) => string,
): readonly string[] | undefined {
    if (!link.namesOwner || !link.isCached) return undefined
    const operands = link.columns.map((column) => condition.get(lower(column)))
    if (operands.some((it) => it === undefined || it.length === 0)) return undefined
    const count = Math.max(...operands.map((it) => it!.length))
    // several values in several columns would multiply
    if (count > 1 && operands.length > 1) return undefined
    const tags: string[] = []
    for (let i = 0; i < count; i++) {
        const id = linkedOwnerId(link, (name) => {
            const operand = operands[link.columns.findIndex((column) => lower(column) === name)]?.[i]
            return operand === undefined ? undefined : operandValue(operand, parameters)
        })
        if (id === undefined) return undefined
        tags.push(tagOf(id))
    }
    return tags
}

/** The tags of the owners that some rows name; `undefined` when one of them may name any. A null names none. */
function ownerTags(
    link: WatchedLink,
    rows: readonly ((column: string) => Given)[],
    keys: KeyScheme,
): Set<string> | undefined {
    const tags = new Set<string>()
    for (const givenTo of rows) {
        const values = new Map<string, Given>(link.columns.map((column) => [lower(column), givenTo(lower(column))]))
        const given = [...values.values()]
        if (given.some((it) => it !== "unknown" && (it.value === null || it.value === undefined))) continue
        if (!link.namesOwner || !link.isCached || given.includes("unknown")) return undefined
        const id = linkedOwnerId(link, (name) => {
            const it = values.get(name)
            return it === undefined || it === "unknown" ? undefined : it.value
        })
        if (id === undefined) return undefined
        tags.add(keys.relationOf(link.table, link.name, id))
    }
    return tags
}

function insertedValues(
    link: WatchedLink,
    row: NonNullable<SqlWrite["inserted"]>[number],
    parameters: readonly unknown[] | undefined,
): (column: string) => Given {
    return (name) => {
        const operand = row.get(name)
        if (operand === undefined) return "unknown"
        if (!("default" in operand)) return given(operand, parameters)
        const column = link.columns.find((it) => lower(it) === name)!
        return column.default === undefined && column.generationStrategy === undefined ? { value: null } : "unknown"
    }
}

function assignedValues(
    assigned: SqlWrite["assigned"],
    parameters: readonly unknown[] | undefined,
): (column: string) => Given {
    return (name) => {
        const operand = assigned?.get(name)
        return operand === undefined || "now" in operand ? "unknown" : given(operand, parameters)
    }
}

function given(operand: SqlOperand, parameters: readonly unknown[] | undefined): Given {
    if ("literal" in operand) return { value: operand.literal }
    if (parameters === undefined || operand.parameter >= parameters.length) return "unknown"
    const value = operandValue(operand, parameters)
    return typeof value === "object" && value !== null && !(value instanceof Uint8Array) ? "unknown" : { value }
}

/** Whether an update can bring rows into sight: anything but a moment given to the column of the soft delete. */
function mayReveal(
    { columns, assigned }: SqlWrite,
    visible: readonly string[],
    deleteDate: string | undefined,
    parameters: readonly unknown[] | undefined,
): boolean {
    if (columns === undefined) return true
    return visible.some((name) => {
        if (!columns.includes(name)) return false
        if (name !== deleteDate) return true
        const operand = assigned?.get(name)
        if (operand === undefined) return true
        if ("now" in operand) return false
        const value = operandValue(operand, parameters)
        return value === null || value === undefined
    })
}

function lower({ databaseName }: { readonly databaseName: string }): string {
    return databaseName.toLowerCase()
}
