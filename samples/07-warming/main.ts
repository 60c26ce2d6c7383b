import "reflect-metadata"
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { openServers } from "../openServers"
import { StepReport } from "../StepReport"

@Entity()
@Cached()
class Country {
    @PrimaryColumn() code: string
    @Column() name: string
}

@Entity()
@Cached()
class City {
    @PrimaryGeneratedColumn() id: number
    @Column() name: string
    @Column() country: string
}

const CITIES = 250

async function main(): Promise<void> {
    const { url, store, prefix, ownTables, sql, close } = await openServers("warming")
    const cache = new SecondLevelCache({ store, prefix })
    const dataSource = new DataSource({
        type: "postgres",
        url,
        entities: [Country, City],
        subscribers: [cache.subscriber],
        ...ownTables,
    })
    await dataSource.initialize()
    await dataSource.manager.insert(Country, [
        { code: "FR", name: "France" },
        { code: "PE", name: "Peru" },
    ])
    await dataSource.manager.insert(
        City,
        Array.from({ length: CITIES }, (_, i) => ({ name: `City ${i + 1}`, country: i % 2 === 0 ? "FR" : "PE" })),
    )
    const countries = new CachedRepository(Country, dataSource.manager)
    const cities = new CachedRepository(City, dataSource.manager)
    const report = new StepReport(sql)

    // #region tasks
    const tasks = [
        () => countries.find({ order: { code: "ASC" } }),
        () => cities.countBy({ country: "FR" }),
        () => cities.countBy({ country: "PE" }),
        () => cities.findOneByOrFail({ name: "Atlantis" }), // there is none: this one fails, the others do not
        () => cache.getOrSet("largest", () => cities.find({ order: { id: "DESC" }, take: 3 })),
    ]
    const warmed = await cache.warm(tasks, {
        concurrency: 2,
        onProgress: ({ done, total }) => console.log(`    ${done} of ${total}`),
    })
    // #endregion
    for (const { task, error } of warmed.errors) console.log(`    task ${task} failed: ${(error as Error).name}`)

    report.say("what was warmed costs nothing")
    await report.step("countries", async () => (await countries.find({ order: { code: "ASC" } })).length)
    await report.step("cities of Peru", () => cities.countBy({ country: "PE" }))
    await report.step("cities of Chile, not warmed", () => cities.countBy({ country: "CL" }))

    // #region rows
    const ids = Array.from({ length: CITIES }, (_, i) => i + 1)
    const rows = () => cities.warm(ids, { concurrency: 1 }) // a hundred in a query
    // #endregion
    report.say("rows by their ids")
    await report.step(`warm(${CITIES} ids)`, async () => `${(await rows()).done} queries`)
    await report.step("city 7", async () => (await cities.findOneByOrFail({ id: 7 })).name)
    await report.step("city 250", async () => (await cities.findOneByOrFail({ id: 250 })).name)
    await close(dataSource, cache)
}

void main()
