import type { SqlDialect } from "./SqlDialect"

const ROW_IDS: ReadonlySet<string> = new Set(["rowid", "oid", "_rowid_"])

/** Whether a column may be another one by a name of SQLite's own: that of an INTEGER PRIMARY KEY. */
export function isRowId(column: string, dialect: SqlDialect): boolean {
    return dialect === "sqlite" && ROW_IDS.has(column)
}
