import type { SqlStatement } from "./SqlStatement"

const ENDS: readonly string[] = ["WHERE", "FROM", "RETURNING", "ORDER", "LIMIT", "OUTPUT", "OPTION", "AS"]

/**
 * The columns of a list of assignments, or `undefined` when one of them is not understood. Behind the end of the list
 * it may name too many, never too few.
 *
 * @param from index of the first assignment
 */
export function assignedColumns(statement: SqlStatement, from: number, to: number): string[] | undefined {
    const found = new Set<string>()
    let index = from
    while (index < to) {
        const names = columnsAt(statement, index)
        if (names === undefined) return undefined
        for (const name of names) found.add(name)
        do index = statement.skip(index)
        while (index < to && statement.operator(index) !== "," && !isEnd(statement, index))
        if (statement.operator(index) !== ",") break
        index++
    }
    return found.size === 0 ? undefined : [...found]
}

function columnsAt(statement: SqlStatement, index: number): readonly string[] | undefined {
    if (statement.operator(index) === "(") {
        const found: string[] = []
        const close = statement.closeOf(index)
        for (let at = index + 1; at < close; at++) {
            const name = statement.nameAt(at)
            if (name === undefined || name.parts.length > 1) return undefined
            found.push(name.name)
            at = name.next
            if (at < close && statement.operator(at) !== ",") return undefined
        }
        return found
    }
    const name = statement.nameAt(index)
    // Elsewhere a dot leads from the table to the column, on PostgreSQL from the column to a field of it.
    if (name === undefined || (statement.dialect === "postgres" && name.parts.length > 1)) return undefined
    return [name.name]
}

/** Behind an operator, or behind DISTINCT, the word belongs to the expression. */
function isEnd(statement: SqlStatement, index: number): boolean {
    if (!ENDS.includes(statement.keyword(index)) || statement.keyword(index - 1) === "DISTINCT") return false
    const before = statement.operator(index - 1)
    return before === "" || before === ")" || before === "]" || before === "*"
}
