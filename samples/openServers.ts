import { randomBytes } from "node:crypto"
import type { DataSource, Logger } from "typeorm"
import { MemoryStore, type CacheStore, type SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"

/** Every statement that TypeORM has sent. */
export class SqlLog implements Logger {
    readonly statements: string[] = []

    logQuery(query: string): void {
        this.statements.push(query)
    }

    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

export interface Servers {
    readonly url: string
    readonly store: CacheStore
    readonly sql: SqlLog
    /** Begins the names of this run's tables and keys, so that nothing else is touched. */
    readonly prefix: string
    readonly ownTables: { entityPrefix: string; synchronize: true; logger: Logger }
    close(dataSource: DataSource, cache: SecondLevelCache): Promise<void>
}

/**
 * The servers named by `DATABASE_URL` and `REDIS_URL`; without them a PostgreSQL and a store in this process.
 *
 * @param sample is a part of the names of tables and keys
 */
export async function openServers(sample: string): Promise<Servers> {
    const { DATABASE_URL, REDIS_URL } = process.env
    const database = DATABASE_URL ? { url: DATABASE_URL, stop: async () => {} } : await startPglite()
    const store = REDIS_URL ? new RedisStore({ url: REDIS_URL }) : new MemoryStore()
    console.log(`PostgreSQL: ${DATABASE_URL ? "DATABASE_URL" : "PGlite, in this process"}. Store: ${store.name}.\n`)

    const sql = new SqlLog()
    const prefix = `slc_${sample}_${randomBytes(4).toString("hex")}_`
    return {
        url: database.url,
        store,
        sql,
        prefix,
        ownTables: { entityPrefix: prefix, synchronize: true, logger: sql },
        async close(dataSource, cache) {
            const tables = dataSource.entityMetadatas.map(({ tablePath }) => `"${tablePath}"`)
            await dataSource.query(`DROP TABLE ${tables.join(", ")}`)
            await cache.clear()
            await dataSource.destroy()
            await cache.close()
            await database.stop()
        },
    }
}

/** PostgreSQL compiled to WebAssembly, behind a socket for the ordinary driver. */
async function startPglite(): Promise<{ url: string; stop(): Promise<void> }> {
    const { PGlite } = await import("@electric-sql/pglite")
    const { PGLiteSocketServer } = await import("@electric-sql/pglite-socket")
    const db = await PGlite.create()
    const server = new PGLiteSocketServer({ db, port: 0, maxConnections: 10 })
    await server.start()
    return {
        url: `postgres://postgres:postgres@${server.getServerConn()}/postgres`,
        async stop() {
            await server.stop()
            await db.close()
        },
    }
}
