import { LRUCache } from "lru-cache"
import type { SqlAnalysis, SqlTransaction, SqlWrite } from "./SqlAnalysis"
import type { SqlDialect } from "./SqlDialect"
import { readTables } from "./readTables"
import { SqlStatement } from "./SqlStatement"
import { identifiers } from "./tableNames"
import { tokenizeSql, type SqlLexing, type SqlToken } from "./tokenizeSql"
import { commitsImplicitly, opensBody, transactionControl } from "./transactionControl"
import { analyzeUnreadable, WRITE_WORDS } from "./unreadableSql"
import { WriteFinder } from "./WriteFinder"

/** Texts remembered for each dialect. */
const MEMO_TEXTS = 1000
/** Characters; longer texts (bulk inserts) are hardly ever the same twice. */
const MEMO_LENGTH = 20_000
/** Rows and conditions remembered for each dialect: some hundred bytes each. */
const MEMO_ROWS = 20_000

const memos = new Map<SqlDialect, LRUCache<string, SqlAnalysis>>()

/**
 * What a text may write, read and do to the transaction.
 *
 * It errs on the safe side: it may name a table too much, but where it names too few, `unattributed` (for writes) or
 * `tablesKnown` (for reads) says so. Triggers, functions, rules and views do things that no text names. The answer is
 * frozen and remembered by text; it never throws.
 */
export function analyzeSql(sql: string, dialect: SqlDialect): SqlAnalysis {
    if (sql.length > MEMO_LENGTH) return analyze(sql, dialect)
    let memo = memos.get(dialect)
    if (memo === undefined)
        memos.set(dialect, (memo = new LRUCache({ max: MEMO_TEXTS, maxSize: MEMO_ROWS, sizeCalculation: rowsOf })))
    let found = memo.get(sql)
    if (found === undefined) memo.set(sql, (found = analyze(sql, dialect)))
    return found
}

function rowsOf({ writes }: SqlAnalysis): number {
    let found = 1
    for (const { rows, inserted } of writes) found += (rows?.length ?? 0) + (inserted?.length ?? 0)
    return found
}

function analyze(sql: string, dialect: SqlDialect): SqlAnalysis {
    if (isPlainRead(sql)) return new PlainRead(sql, dialect)
    return analyzeFully(sql, dialect)
}

