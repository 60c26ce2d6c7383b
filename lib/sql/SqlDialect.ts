/** The family of SQL that a text is read as: how it quotes, escapes, comments and binds parameters. */
export type SqlDialect = "postgres" | "mysql" | "sqlite" | "mssql" | "oracle" | "other"

const DIALECTS: ReadonlyMap<string, SqlDialect> = new Map([
    ["postgres", "postgres"],
    ["aurora-postgres", "postgres"],
    ["cockroachdb", "postgres"],
    ["mysql", "mysql"],
    ["mariadb", "mysql"],
    ["aurora-mysql", "mysql"],
    ["sqlite", "sqlite"],
    ["better-sqlite3", "sqlite"],
    ["sqljs", "sqlite"],
    ["expo", "sqlite"],
    ["cordova", "sqlite"],
    ["capacitor", "sqlite"],
    ["nativescript", "sqlite"],
    ["react-native", "sqlite"],
    ["mssql", "mssql"],
    ["oracle", "oracle"],
])

/** The dialect of a TypeORM `type`; `other` for those that are not known, which is read with more caution. */
export function dialectOf(dataSourceType: string): SqlDialect {
    return DIALECTS.get(dataSourceType) ?? "other"
}
