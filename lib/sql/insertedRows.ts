import type { SqlDefault, SqlOperand, SqlWrite } from "./SqlAnalysis"
import { assignableAt } from "./operandAt"
import { isRowId } from "./rowId"
import type { SqlStatement } from "./SqlStatement"
import { STATEMENTS } from "./verbWord"

/** What the search for the rows of an INSERT found. */
export interface InsertedRows {
    readonly rows: SqlWrite["inserted"]
    /** The index to go on with: what stands in front of it are names and operands alone, which write nothing. */
    readonly next: number
}

/** More rows than this are not read. */
const MOST_ROWS = 2000
const DEFAULT: SqlDefault = Object.freeze({ default: true })
// Behind anything else the rows may go on: VALUES (1) UNION SELECT 2 inserts two.
const FOLLOWING: ReadonlySet<string> = new Set(["RETURNING", "RETURN", "ON", "AS", "OPTION"])

/**
 * What an INSERT gives to each of the columns that it lists, row by row.
 *
 * @param from index behind the name of the table
 * @param to where the statement ends
 */
export function insertedRows(statement: SqlStatement, from: number, to: number): InsertedRows {
    const open = statement.keyword(from) === "AS" ? (statement.nameAt(from + 1)?.next ?? to) : from
    const columns = listedColumns(statement, open, to)
    if (columns === undefined) return { rows: undefined, next: from }
    const behind = statement.skip(open)
    let at = behindValues(statement, behind, to)
    if (at === undefined) return { rows: undefined, next: from }

    const rows: ReadonlyMap<string, SqlOperand | SqlDefault>[] = []
    // OUTPUT … INTO names another table.
    let plain = statement.keyword(behind) !== "OUTPUT"
    let next = plain ? at : from
    for (; ; at++) {
        // Where no parenthesis opens none closes.
        const close = statement.closeOf(at)
        if (close >= to || rows.length === MOST_ROWS) return { rows: undefined, next }
        const row = new Map<string, SqlOperand | SqlDefault>()
        const given = readRow(statement, at, close, columns, row)
        if (Math.abs(given) !== columns.length) return { rows: undefined, next }
        rows.push(row)
        at = close + 1
        plain &&= given > 0
        if (plain) next = at
        if (at >= to || statement.operator(at) !== ",") break
    }
    return { rows: at >= to || FOLLOWING.has(statement.keyword(at)) ? rows : undefined, next }
}

/** The columns of the list; `undefined` in the place of one whose name is there twice, in whatever case. */
function listedColumns(statement: SqlStatement, open: number, to: number): (string | undefined)[] | undefined {
    if (statement.operator(open) !== "(") return undefined
    const close = statement.closeOf(open)
    const found: (string | undefined)[] = []
    for (let index = open + 1; index < to; index++) {
        const name = statement.nameAt(index)
        // On PostgreSQL a dot leads to a field of the column.
        if (name === undefined || (name.parts.length > 1 && statement.dialect !== "mysql")) return undefined
        if (isRowId(name.name, statement.dialect)) return undefined
        found.push(name.name)
        index = name.next
        if (index === close) return new Set(found).size === found.length ? found : withoutDoubles(found)
        if (statement.operator(index) !== ",") return undefined
    }
    return undefined
}

function withoutDoubles(names: readonly (string | undefined)[]): (string | undefined)[] {
    return names.map((name) => (names.indexOf(name) === names.lastIndexOf(name) ? name : undefined))
}

/** The index behind VALUES. */
function behindValues(statement: SqlStatement, index: number, to: number): number | undefined {
    switch (statement.keyword(index)) {
        case "VALUES":
            return index + 1
        case "VALUE":
            return statement.dialect === "mysql" ? index + 1 : undefined
        case "OVERRIDING":
            // OVERRIDING USER VALUE throws the values of identity columns away.
            if (statement.keyword(index + 1) !== "SYSTEM" || statement.keyword(index + 3) !== "VALUES") return undefined
            return index + 4
        case "OUTPUT": {
            const at = statement.find(index, to, "VALUES", ...STATEMENTS)
            return statement.keyword(at) === "VALUES" ? at + 1 : undefined
        }
        default:
            return undefined
    }
}

/** Reads one row and answers the number of its values, negative when one of them is an expression. */
function readRow(
    statement: SqlStatement,
    open: number,
    close: number,
    columns: readonly (string | undefined)[],
    row: Map<string, SqlOperand | SqlDefault>,
): number {
    let plain = true
    let count = 0
    for (let index = open + 1; index < close; index++) {
        const column = columns[count++]
        const found = valueAt(statement, index)
        if (found !== undefined && (found.next === close || statement.operator(found.next) === ",")) {
            if (column !== undefined) row.set(column, found.operand)
            index = found.next
        } else {
            plain = false
            while (index < close && statement.operator(index) !== ",") index = statement.skip(index)
        }
    }
    return plain ? count : -count
}

function valueAt(
    statement: SqlStatement,
    index: number,
): { operand: SqlOperand | SqlDefault; next: number } | undefined {
    if (statement.keyword(index) === "DEFAULT") return { operand: DEFAULT, next: index + 1 }
    return assignableAt(statement, index)
}