const READ_START = /^(?:\s+|--[^\n\r]*[\n\r]|\/\*(?!M?!)[^*]*\*+(?:[^/*][^*]*\*+)*\/|\()*(?:select|with)\b/i
const SEPARATED = /;(?!\s*$)|\/\*M?!|\b(?:tran(?:saction)?|commit|rollback)\b/i

/** Without a word that writes and without a second statement a SELECT only reads, whatever its strings and comments hold. */
function isPlainRead(sql: string): boolean {
    return READ_START.test(sql) && !WRITE_WORDS.test(sql) && !SEPARATED.test(sql)
}

const NOTHING: readonly never[] = Object.freeze([])

/** A text that only reads. Its tables are looked for when somebody asks. */
class PlainRead implements SqlAnalysis {
    readonly writes = NOTHING
    readonly transactions = NOTHING
    readonly transaction = undefined
    readonly unattributed = false
    readonly implicitCommit = false
    readonly #sql: string
    readonly #dialect: SqlDialect
    #found: SqlAnalysis | undefined

    constructor(sql: string, dialect: SqlDialect) {
        this.#sql = sql
        this.#dialect = dialect
        Object.freeze(this)
    }

    get tables(): readonly string[] {
        return this.#analysis().tables
    }

    get tablesKnown(): boolean {
        return this.#analysis().tablesKnown
    }

    #analysis(): SqlAnalysis {
        return (this.#found ??= analyzeFully(this.#sql, this.#dialect))
    }
}

function analyzeFully(sql: string, dialect: SqlDialect): SqlAnalysis {
    try {
        return Object.freeze(analyzeEachWay(sql, dialect))
    } catch {
        // Nested more deeply than the stack allows.
        return Object.freeze(analyzeUnreadable(sql))
    }
}

function analyzeEachWay(sql: string, dialect: SqlDialect): SqlAnalysis {
    const [first, ...others] = lexings(sql, dialect)
    const found = [analyzeTokens(sql, dialect, first)]
    // In a mode in which it cannot be read the server would refuse the text.
    for (const lexing of others) {
        const tokens = tokenizeSql(sql, dialect, lexing)
        if (tokens !== undefined) found.push(analyzeTokens(sql, dialect, lexing, tokens))
    }
    return found.length === 1 ? (found[0] as SqlAnalysis) : union(found)
}

/** The ways in which the server may read the text: the usual one first, then those of other settings and versions. */
function lexings(sql: string, dialect: SqlDialect): [SqlLexing, ...SqlLexing[]] {
    const standard: SqlLexing = { backslash: false, executable: false, mysql: false }
    const mysql: SqlLexing = { backslash: true, executable: true, mysql: true }
    const escapes = /\\['"]/.test(sql)
    switch (dialect) {
        case "postgres":
            return escapes ? [standard, { ...standard, backslash: true }] : [standard]
        case "mysql": {
            const found: [SqlLexing, ...SqlLexing[]] = [mysql]
            if (escapes) found.push({ ...mysql, backslash: false })
            if (/\/\*M?!/.test(sql)) {
                found.push({ ...mysql, executable: false })
                if (escapes) found.push({ ...mysql, backslash: false, executable: false })
            }
            return found
        }
        case "other":
            return [standard, mysql]
        default:
            return [standard]
    }
}

function analyzeTokens(
    sql: string,
    dialect: SqlDialect,
    lexing: SqlLexing,
    tokens = tokenizeSql(sql, dialect, lexing),
): SqlAnalysis {
    if (tokens === undefined) return analyzeUnreadable(sql)
    const writes: SqlWrite[] = []
    const tables = new Set<string>()
    const transactions: SqlTransaction[] = []
    let unattributed = false
    let tablesKnown = true
    let implicitCommit = false
    let inBody = false
    for (const part of split(tokens)) {
        const statement = new SqlStatement(part, dialect)
        const found = new WriteFinder(statement).find()
        writes.push(...found.writes)
        unattributed ||= found.unattributed
        const reads = found.readsUnknown
            ? { tables: identifiers(statement, 0, statement.length), known: false }
            : readTables(statement)
        tablesKnown &&= reads.known
        for (const name of reads.tables) tables.add(name)
        for (const { table } of found.writes) tables.add(table)
        transactions.push(...transactionControl(statement, inBody))
        implicitCommit ||= commitsImplicitly(statement)
        inBody ||= opensBody(statement)
    }
    return {
        writes: Object.freeze(writes),
        tables: Object.freeze([...tables]),
        tablesKnown,
        unattributed,
        transaction: transactions.at(-1),
        transactions: Object.freeze(transactions),
        implicitCommit,
    }
}

function* split(tokens: readonly SqlToken[]): Generator<readonly SqlToken[]> {
    let start = 0
    for (let index = 0; index <= tokens.length; index++) {
        const token = tokens[index]
        if (token !== undefined && !(token.kind === "operator" && token.text === ";")) continue
        if (index > start) yield index - start === tokens.length ? tokens : tokens.slice(start, index)
        start = index + 1
    }
}

/** Each reading says rather too much than too little, and so do all of them together. */
function union(found: readonly SqlAnalysis[]): SqlAnalysis {
    const writes = new Map<string, SqlWrite>()
    for (const write of found.flatMap((each) => each.writes)) writes.set(keyOf(write), write)
    const transactions = found.find((each) => each.transactions.length > 0)?.transactions ?? NOTHING
    return {
        writes: Object.freeze([...writes.values()]),
        tables: Object.freeze([...new Set(found.flatMap((each) => each.tables))]),
        tablesKnown: found.every((each) => each.tablesKnown),
        unattributed: found.some((each) => each.unattributed),
        transaction: transactions.at(-1),
        transactions,
        implicitCommit: found.some((each) => each.implicitCommit),
    }
}

function keyOf({ rows, inserted, assigned, ...write }: SqlWrite): string {
    const values = [rows?.map((row) => [...row]), inserted?.map((row) => [...row]), assigned && [...assigned]]
    return JSON.stringify([write, ...values])
}
