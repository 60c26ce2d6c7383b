import type { SqlNow, SqlOperand } from "./SqlAnalysis"
import { assignableAt } from "./operandAt"
import { isRowId } from "./rowId"
import type { SqlStatement } from "./SqlStatement"

/** What a list of assignments says. */
export interface Assignments {
    readonly columns: readonly string[]
    /** Of the columns that are set to an operand, once. */
    readonly operands: ReadonlyMap<string, SqlOperand | SqlNow>
}

const NOW: SqlNow = Object.freeze({ now: true })

const ENDS: readonly string[] = ["WHERE", "FROM", "RETURNING", "ORDER", "LIMIT", "OUTPUT", "OPTION", "AS"]

/**
 * The columns of a list of assignments and what they are set to, or `undefined` when one of them is not understood.
 * Behind the end of the list it may name too many, never too few.
 *
 * @param from index of the first assignment
 */
export function assignments(statement: SqlStatement, from: number, to: number): Assignments | undefined {
    const columns = new Set<string>()
    const operands = new Map<string, SqlOperand | SqlNow>()
    let index = from
    while (index < to) {
        const names = columnsAt(statement, index)
        if (names === undefined) return undefined
        const operand = assignedOperand(statement, index, to)
        for (const name of names) {
            // Of two assignments to one column the last one counts, or the server tells their names apart by case.
            if (columns.has(name)) operands.delete(name)
            else if (operand !== undefined) operands.set(name, operand)
            columns.add(name)
        }
        do index = statement.skip(index)
        while (index < to && statement.operator(index) !== "," && !isEnd(statement, index))
        if (statement.operator(index) !== ",") break
        index++
    }
    return columns.size === 0 ? undefined : { columns: [...columns], operands }
}

/** The operand of `column = operand`, when nothing goes on behind it. */
function assignedOperand(statement: SqlStatement, index: number, to: number): SqlOperand | SqlNow | undefined {
    const at = statement.nameAt(index)?.next
    if (at === undefined || statement.operator(at) !== "=") return undefined
    const found = momentAt(statement, at + 1) ?? assignableAt(statement, at + 1)
    if (found === undefined || found.next > to) return undefined
    const ends = found.next === to || statement.operator(found.next) === "," || isEnd(statement, found.next)
    return ends ? found.operand : undefined
}

/** `CURRENT_TIMESTAMP`, with a precision or without. */
function momentAt(statement: SqlStatement, index: number): { operand: SqlNow; next: number } | undefined {
    if (statement.keyword(index) !== "CURRENT_TIMESTAMP") return undefined
    const hasPrecision = statement.operator(index + 1) === "("
    return { operand: NOW, next: hasPrecision ? statement.closeOf(index + 1) + 1 : index + 1 }
}

function columnsAt(statement: SqlStatement, index: number): readonly string[] | undefined {
    if (statement.operator(index) === "(") {
        const found: string[] = []
        const close = statement.closeOf(index)
        for (let at = index + 1; at < close; at++) {
            const name = statement.nameAt(at)
            if (name === undefined || name.parts.length > 1 || isRowId(name.name, statement.dialect)) return undefined
            found.push(name.name)
            at = name.next
            if (at < close && statement.operator(at) !== ",") return undefined
        }
        return found
    }
    const name = statement.nameAt(index)
    // Elsewhere a dot leads from the table to the column, on PostgreSQL from the column to a field of it.
    if (name === undefined || (statement.dialect === "postgres" && name.parts.length > 1)) return undefined
    return isRowId(name.name, statement.dialect) ? undefined : [name.name]
}

/** Behind an operator, or behind DISTINCT, the word belongs to the expression. */
function isEnd(statement: SqlStatement, index: number): boolean {
    if (!ENDS.includes(statement.keyword(index)) || statement.keyword(index - 1) === "DISTINCT") return false
    const before = statement.operator(index - 1)
    return before === "" || before === ")" || before === "]" || before === "*"
}
