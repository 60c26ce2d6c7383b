import { expect } from "chai"
import { SecondLevelCache, MemoryStore, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { forEachDatabase } from "../../support/databases"
import { Secret } from "../../support/entity/Secret"

forEachDatabase("a query whose reader does not wait for its load", (database) => {
    const WAYS: Readonly<Record<string, SecondLevelCacheOptions>> = {
        staleWhileRevalidate: { staleWhileRevalidate: "1h" },
        softTimeout: { staleOnError: "1h", softTimeout: 1 },
        hardTimeout: { staleOnError: "1h", hardTimeout: 1 },
    }
    for (const [title, options] of Object.entries(WAYS))
        it(`gives its connection back: ${title}`, async () => {
            const clock = new FakeClock()
            const store = new MemoryStore({ clock })
            const cache = new SecondLevelCache({ store, clock, ttlJitter: 0, ...options })
            const dataSource = await database.createDataSource({
                entities: [Secret],
                subscribers: [cache.subscriber],
                cache: { provider: cache.queryResultCache },
                // the one that is not given back is missed at once
                poolSize: 1,
            })
            const read = () => dataSource.getRepository(Secret).createQueryBuilder("secret").cache(1_000).getMany()
            for (let i = 0; i < 3; i++) {
                const reading = read()
                // nobody waits longer than a look at the store, but for the first read
                if (i > 0) for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
                clock.advance(1)
                expect(await reading).to.deep.equal([])
                clock.advance(1_000)
                await dataSource.query("SELECT 1")
            }
            await cache.close()
        })
})
