import { expect } from "chai"
import { DataSource, type DataSourceOptions } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { CachedRepository } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { SHOP, Widget } from "./entity"

forEachDatabaseAndStore("a replica that lags", (database, store) => {
    if (!database.isConcurrent) return

    it("fills nothing: what is missing comes from the master", async () => {
        const cache = new SecondLevelCache({ store: store.create(), prefix: store.prefix() })
        const master = await database.createDataSource({ entities: SHOP })
        const replica = await database.createDataSource({ entities: SHOP })
        for (const each of [master, replica]) await each.manager.insert(Widget, { id: 1, name: "old" })
        const [to, from] = [master, replica].map((each) => database.optionsOf(each)) as [DataSourceOptions, object]
        const dataSource = await new DataSource({
            type: to.type,
            connectorPackage: (to as { connectorPackage?: unknown }).connectorPackage,
            entities: SHOP,
            subscribers: [cache.subscriber],
            replication: { master: to, slaves: [from] },
            cache: { provider: cache.queryResultCache },
        } as unknown as DataSourceOptions).initialize()
        try {
            const widgets = new CachedRepository(Widget, dataSource.manager)
            const reads = async (): Promise<unknown[]> => [
                (await widgets.findOneByOrFail({ id: 1 })).name,
                (await widgets.find())[0]?.name,
                await widgets.countBy({ name: "new" }),
            ]
            expect(await reads()).to.deep.equal(["old", "old", 0])
            await dataSource.manager.update(Widget, 1, { name: "new" })
            expect(await reads()).to.deep.equal(["new", "new", 1])
            expect(await reads()).to.deep.equal(["new", "new", 1])
            // the replica never heard of it
            const plain = async (): Promise<string> =>
                (await dataSource.manager.findOneByOrFail(Widget, { id: 1 })).name
            expect(await plain()).to.equal("old")
            for (let i = 0; i < 3; i++) await cache.getOrSet("name", plain)
            expect(await cache.has("name"), "a value read from a replica").to.equal(false)
            expect(await cache.getOrSet("name", async () => (await widgets.findOneByOrFail({ id: 1 })).name)).to.equal(
                "new",
            )
            const query = dataSource.createQueryBuilder(Widget, "w").where("w.id = 1").cache(60_000)
            for (let i = 0; i < 2; i++) expect((await query.getOneOrFail()).name).to.equal("new")
        } finally {
            await dataSource.destroy()
            await cache.close()
        }
    })
})
