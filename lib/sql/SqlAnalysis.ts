/** What a statement does to a table. */
export type SqlVerb = "insert" | "upsert" | "replace" | "update" | "delete" | "truncate" | "ddl" | "merge" | "unknown"

/** What a statement does to the transaction of its connection. */
export type SqlTransaction = "begin" | "commit" | "rollback" | "savepoint"

/**
 * A value that a row is compared with, or that a column is given: the parameter at an index of the parameters array, or
 * a literal. NULL is only ever given, never compared with.
 *
 * A parameter that is an array or an object says nothing (drivers expand it): take the write as one of any row then.
 */
export type SqlOperand = { readonly parameter: number } | { readonly literal: number | string | null }

/** DEFAULT was written in the place of a value. */
export interface SqlDefault {
    readonly default: true
}

/** The moment was given: `CURRENT_TIMESTAMP`, which is never null. */
export interface SqlNow {
    readonly now: true
}

/**
 * A condition on a row *before* the write: lower-case bare column → the row's value is one of these.
 *
 * "Is" means `=` in the eyes of the database, which knows collations and conversions (`'ABC' = 'abc'`, `'01' = 1`,
 * and on MySQL `'any text' = 0`): compare only where the type of the column rules these out. A column that the table
 * does not have (a pseudo column, a quoted constant) is no condition at all, nor is one whose name another column of
 * the table shares but for the case.
 */
export type SqlRowCondition = ReadonlyMap<string, readonly SqlOperand[]>

/** One table that a statement changes. */
export interface SqlWrite {
    /** Bare name (no schema), lower case, without quotes. */
    readonly table: string
    readonly verb: SqlVerb
    /** `TRUNCATE … CASCADE`, `DROP … CASCADE`: tables that the text does not name may be changed as well. */
    readonly cascade: boolean
    /**
     * Lower-case columns assigned by `UPDATE`, `ON CONFLICT DO UPDATE` or `ON DUPLICATE KEY UPDATE`; a superset of
     * those of this table. `undefined` when they are not known.
     */
    readonly columns: readonly string[] | undefined
    /** Only rows that satisfy at least one of these are touched; `undefined` for any row. */
    readonly rows: readonly SqlRowCondition[] | undefined
    /**
     * For `INSERT … VALUES` (insert, upsert, replace): for each row, lower-case bare column → what the text gives to it.
     * A column that is missing from a row was given an expression, or is not listed. There may be rows that are not
     * inserted after all (`ON CONFLICT`, `IGNORE`), none is left out. `undefined` when the rows are not known:
     * `INSERT … SELECT`, no list of columns, more than 2000 rows, anything odd.
     *
     * This is what the text says: the database may convert it, a trigger or (on MySQL) `IGNORE` and an automatic
     * increment may put something else in its place.
     */
    readonly inserted?: readonly ReadonlyMap<string, SqlOperand | SqlDefault>[] | undefined
    /**
     * For `UPDATE` of a single table: lower-case bare column → what the text gives to it, in the sense of
     * {@link inserted}. A column that is set to an expression is in {@link columns}, but not here. `undefined` when not
     * known; what an upsert assigns to rows that exist is not known.
     */
    readonly assigned?: ReadonlyMap<string, SqlOperand | SqlNow> | undefined
}

/** What an SQL text may do, as far as its text tells. Rather too much than too little. */
export interface SqlAnalysis {
    /** What it changes: one for each target table and statement. */
    readonly writes: readonly SqlWrite[]
    /** Every table that it may read or write: bare, lower case, without duplicates. Common table expressions and the like stay in. */
    readonly tables: readonly string[]
    /** False when it may read tables beyond {@link tables}: a procedure, dynamic SQL, an identifier placeholder (`??`), text that cannot be read. */
    readonly tablesKnown: boolean
    /** It may write something that it does not name: a procedure, dynamic SQL, an unknown statement. */
    readonly unattributed: boolean
    /** The last thing that it does to the transaction. */
    readonly transaction: SqlTransaction | undefined
    /** Everything that it does to the transaction, in order: `COMMIT AND CHAIN` is a commit and a begin. */
    readonly transactions: readonly SqlTransaction[]
    /** On MySQL, MariaDB and Oracle: a statement in it commits an open transaction without saying so (DDL and others). */
    readonly implicitCommit: boolean
}
