import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import Redis from "ioredis"
import { DataSource, type DataSourceOptions } from "typeorm"
import { printTable } from "./report"

const PACKAGES = ["typeorm", "pg", "ioredis", "bentocache", "cache-manager"]

/** Prints what the numbers depend on. */
export async function printMachine(
    servers: { readonly database?: DataSourceOptions; readonly redis: string },
    rounds: number,
    packages: readonly string[] = PACKAGES,
): Promise<void> {
    const redis = new Redis(servers.redis)
    const server = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "unknown"
    redis.disconnect()
    const processors = cpus()
    printTable(
        ["machine", ""],
        [
            ["processor", `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`],
            ["Node.js", process.versions.node],
            ...(servers.database === undefined ? [] : [["PostgreSQL", await postgresVersion(servers.database)]]),
            ["Redis", server],
            ...packages.map((name) => [name, versionOf(name)]),
            ["date", new Date().toISOString().slice(0, 10)],
            ["rounds", String(rounds)],
        ],
    )
}

async function postgresVersion(options: DataSourceOptions): Promise<string> {
    const dataSource = await new DataSource(options).initialize()
    const [{ server_version: version }] = await dataSource.query<[{ server_version: string }]>("SHOW server_version")
    await dataSource.destroy()
    return version.split(" ")[0]!
}

function versionOf(name: string): string {
    // not every package exports its package.json
    const path = require.resolve(name)
    const folder = path.slice(0, path.lastIndexOf(`/node_modules/`))
    const alias = path.slice(folder.length + "/node_modules/".length).split("/")[0]!
    const text = readFileSync(`${folder}/node_modules/${alias}/package.json`, "utf8")
    return (JSON.parse(text) as { version: string }).version
}
