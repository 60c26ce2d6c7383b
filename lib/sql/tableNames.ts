import type { SqlDialect } from "./SqlDialect"
import type { SqlStatement } from "./SqlStatement"
import type { SqlToken } from "./tokenizeSql"

// Behind these stands a table, a list of tables, or a group of them. The targets of writes are found elsewhere.
const OPENERS: ReadonlySet<string> = new Set([
    ...["FROM", "JOIN", "STRAIGHT_JOIN", "APPLY", "TABLE", "TABLES", "USING", "REFERENCES"],
])
// Reserved in every dialect, so that they do end a list of tables.
const CLOSERS: ReadonlySet<string> = new Set(["WHERE", "GROUP", "ORDER", "HAVING", "UNION", "SELECT", "SET"])

/**
 * The names in table position in a range: behind FROM, JOIN and the like, and behind the commas of such a list, at any
 * depth. Too many rather than too few: functions and common table expressions are named too.
 *
 * @param listed the range itself is a list of tables
 */
export function tableNames(statement: SqlStatement, from: number, to: number, listed = false): Set<string> {
    const found = new Set<string>()
    const outer: boolean[] = []
    let list = listed
    let expecting = listed
    for (let index = from; index < to;) {
        const { kind, text, keyword } = statement.tokens[index] as SqlToken
        const operator = kind === "operator" ? text : ""
        if (operator === "(") {
            outer.push(list)
            list = expecting
        } else if (operator === ")") {
            list = outer.pop() ?? listed
            expecting = false
        } else if (operator === ",") {
            expecting = list
        } else if (operator === "{" && statement.keyword(index + 1) === "OJ") {
            index++
        } else if (keyword !== "" && OPENERS.has(keyword)) {
            list = true
            expecting = !(keyword === "USING" && listsColumns(statement, index + 1, from, to))
        } else if (keyword !== "" && CLOSERS.has(keyword)) {
            list = false
            expecting = false
        } else if (expecting && !isPrefix(keyword, statement.dialect)) {
            const name = statement.nameAt(index)
            expecting = false
            if (name !== undefined) {
                found.add(name.name)
                index = name.next
                continue
            }
        }
        index++
    }
    return found
}

// Only where the word is reserved: elsewhere it may be the name of the table itself.
function isPrefix(keyword: string, dialect: SqlDialect): boolean {
    switch (keyword) {
        case "LATERAL":
            return dialect !== "sqlite"
        case "ONLY":
            return dialect === "postgres" || dialect === "oracle"
        case "IGNORE":
        case "LOW_PRIORITY":
            return dialect === "mysql"
        default:
            return false
    }
}

/** Every identifier of a range, and the content of every string that could be one. */
export function identifiers(statement: SqlStatement, from: number, to: number): Set<string> {
    const found = new Set<string>()
    for (const token of statement.tokens.slice(from, to))
        if (token.kind === "word" || token.kind === "name") found.add(token.value)
        else if (token.kind === "either" || token.kind === "text")
            for (const word of wordsOf(token.value)) found.add(word)
    return found
}

/** Every word of a text, lower case, quotes and comments regardless. */
export function wordsOf(text: string): Set<string> {
    return new Set(text.toLowerCase().match(/[\p{L}_#][\p{L}\p{M}\p{N}_$#@]*/gu) ?? [])
}

/** Whether the USING in front of an index is that of a join; in DELETE and MERGE a group of tables may stand there. */
function listsColumns(statement: SqlStatement, index: number, from: number, to: number): boolean {
    if (statement.operator(index) !== "(") return false
    for (let at = from; at < to; at++) if (["DELETE", "MERGE"].includes(statement.keyword(at))) return false
    return true
}
