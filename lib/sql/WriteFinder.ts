import type { SqlVerb, SqlWrite } from "./SqlAnalysis"
import { assignments } from "./assignments"
import { findDefinition } from "./findDefinition"
import { insertedRows } from "./insertedRows"
import { listed, mayRedirect, pastAlias, fromClause, rowsBehind, isLock, isNamed, pass } from "./statementPart"
import type { SqlName, SqlStatement } from "./SqlStatement"
import { identifiers, tableNames } from "./tableNames"
import { KNOWN, DYNAMIC, PROCEDURAL, RIGHTS, NOT_BEFORE } from "./verbWord"

/** What the search in one statement found. */
export interface FoundWrites {
    readonly writes: readonly SqlWrite[]
    readonly unattributed: boolean
    /** It runs something that may read any table. */
    readonly readsUnknown: boolean
}

/**
 * Looks for the writes of one statement: every verb at any depth, so that data-modifying common table expressions,
 * EXPLAIN ANALYZE and T-SQL's statements without semicolons are found the same way.
 */
export class WriteFinder {
    readonly #statement: SqlStatement
    readonly #first: string
    readonly #writes: SqlWrite[] = []
    #unattributed = false
    #readsUnknown = false

    constructor(statement: SqlStatement) {
        this.#statement = statement
        this.#first = statement.keyword(statement.first())
    }

