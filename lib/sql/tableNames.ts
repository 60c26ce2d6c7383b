import type { SqlDialect } from "./SqlDialect"
import type { SqlStatement } from "./SqlStatement"
import type { SqlToken } from "./tokenizeSql"

// Behind these stands a table, a list of tables, or a group of them. The targets of writes are found elsewhere.
const OPENERS: ReadonlySet<string> = new Set([
    ...["FROM", "JOIN", "STRAIGHT_JOIN", "APPLY", "TABLE", "TABLES", "USING", "REFERENCES", "COPY"],
])
// A function behind these stands in the place of a table.
const READERS: ReadonlySet<string> = new Set(["FROM", "JOIN", "STRAIGHT_JOIN", "APPLY"])
// Reserved in every dialect, so that they do end a list of tables.
const CLOSERS: ReadonlySet<string> = new Set(["WHERE", "GROUP", "ORDER", "HAVING", "UNION", "SELECT", "SET"])

// What may stand in parentheses behind a table without WITH.
const HINTS =
    /^(?:nolock|holdlock|updlock|xlock|readpast|readuncommitted|readcommitted|repeatableread|serializable|snapshot|rowlock|paglock|tablockx?|nowait|noexpand|keepidentity|index|forceseek|forcescan|fastfirstrow)$/i

/**
 * The names in table position in a range: behind FROM, JOIN and the like, and behind the commas of such a list, at any
 * depth. Too many rather than too few: functions and common table expressions are named too.
 *
 * @param listed the range itself is a list of tables
 * @param onFunction told of each function that is read like a table
 */
export function tableNames(
    statement: SqlStatement,
    from: number,
    to: number,
    listed = false,
    onFunction?: (name: string) => void,
): Set<string> {
    const found = new Set<string>()
    const outer: { list: boolean; reads: boolean; query: boolean }[] = []
    let list = listed
    let expecting = listed
    // whether the list is one of tables that are read
    let reads = false
    // whether the group is a query: in others, FROM belongs to a function such as EXTRACT(YEAR FROM x)
    let query = true
    for (let index = from; index < to;) {
        const { kind, text, keyword } = statement.tokens[index] as SqlToken
        const operator = kind === "operator" ? text : ""
        if (operator === "(") {
            outer.push({ list, reads, query })
            list = expecting
            query = false
        } else if (operator === ")") {
            ;({ list, reads, query } = outer.pop() ?? { list: listed, reads: false, query: true })
            expecting = false
        } else if (operator === ",") {
            expecting = list
        } else if (operator === "{" && statement.keyword(index + 1) === "OJ") {
            index++
        } else if (keyword !== "" && OPENERS.has(keyword)) {
            list = true
            reads = keyword === "TABLE" ? statement.operator(index + 1) === "(" : READERS.has(keyword)
            if (keyword === "FROM" && (!query || statement.keyword(index - 1) === "DISTINCT")) reads = false
            expecting = !(keyword === "USING" && listsColumns(statement, index + 1, from, to))
        } else if (keyword === "IN" && statement.dialect === "sqlite") {
            // without parentheses a table stands there
            expecting = reads = true
            list = false
        } else if (keyword !== "" && CLOSERS.has(keyword) && statement.keyword(index - 1) !== "FOR") {
            // FORCE INDEX FOR ORDER BY (i) closes nothing
            if (keyword === "SELECT") query = true
            list = false
            expecting = false
        } else if (expecting && !isPrefix(keyword, statement.dialect)) {
            const name = statement.nameAt(index)
            expecting = false
            if (name !== undefined) {
                found.add(name.name)
                if (reads && isCall(statement, name.next)) onFunction?.(name.name)
                index = name.next
                continue
            }
        }
        index++
    }
    return found
}

/** Whether arguments stand at an index, and not the hints of SQL Server. */
function isCall(statement: SqlStatement, index: number): boolean {
    if (statement.operator(index) !== "(") return false
    return !(statement.dialect === "mssql" && HINTS.test(statement.tokens[index + 1]?.value ?? ""))
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
