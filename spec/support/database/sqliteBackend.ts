import type { Backend } from "./Backend"

/** SQLite in memory, compiled to WebAssembly (sql.js): always at hand. A DataSource is the database. */
export const sqliteBackend: Backend = {
    name: "sqlite",
    whyMissing: () => undefined,
    isConcurrent: () => false,
    start: () => Promise.resolve(),
    create: () =>
        Promise.resolve({ options: { type: "sqljs", autoSave: false }, drop: () => Promise.resolve() } as const),
}
