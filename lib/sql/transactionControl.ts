import type { SqlTransaction } from "./SqlAnalysis"
import type { SqlStatement } from "./SqlStatement"

const MYSQL_COMMITS: ReadonlySet<string> = new Set([
    ...["ALTER", "RENAME", "TRUNCATE", "LOCK", "UNLOCK", "GRANT", "REVOKE", "CACHE", "CHECK", "FLUSH", "OPTIMIZE"],
    ...["REPAIR", "RESET", "INSTALL", "UNINSTALL", "BEGIN", "START", "STOP", "CHANGE"],
])
const ORACLE_COMMITS: ReadonlySet<string> = new Set([
    ...["CREATE", "DROP", "TRUNCATE", "RENAME", "GRANT", "REVOKE", "COMMENT", "ANALYZE", "AUDIT", "NOAUDIT", "PURGE"],
    ...["FLASHBACK", "ASSOCIATE", "DISASSOCIATE"],
])
const NEXT_STATEMENT: ReadonlySet<string> = new Set([
    ...["BEGIN", "COMMIT", "DECLARE", "DELETE", "ELSE", "END", "EXEC", "EXECUTE", "IF", "INSERT", "MERGE", "PRINT"],
    ...["RAISERROR", "RETURN", "SELECT", "SET", "THROW", "UPDATE", "WHILE", "WITH"],
])
const OFF: ReadonlySet<string> = new Set(["0", "off", "false"])

/**
 * What a statement does to the transaction, in order.
 *
 * @param inBody an earlier statement of the text opened a body of code, in which BEGIN and END are no transaction
 */
export function transactionControl(statement: SqlStatement, inBody: boolean): readonly SqlTransaction[] {
    if (statement.dialect !== "mssql") return controlAt(statement, inBody)
    // T-SQL puts statements behind each other without a mark; the words that control a transaction are reserved.
    return statement.tokens.flatMap((_, index) => controlOfSqlServer(statement, index))
}

function controlOfSqlServer(statement: SqlStatement, index: number): readonly SqlTransaction[] {
    const second = statement.keyword(index + 1)
    const named = second === "TRAN" || second === "TRANSACTION"
    switch (statement.keyword(index)) {
        case "BEGIN":
            return named || second === "DISTRIBUTED" ? ["begin"] : []
        case "COMMIT":
            return ["commit"]
        case "ROLLBACK": {
            // ROLLBACK TRANSACTION name goes back to a savepoint of that name, as TypeORM uses it.
            const token = statement.tokens[index + 2]
            const name = token?.kind === "variable" || statement.nameAt(index + 2) !== undefined
            return [named && name && !NEXT_STATEMENT.has(token?.keyword ?? "") ? "savepoint" : "rollback"]
        }
        case "SAVE":
            return named ? ["savepoint"] : []
        case "IMPLICIT_TRANSACTIONS":
            return statement.keyword(index - 1) === "SET" && second === "ON" ? ["begin"] : []
        default:
            return []
    }
}

function controlAt(statement: SqlStatement, inBody: boolean): readonly SqlTransaction[] {
    const { dialect } = statement
    const second = statement.keyword(1)
    switch (statement.keyword(0)) {
        case "BEGIN":
            if (inBody || dialect === "oracle" || second === "NOT" || second === "ATOMIC") return []
            return ["begin"]
        case "START":
            return second === "TRANSACTION" ? ["begin"] : []
        case "COMMIT":
            return second === "PREPARED" ? [] : chained(statement, "commit")
        case "END":
            return inBody || (dialect !== "postgres" && dialect !== "sqlite") ? [] : chained(statement, "commit")
        case "ABORT":
            return dialect === "postgres" ? chained(statement, "rollback") : []
        case "ROLLBACK":
            return second === "PREPARED" ? [] : rollback(statement)
        case "PREPARE":
            // The connection has left the transaction; COMMIT PREPARED writes what nobody can name.
            return second === "TRANSACTION" ? ["commit"] : []
        case "XA":
            return xa(second)
        case "SAVEPOINT":
        case "RELEASE":
        case "SAVE":
            return ["savepoint"]
        case "SET":
            return set(statement)
        default:
            return []
    }
}

function chained(statement: SqlStatement, end: SqlTransaction): readonly SqlTransaction[] {
    const chain = statement.find(1, statement.length, "CHAIN")
    return chain > 0 && statement.keyword(chain - 1) === "AND" ? [end, "begin"] : [end]
}

function rollback(statement: SqlStatement): readonly SqlTransaction[] {
    if (statement.find(1, statement.length, "TO") >= 0) return ["savepoint"]
    return chained(statement, "rollback")
}

function xa(second: string): readonly SqlTransaction[] {
    switch (second) {
        case "START":
        case "BEGIN":
            return ["begin"]
        case "COMMIT":
            return ["commit"]
        case "ROLLBACK":
            return ["rollback"]
        default:
            return []
    }
}

function set(statement: SqlStatement): readonly SqlTransaction[] {
    if (statement.dialect === "oracle") return statement.keyword(1) === "TRANSACTION" ? ["begin"] : []
    const on = statement.dialect === "mysql" ? autocommit(statement) : undefined
    if (on === undefined) return []
    return on ? ["commit"] : ["begin"]
}

/** What SET makes of MySQL's autocommit; `undefined` when it leaves it alone. */
function autocommit(statement: SqlStatement): boolean | undefined {
    let found: boolean | undefined
    for (let index = 1; index < statement.length; index++) {
        const text = statement.tokens[index]?.text.toLowerCase() ?? ""
        if (!/^(?:@@(?:session\.|local\.)?)?`?autocommit`?$/.test(text) || statement.keyword(index - 1) === "GLOBAL")
            continue
        const operator = statement.operator(index + 1)
        if (operator !== "=" && operator !== ":=") continue
        found = !OFF.has((statement.tokens[index + 2]?.text ?? "").toLowerCase())
    }
    return found
}

/** Whether a statement commits the open transaction although it does not say so. */
export function commitsImplicitly(statement: SqlStatement): boolean {
    const first = statement.keyword(0)
    const second = statement.keyword(1)
    if (statement.dialect === "oracle")
        return ORACLE_COMMITS.has(first) || (first === "ALTER" && second !== "SESSION" && second !== "SYSTEM")
    if (statement.dialect !== "mysql") return false
    switch (first) {
        case "CREATE":
            return statement.find(1, 4, "TEMPORARY") < 0
        case "DROP":
            return second !== "TEMPORARY"
        case "BEGIN":
            return second !== "NOT"
        case "ANALYZE":
            // MariaDB's ANALYZE runs the statement behind it.
            return ["TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"].includes(second)
        case "LOAD":
            return second === "INDEX"
        case "SET":
            return second === "PASSWORD" || autocommit(statement) === true
        default:
            return MYSQL_COMMITS.has(first)
    }
}

/** Whether a statement opens a body of code whose statements are not run now. */
export function opensBody(statement: SqlStatement): boolean {
    if (statement.keyword(0) !== "CREATE" && statement.keyword(0) !== "ALTER") return false
    return statement.tokens.some(({ keyword }) => keyword === "BEGIN")
}
