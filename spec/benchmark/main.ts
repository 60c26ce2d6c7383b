import "./builtLibrary"
import { DataSource, type DataSourceOptions } from "typeorm"
import { postgresBackend } from "../support/database/postgresBackend"
import { sharedServer, stopAllServers } from "../support/servers"
import { benchHits } from "./arm/hit"
import { benchLoad } from "./arm/load"
import { benchMisses } from "./arm/miss"
import { benchMixed } from "./arm/mixed"
import { benchRelations } from "./arm/relation"
import { benchSerializers } from "./arm/serializer"
import { benchWrites } from "./arm/write"
import { Article, articleAt, ARTICLES } from "./Article"
import { ENTITIES, type Site } from "./Instance"
import { printMachine } from "./machine"
import { Shelf, SHELVES, Volume, volumeAt, VOLUMES_OF_EACH } from "./Shelf"

// `npm run bench`: every group, or those whose names are given (`npm run bench -- hit write`). ROUNDS=5 makes it shorter.

const GROUPS: Record<string, (site: Site, rounds: number) => Promise<void>> = {
    hit: benchHits,
    miss: benchMisses,
    relation: benchRelations,
    write: benchWrites,
    mixed: benchMixed,
    serializer: benchSerializers,
    load: benchLoad,
}

async function main(): Promise<void> {
    const asked = process.argv.slice(2)
    const rounds = Number(process.env["ROUNDS"] || 15)
    await postgresBackend.start()
    const database = await postgresBackend.create()
    const site = { database: database.options, redis: (await sharedServer("redis")).url }
    try {
        await printMachine(site, rounds)
        await fill(site)
        for (const [name, group] of Object.entries(GROUPS))
            if (asked.length === 0 || asked.includes(name)) await group(site, rounds)
    } finally {
        await database.drop()
        await stopAllServers()
    }
}

/** The tables that the groups read. */
async function fill({ database }: Site): Promise<void> {
    const options = { ...database, entities: ENTITIES, synchronize: true } as DataSourceOptions
    const dataSource = await new DataSource(options).initialize()
    const rows = Array.from({ length: ARTICLES }, (_, index) => articleAt(index + 1))
    while (rows.length > 0) await dataSource.manager.insert(Article, rows.splice(0, 5000))
    await dataSource.manager.insert(
        Shelf,
        Array.from({ length: SHELVES }, (_, i) => ({ name: `shelf ${i + 1}` })),
    )
    const volumes = Array.from({ length: SHELVES * VOLUMES_OF_EACH }, (_, i) => volumeAt(i + 1))
    await dataSource.manager.insert(Volume, volumes)
    await dataSource.query("ANALYZE")
    await dataSource.destroy()
}

main().catch((error: unknown) => {
    console.error(error)
    // clients that the failure has left open would try to connect for ever
    process.exit(1)
})
