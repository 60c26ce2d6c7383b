import { type KeyScheme } from "../key/KeyScheme"
import { rowIdOfDatabaseValues } from "../key/rowId"
import type { SqlAnalysis, SqlRowCondition, SqlWrite } from "../sql/SqlAnalysis"
import type { EntityMetadata } from "typeorm"
import { linkTags, wideLinkTags } from "./linkTags"
import { operandValue } from "./operandValue"
import type { TableGraph } from "./TableGraph"

/** More certain rows of one table than this in one statement are invalidated as "rows of the table". */
const MAX_ROWS = 2_000

/**
 * The tags that a statement dirties. Rows are named where the statement can touch no others; everything else dirties
 * all rows of its table. Too much is safe, too little is a stale read.
 */
export function dirtyTags(
    { writes, unattributed }: Pick<SqlAnalysis, "writes" | "unattributed">,
    parameters: readonly unknown[] | undefined,
    graph: TableGraph,
    keys: KeyScheme,
): Set<string> {
    const tags = new Set<string>()
    const addAll = (found: Iterable<string>): void => {
        for (const tag of found) tags.add(tag)
    }
    const wholeTable = (table: string): void => {
        tags.add(keys.table(table))
        tags.add(keys.rows(table))
        addAll(wideLinkTags(table, graph.links, keys))
    }
    for (const write of writes) {
        const { table, verb } = write
        tags.add(keys.table(table))
        // a plain insert changes no row that could be cached; "no such row" hangs on the table
        if (verb !== "insert") {
            const ids = certainRows(write, parameters, graph)
            if (ids === undefined) tags.add(keys.rows(table))
            else for (const id of ids) tags.add(keys.row(table, id))
        }
        addAll(linkTags(write, parameters, graph.links, keys))
        for (const reached of followers(write, graph)) wholeTable(reached)
        for (const behind of graph.tablesOfView(table)) {
            wholeTable(behind)
            // a view may call the columns otherwise
            for (const reached of followers({ ...write, table: behind, columns: undefined }, graph)) wholeTable(reached)
        }
    }
    if (unattributed) {
        for (const table of graph.tables()) wholeTable(table)
        tags.add(keys.unattributed())
    }
    return tags
}

function* followers({ table, verb, cascade, columns }: SqlWrite, graph: TableGraph): Generator<string> {
    const changesKeys = verb === "update" || verb === "upsert"
    if (changesKeys) yield* graph.changedByUpdateOf(table, columns)
    else if (verb !== "insert") {
        yield* graph.changedByDeleteOf(table)
        if (verb !== "delete") yield* graph.changedByUpdateOf(table, undefined)
        if (cascade) yield* graph.changedByTruncateOf(table)
    }
}

/** The ids of the only rows that the statement can touch, or `undefined` when that is not certain. */
function certainRows(
    { table, verb, columns, rows }: SqlWrite,
    parameters: readonly unknown[] | undefined,
    graph: TableGraph,
): readonly string[] | undefined {
    if (rows === undefined || rows.length > MAX_ROWS || (verb !== "update" && verb !== "delete")) return undefined
    const entities = graph.entitiesOf(table)
    // a table without an entity has no row entries
    if (entities.length === 0) return []
    const ids: string[] = []
    for (const entity of entities) {
        const keyColumns = entity.primaryColumns.map((column) => column.databaseName.toLowerCase())
        if (hasTwin(entity, keyColumns)) return undefined
        if (verb === "update" && (columns === undefined || columns.some((column) => keyColumns.includes(column))))
            return undefined
        for (const condition of rows) {
            const found = idsOf(entity, keyColumns, condition, parameters)
            if (found === undefined || ids.length + found.length > MAX_ROWS) return undefined
            ids.push(...found)
        }
    }
    return ids
}

/** Whether a column of the key and another one differ by case alone: an analysis does not tell them apart. */
function hasTwin(entity: EntityMetadata, keyColumns: readonly string[]): boolean {
    const found = entity.columns.filter((column) => keyColumns.includes(column.databaseName.toLowerCase()))
    return new Set(found.map((column) => column.databaseName)).size > keyColumns.length
}

function idsOf(
    entity: EntityMetadata,
    keyColumns: readonly string[],
    condition: SqlRowCondition,
    parameters: readonly unknown[] | undefined,
): readonly string[] | undefined {
    const operands = keyColumns.map((column) => condition.get(column))
    if (operands.length === 0 || operands.some((it) => it === undefined)) return undefined
    const count = Math.max(...operands.map((it) => it!.length))
    // several values in several columns would multiply
    if (count > 1 && keyColumns.length > 1) return undefined
    const ids: string[] = []
    for (let i = 0; i < count; i++) {
        const id = rowIdOfDatabaseValues(entity, (column) => {
            const operand = operands[keyColumns.indexOf(column)]?.[i]
            return operand === undefined ? undefined : operandValue(operand, parameters)
        })
        if (id === undefined) return undefined
        ids.push(id)
    }
    return ids
}
