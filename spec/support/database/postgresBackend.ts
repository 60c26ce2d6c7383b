import { Client } from "pg"
import type { DataSourceOptions } from "typeorm"
import { sharedServer, waysTo, whyMissing } from "../servers"
import { startPglite } from "../startPostgres"
import { type Backend, newDatabaseName, type OpenDatabase } from "./Backend"

export const postgresBackend: Backend = {
    name: "postgres",
    whyMissing: () => whyMissing("postgres"),
    isConcurrent: () => waysTo("postgres")[0] !== "pglite",
    start: async () => void (await sharedServer("postgres")),
    async create() {
        const { url, way } = await sharedServer("postgres")
        if (way === "pglite") return takePglite(url)
        const database = newDatabaseName()
        // template0 has no guests, who would forbid the copy.
        await execute(url, `CREATE DATABASE ${database} TEMPLATE template0`)
        return {
            options: optionsFor(url, database),
            drop: () => execute(url, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
        }
    },
}

let idle: string[] | undefined

/** PGlite has a single database, so that each spec has a PGlite, used again when it is done. */
async function takePglite(first: string): Promise<OpenDatabase> {
    idle ??= [first]
    const url = idle.pop() ?? (await startPglite()).url
    return {
        options: optionsFor(url, "postgres"),
        drop: async () => {
            await execute(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            idle?.push(url)
        },
    }
}

function optionsFor(url: string, database: string): DataSourceOptions {
    const { hostname, port, username, password } = new URL(url)
    return {
        type: "postgres",
        host: hostname,
        port: Number(port || 5432),
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
        database,
        // gen_random_uuid() needs no extension.
        uuidExtension: "pgcrypto",
        installExtensions: false,
    }
}

async function execute(url: string, sql: string): Promise<void> {
    const client = new Client({ connectionString: url })
    client.on("error", () => undefined)
    await client.connect()
    try {
        await client.query(sql)
    } finally {
        await client.end()
    }
}