    find(): FoundWrites {
        const { dialect, hasPlaceholder, length } = this.#statement
        if (this.#isRead()) return { writes: [], unattributed: false, readsUnknown: hasPlaceholder }
        if (this.#isOpaque()) this.#unknown()
        else if (!RIGHTS.has(this.#first) || dialect === "mssql") {
            const start = this.#statement.first()
            for (let index = start; index < length;) index = this.#step(index, index === start)
        }
        if (hasPlaceholder) {
            this.#readsUnknown = true
            if (this.#first !== "SELECT" && this.#first !== "SHOW") this.#unattributed = true
        }
        return { writes: this.#writes, unattributed: this.#unattributed, readsUnknown: this.#readsUnknown }
    }

    /** EXPLAIN without ANALYZE runs nothing. */
    #isRead(): boolean {
        if (this.#statement.dialect === "mssql" || !["EXPLAIN", "DESCRIBE", "DESC"].includes(this.#first)) return false
        return !this.#statement.tokens.some(({ keyword }) => keyword === "ANALYZE" || keyword === "ANALYSE")
    }

    #isOpaque(): boolean {
        const { dialect } = this.#statement
        const second = this.#statement.keyword(this.#statement.first() + 1)
        if (this.#statement.length === 0) return false
        switch (this.#first) {
            case "PREPARE":
                return second !== "TRANSACTION"
            case "COMMIT":
                return second === "PREPARED"
            case "XA":
                return second === "COMMIT"
            case "BEGIN":
                return dialect === "oracle" || (second === "NOT" && dialect === "mysql")
            case "DECLARE":
                return dialect === "oracle"
            default:
                if (PROCEDURAL.has(this.#first)) return dialect !== "mssql"
                return DYNAMIC.has(this.#first) || !KNOWN.has(this.#first)
        }
    }

    #unknown(): void {
        this.#unattributed = true
        this.#readsUnknown = true
        for (const name of identifiers(this.#statement, 0, this.#statement.length)) this.#add(name, "unknown")
    }

    /** Looks at one token and answers the index to go on with. */
    #step(index: number, start: boolean): number {
        const statement = this.#statement
        const keyword = statement.keyword(index)
        const mssql = statement.dialect === "mssql"
        if (keyword === "" || (!start && keyword !== "INTO" && !this.#mayBegin(index))) return index + 1
        switch (keyword) {
            case "INSERT":
            case "UPSERT":
            case "REPLACE":
                return this.#insert(index, keyword, start)
            case "UPDATE":
                return this.#update(index)
            case "DELETE":
                return this.#delete(index)
            case "MERGE":
                return start || mssql || statement.keyword(index + 1) === "INTO" ? this.#merge(index) : index + 1
            case "INTO":
                return this.#into(index)
            case "TRUNCATE":
                return start || mssql ? this.#truncate(index) : index + 1
            case "COPY":
                return start ? this.#copy(index) : index + 1
            case "REFRESH":
                if (start)
                    this.#target(statement.nameAt(pass(statement, index + 1, "MATERIALIZED", "VIEW", "CONCURRENTLY")))
                return index + 1
            case "CREATE":
            case "ALTER":
            case "DROP":
            case "RENAME":
                return start || (mssql && keyword !== "RENAME") ? this.#define(index) : index + 1
            case "CALL":
            case "EXEC":
            case "EXECUTE":
                if (this.#runs(index)) this.#unknown()
                return index + 1
            case "WRITETEXT":
            case "UPDATETEXT":
                if (mssql) this.#unattributed = true
                return index + 1
            default:
                return index + 1
        }
    }

    #mayBegin(index: number): boolean {
        const before = this.#statement.tokens[index - 1]
        if (before === undefined) return true
        if (this.#statement.dialect === "mssql")
            // Its verbs are reserved words, and statements follow each other without a mark: SET NOCOUNT ON DELETE …
            return before.keyword !== "ON" || !["CASCADE", "NO", "SET"].includes(this.#statement.keyword(index + 1))
        if (before.kind === "operator") return before.text === ")" || before.text === "(" || before.text === "}"
        return !NOT_BEFORE.has(before.keyword)
    }

    #runs(index: number): boolean {
        const { dialect } = this.#statement
        if (dialect !== "postgres" && dialect !== "sqlite") return true
        const before = this.#statement.tokens[index - 1]
        return before?.text === ")" || ["AS", "ANALYZE", "ANALYSE", "VERBOSE"].includes(before?.keyword ?? "")
    }

    #insert(index: number, keyword: "INSERT" | "UPSERT" | "REPLACE", start: boolean): number {
        const statement = this.#statement
        if (statement.operator(index + 1) === "(") return index + 1
        // The INSERT of MERGE names no table.
        if (
            statement.keyword(index - 1) === "THEN" &&
            ["VALUES", "DEFAULT", "ROW"].includes(statement.keyword(index + 1))
        )
            return index + 2
        let verb: SqlVerb = keyword === "INSERT" ? "insert" : keyword === "UPSERT" ? "upsert" : "replace"
        let at = index + 1
        if (statement.keyword(at) === "OR") {
            if (statement.keyword(at + 1) === "REPLACE") verb = "replace"
            at += 2
        }
        at = pass(statement, at, "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "TOP", "PERCENT")
        // INSERT ALL INTO a … INTO b …: each INTO is found on its own.
        if (["ALL", "FIRST"].includes(statement.keyword(at)) && statement.keyword(at + 1) !== "VALUES") return at + 1
        if (statement.keyword(at) === "INTO") at = pass(statement, at + 1, "TABLE", "ONLY")
        const end = statement.endOf(index)
        if (statement.operator(at) === "(") return this.#targets(tableNames(statement, at, end, true), verb, at)
        const name = statement.nameAt(at)
        if (name === undefined) {
            // Elsewhere REPLACE is a word of other clauses too (ON CONFLICT REPLACE).
            if (keyword === "INSERT" || start) this.#missing(at)
            return at
        }
        const { rows: inserted, next } = insertedRows(statement, name.next, end)
        const columns = this.#onConflict(next, end)
        if (columns !== undefined && verb === "insert") verb = "upsert"
        if (verb === "insert" && mayRedirect(statement, index))
            return this.#targets(this.#allTables(), verb, name.next, name)
        this.#add(name.name, verb, columns === undefined ? { inserted } : { columns, inserted })
        return next
    }

    /** The columns that an insert assigns to rows that exist; `undefined` when it leaves them alone. */
    #onConflict(from: number, to: number): { names: readonly string[] | undefined } | undefined {
        const statement = this.#statement
        for (let index = from; index < to; index = statement.skip(index)) {
            const duplicate = statement.keyword(index) === "DUPLICATE" && statement.keyword(index + 1) === "KEY"
            if (duplicate && statement.keyword(index + 2) === "UPDATE")
                return { names: assignments(statement, index + 3, to)?.columns }
            if (statement.keyword(index) === "DO" && statement.keyword(index + 1) === "UPDATE") {
                const at = statement.keyword(index + 2) === "SET" ? index + 3 : to
                return { names: assignments(statement, at, to)?.columns }
            }
        }
        return undefined
    }

    #update(index: number): number {
        const statement = this.#statement
        const { dialect } = statement
        const before = statement.keyword(index - 1)
        const after = statement.keyword(index + 1)
        if (before === "KEY" && ["DUPLICATE", "NO"].includes(statement.keyword(index - 2))) return index + 1
        if (before === "FOR" && this.#first !== "SET" && isLock(statement, index + 1)) return index + 1
        // ON CONFLICT DO UPDATE SET, and the UPDATE of MERGE.
        if ((before === "DO" || before === "THEN") && after === "SET") return index + 1
        const end = statement.endOf(index)
        let at = index + 1
        // The rows that are in its way go, whichever they are.
        const replaces = statement.keyword(at) === "OR" && statement.keyword(at + 1) === "REPLACE"
        if (statement.keyword(at) === "OR") at += 2
        if (dialect === "mysql" || dialect === "other") at = pass(statement, at, "LOW_PRIORITY", "IGNORE")
        if (dialect === "mssql") at = pass(statement, at, "TOP", "PERCENT")
        if (dialect === "postgres") at = pass(statement, at, "ONLY")
        const set = statement.find(at, end, "SET")
        const name = statement.nameAt(at)
        if (set < 0) {
            if (name === undefined) this.#missing(at)
            else this.#targets(tableNames(statement, index, end), "update", at, name)
            return name?.next ?? at
        }
        const found = assignments(statement, set + 1, end)
        const columns = { names: found?.columns }
        if (name === undefined || pastAlias(statement, name.next, set) !== set)
            return this.#targets(listed(statement, at, set, end, name), "update", set, undefined, columns)
        const from = fromClause(statement, set, end)
        if ((from && dialect !== "postgres" && dialect !== "sqlite") || mayRedirect(statement, index))
            return this.#targets(this.#allTables(), "update", set, name, columns)
        const rows = from || replaces ? undefined : rowsBehind(statement, set, end)
        this.#add(name.name, replaces ? "replace" : "update", { columns, rows, assigned: found?.operands })
        return set
    }

    #delete(index: number): number {
        const statement = this.#statement
        const { dialect } = statement
        if (statement.keyword(index - 1) === "THEN" && !isNamed(statement, index + 1)) return index + 1
        const end = statement.endOf(index)
        let at = index + 1
        if (dialect === "mysql" || dialect === "other") at = pass(statement, at, "LOW_PRIORITY", "QUICK", "IGNORE")
        if (dialect === "mssql" || dialect === "other") at = pass(statement, at, "TOP", "PERCENT")
        const from = statement.keyword(at) === "FROM"
        if (from) at++
        if (dialect === "postgres") at = pass(statement, at, "ONLY")
        const name = statement.nameAt(at)
        if (name === undefined) {
            if (statement.operator(at) === "(") return this.#targets(tableNames(statement, at, end, true), "delete", at)
            // PostgreSQL lets a column be called delete.
            this.#missing(at)
            return at
        }
        const where = statement.find(name.next, end, "WHERE", "RETURNING", "ORDER", "LIMIT", "OUTPUT", "OPTION")
        const clause = where < 0 ? end : where
        const simple = pastAlias(statement, name.next, clause) === clause && (from || dialect !== "mysql")
        if (simple && !mayRedirect(statement, index) && !(dialect === "mssql" && fromClause(statement, clause, end))) {
            this.#add(name.name, "delete", { rows: rowsBehind(statement, clause, end) })
            return clause
        }
        const using = dialect === "postgres" && statement.find(name.next, clause, "USING") >= 0
        if (mayRedirect(statement, index)) this.#targets(this.#allTables(), "delete", clause, name)
        else if (using) this.#add(name.name, "delete")
        else this.#targets(listed(statement, at, clause, end, name), "delete", clause, name)
        return Math.max(name.next, at)
    }

    #merge(index: number): number {
        const statement = this.#statement
        if (["JOIN", "UNION"].includes(statement.keyword(index + 1))) return index + 1
        const at = pass(statement, index + 1, "TOP", "PERCENT", "INTO", "ONLY")
        const name = statement.nameAt(at)
        if (name === undefined) return this.#missing(at)
        if (mayRedirect(statement, index)) return this.#targets(this.#allTables(), "merge", name.next, name)
        this.#add(name.name, "merge")
        return name.next
    }

    /** SELECT … INTO t, OUTPUT … INTO t, LOAD DATA INTO TABLE t, INSERT ALL INTO t. */
    #into(index: number): number {
        const statement = this.#statement
        const at = pass(statement, index + 1, "TEMPORARY", "TEMP", "UNLOGGED", "LOCAL", "GLOBAL", "TABLE")
        if (["OUTFILE", "DUMPFILE"].includes(statement.keyword(at))) return at + 1
        const name = statement.nameAt(at)
        if (name === undefined) return at
        const creates = this.#first === "SELECT" || this.#first === "WITH"
        this.#add(name.name, creates && statement.find(0, index, "OUTPUT") < 0 ? "ddl" : "insert")
        return name.next
    }

    #truncate(index: number): number {
        const statement = this.#statement
        if (statement.operator(index + 1) === "(") return index + 1
        let at = pass(statement, index + 1, "TABLE", "ONLY")
        const end = statement.endOf(index)
        const cascade = statement.find(index, end, "CASCADE") >= 0
        for (;;) {
            const name = statement.nameAt(at)
            if (name === undefined) return this.#missing(at)
            this.#add(name.name, "truncate", { cascade })
            at = statement.operator(name.next) === "*" ? name.next + 1 : name.next
            if (statement.operator(at) !== ",") return at
            at = pass(statement, at + 1, "ONLY")
        }
    }

    #copy(index: number): number {
        const statement = this.#statement
        if (statement.operator(index + 1) === "(") return index + 1
        const name = statement.nameAt(pass(statement, index + 1, "BINARY"))
        if (name === undefined) return this.#missing(index + 1)
        const columns = statement.operator(name.next) === "(" ? statement.skip(name.next) : name.next
        if (statement.keyword(columns) !== "TO") this.#add(name.name, "insert")
        return columns
    }

    #define(index: number): number {
        const found = findDefinition(this.#statement, index)
        for (const name of found.tables) this.#add(name, "ddl", { cascade: found.cascade })
        if (found.unattributed) this.#unattributed = true
        return found.next
    }

    #allTables(): Set<string> {
        return tableNames(this.#statement, 0, this.#statement.length)
    }

    /** A target that is no name: a table variable is private to the connection, anything else is not understood. */
    #missing(index: number): number {
        if (this.#statement.tokens[index]?.kind !== "variable") this.#unattributed = true
        return index
    }

    #target(name: SqlName | undefined): void {
        if (name === undefined) this.#unattributed = true
        else this.#add(name.name, "unknown")
    }

    #targets(names: Set<string>, verb: SqlVerb, next: number, name?: SqlName, columns?: Details["columns"]): number {
        if (name !== undefined) names.add(name.name)
        if (names.size === 0) this.#unattributed = true
        for (const each of names) this.#add(each, verb, columns === undefined ? {} : { columns })
        return next
    }

    #add(table: string, verb: SqlVerb, details: Details = {}): void {
        const { cascade = false, columns, rows, inserted, assigned } = details
        this.#writes.push({ table, verb, cascade, columns: columns?.names, rows, inserted, assigned })
    }
}

interface Details {
    readonly cascade?: boolean
    readonly columns?: { readonly names: readonly string[] | undefined }
    readonly rows?: SqlWrite["rows"]
    readonly inserted?: SqlWrite["inserted"]
    readonly assigned?: SqlWrite["assigned"]
}
