import type { SqlWrite } from "./SqlAnalysis"
import { rowConditions } from "./rowConditions"
import type { SqlName, SqlStatement } from "./SqlStatement"
import { tableNames } from "./tableNames"
import { LOCKING, STATEMENTS } from "./verbWord"

/** Everything that a list of tables with joins may change. */
export function listed(
    statement: SqlStatement,
    from: number,
    to: number,
    end: number,
    name: SqlName | undefined,
): Set<string> {
    const found = tableNames(statement, from, to, true)
    const { dialect } = statement
    // Elsewhere a name in the list may be an alias of a table that stands further on.
    if (dialect !== "postgres" && dialect !== "sqlite")
        for (const each of tableNames(statement, from, end)) found.add(each)
    if (name !== undefined) found.add(name.name)
    return found
}

/** On SQL Server the target may be an alias or a common table expression that stands for another table. */
export function mayRedirect(statement: SqlStatement, index: number): boolean {
    const { dialect, tokens } = statement
    return dialect === "mssql" && tokens.slice(0, index).some(({ keyword }) => keyword === "WITH")
}

/** The index behind the alias of a table, if it has one. */
export function pastAlias(statement: SqlStatement, index: number, end: number): number {
    let at = statement.operator(index) === "*" ? index + 1 : index
    if (at < end && statement.keyword(at) === "AS") at++
    const token = statement.tokens[at]
    if (at < end && (token?.kind === "word" || token?.kind === "name" || token?.kind === "either")) at++
    return at
}

/** Whether an UPDATE has a list of tables behind SET; the FROM of IS DISTINCT FROM is none. */
export function fromClause(statement: SqlStatement, from: number, to: number): boolean {
    for (let index = from; index < to; index = statement.skip(index))
        if (statement.keyword(index) === "FROM" && statement.keyword(index - 1) !== "DISTINCT") return true
    return false
}

/** The rows that the WHERE behind an index lets through. */
export function rowsBehind(statement: SqlStatement, from: number, end: number): SqlWrite["rows"] {
    const where = statement.find(from, end, "WHERE")
    // T-SQL: another statement in between has the WHERE.
    if (where < 0 || statement.find(from + 1, where, ...STATEMENTS) >= 0) return undefined
    return rowConditions(statement, where + 1, end)
}

/** Behind FOR UPDATE: the rest of a locking read. */
export function isLock(statement: SqlStatement, index: number): boolean {
    const token = statement.tokens[index]
    if (token === undefined || token.kind === "operator") return true
    return LOCKING.has(token.keyword) && !isNamed(statement, index)
}

/** Whether a table stands here as the target of UPDATE or DELETE. */
export function isNamed(statement: SqlStatement, index: number): boolean {
    const next = statement.nameAt(index)?.next
    return next !== undefined && ["SET", "WHERE", "FROM", "AS"].includes(statement.keyword(next))
}

/** The index behind any of these words; TOP takes its group along. */
export function pass(statement: SqlStatement, index: number, ...words: readonly string[]): number {
    let at = index
    while (words.includes(statement.keyword(at))) {
        at++
        if (statement.keyword(at - 1) === "TOP" && statement.operator(at) === "(") at = statement.skip(at)
    }
    return at
}
