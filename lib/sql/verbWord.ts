// Words that decide what a statement is and where its parts begin.

// Statements that change no rows by themselves, or that the search below finds by their verb.
export const KNOWN: ReadonlySet<string> = new Set([
    ...["SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "TRUNCATE"],
    ...["COPY", "LOAD", "CREATE", "ALTER", "DROP", "RENAME", "REFRESH", "EXPLAIN", "DESCRIBE", "DESC", "SHOW", "SET"],
    ...["RESET", "USE", "PRAGMA", "VACUUM", "ANALYZE", "ANALYSE", "REINDEX", "CLUSTER", "CHECKPOINT", "LISTEN"],
    ...["UNLISTEN", "NOTIFY", "LOCK", "UNLOCK", "DECLARE", "FETCH", "MOVE", "OPEN", "CLOSE", "DEALLOCATE", "DISCARD"],
    ...["GRANT", "REVOKE", "DENY", "COMMENT", "SECURITY", "REASSIGN", "FLUSH", "OPTIMIZE", "REPAIR", "CHECK"],
    ...["CHECKSUM", "KILL", "HELP", "HANDLER", "CACHE", "ATTACH", "DETACH", "INSTALL", "UNINSTALL", "START", "STOP"],
    ...["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SAVE", "END", "ABORT", "PREPARE", "XA"],
    ...["IF", "ELSE", "WHILE", "PRINT", "RETURN", "WAITFOR", "RAISERROR", "THROW", "BULK"],
])
export const DYNAMIC: ReadonlySet<string> = new Set(["CALL", "EXEC", "EXECUTE", "DO", "PREPARE"])
export const PROCEDURAL: ReadonlySet<string> = new Set([
    "IF",
    "ELSE",
    "WHILE",
    "RETURN",
    "OPEN",
    "BULK",
    "PRINT",
    "THROW",
])
// Their verbs are names of rights.
export const RIGHTS: ReadonlySet<string> = new Set(["GRANT", "REVOKE", "DENY", "COMMENT"])
// Behind these (or an operator) a verb is a column or a table of that name, an action, or part of another clause.
export const NOT_BEFORE: ReadonlySet<string> = new Set([
    ...["SELECT", "DISTINCT", "WHERE", "AND", "OR", "NOT", "BY", "ON", "HAVING", "LIKE", "FROM", "JOIN", "SET", "OF"],
    ...["BEFORE", "AFTER", "CASE", "WHEN", "BETWEEN", "IS"],
])
// Behind FOR UPDATE of a locking read.
export const LOCKING: ReadonlySet<string> = new Set([
    ...["OF", "NOWAIT", "SKIP", "WAIT", "LIMIT", "OFFSET", "FETCH", "FOR", "INTO", "UNION", "LOCK"],
])

export const STATEMENTS: readonly string[] = [
    ...["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CREATE", "ALTER", "DROP", "EXEC", "EXECUTE"],
    ...["DECLARE", "SET", "IF", "WHILE", "BEGIN", "TRUNCATE"],
]
