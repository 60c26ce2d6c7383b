import { createConnection } from "mysql2/promise"
import type { DataSourceOptions } from "typeorm"
import { sharedServer, whyMissing } from "../servers"
import { type Backend, newDatabaseName } from "./Backend"

export const mariadbBackend: Backend = {
    name: "mariadb",
    whyMissing: () => whyMissing("mariadb"),
    isConcurrent: () => true,
    start: async () => void (await sharedServer("mariadb")),
    async create() {
        const { url } = await sharedServer("mariadb")
        const database = newDatabaseName()
        await execute(url, `CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
        return {
            options: optionsFor(url, database),
            drop: () => execute(url, `DROP DATABASE IF EXISTS ${database}`),
        }
    },
}

function optionsFor(url: string, database: string): DataSourceOptions {
    const { hostname, port, username, password } = new URL(url)
    return {
        type: "mariadb",
        connectorPackage: "mysql2",
        host: hostname,
        port: Number(port || 3306),
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
        database,
        charset: "utf8mb4",
    } as DataSourceOptions
}

async function execute(url: string, sql: string): Promise<void> {
    const connection = await createConnection({ uri: url })
    try {
        await connection.query(sql)
    } finally {
        await connection.end()
    }
}
