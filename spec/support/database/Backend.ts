import { randomBytes } from "node:crypto"
import type { DataSourceOptions } from "typeorm"

export type DatabaseName = "postgres" | "mariadb" | "sqlite"

/** A database of a spec's own. */
export interface OpenDatabase {
    /** How to reach it: plain data, without entities. */
    readonly options: DataSourceOptions
    drop(): Promise<void>
}

/** One kind of database that the specs run on. */
export interface Backend {
    readonly name: DatabaseName
    /** Why it cannot be had, or `undefined`. */
    whyMissing(): string | undefined
    /** False when one transaction holds up every other connection. */
    isConcurrent(): boolean
    /** Starts the server if it does not run. */
    start(): Promise<void>
    /** Makes an empty database. */
    create(): Promise<OpenDatabase>
}

const RUN = randomBytes(4).toString("hex")
let count = 0

/** A name that no other run of the suite uses, on a server that it may share with them. */
export const newDatabaseName = (): string => `second_level_cache_${RUN}_${++count}`
