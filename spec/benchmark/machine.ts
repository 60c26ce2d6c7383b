import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import Redis from "ioredis"
import { DataSource } from "typeorm"
import type { Site } from "./Instance"
import { printTable } from "./report"

const PACKAGES = ["typeorm", "pg", "ioredis", "bentocache", "cache-manager"]

/** Prints what the numbers depend on. */
export async function printMachine(site: Site, rounds: number): Promise<void> {
    const dataSource = await new DataSource(site.database).initialize()
    const [{ server_version: postgres }] = await dataSource.query<[{ server_version: string }]>("SHOW server_version")
    await dataSource.destroy()
    const redis = new Redis(site.redis)
    const server = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "unknown"
    redis.disconnect()
    const processors = cpus()
    printTable(
        ["machine", ""],
        [
            ["processor", `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}`],
            ["Node.js", process.versions.node],
            ["PostgreSQL", postgres.split(" ")[0]!],
            ["Redis", server],
            ...PACKAGES.map((name) => [name, versionOf(name)]),
            ["date", new Date().toISOString().slice(0, 10)],
            ["rounds", String(rounds)],
        ],
    )
}

function versionOf(name: string): string {
    // not every package exports its package.json
    const path = require.resolve(name)
    const folder = path.slice(0, path.lastIndexOf(`/node_modules/`))
    const alias = path.slice(folder.length + "/node_modules/".length).split("/")[0]!
    const text = readFileSync(`${folder}/node_modules/${alias}/package.json`, "utf8")
    return (JSON.parse(text) as { version: string }).version
}
