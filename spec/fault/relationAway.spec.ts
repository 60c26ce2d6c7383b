import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { FakeClock, FaultyStore } from "typeorm-second-level-cache/testing"
import { MemoryStore } from "../../lib/store/MemoryStore"
import { Mark, Shelf, Slip, Tome } from "../race/Shelf"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"

/** Longer than the longest wait between two tries to deliver an invalidation. */
const RETRY = 5_000

forEachDatabase("relations of a store that is away", (database) => {
    let clock: FakeClock
    let store: FaultyStore
    let cache: SecondLevelCache
    let logger: QueryRecorder
    let dataSource: DataSource

    beforeEach(async () => {
        clock = new FakeClock()
        store = new FaultyStore(new MemoryStore({ clock }))
        cache = new SecondLevelCache({ store, clock, storeTimeout: 500 })
        logger = new QueryRecorder()
        const entities = [Mark, Shelf, Slip, Tome]
        dataSource = await database.createDataSource({ entities, subscribers: [cache.subscriber], logger })
        const { manager } = dataSource
        await manager.insert(Shelf, { id: 1 })
        await manager.insert(Tome, [{ id: 1, shelf: { id: 1 } }, { id: 2 }])
        await manager.insert(Mark, { id: 1 })
        await manager.createQueryBuilder().relation(Tome, "marks").of(1).add(1)
        await manager.insert(Slip, { id: 1, shelf: { id: 1 } as never })
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
    })

    const tomes = (): CachedRepository<Tome> => new CachedRepository(Tome, dataSource.manager)
    const shelves = (): CachedRepository<Shelf> => new CachedRepository(Shelf, dataSource.manager)
    const marks = (): CachedRepository<Mark> => new CachedRepository(Mark, dataSource.manager)

    type Row = { readonly id: number; readonly state: number }
    const shown = (rows: readonly Row[]): string => rows.map(({ id, state }) => `${id}:${state}`).join(" ")
    const READS: Readonly<Record<string, () => Promise<string>>> = {
        joined: async () =>
            shown((await shelves().findOneOrFail({ where: { id: 1 }, relations: { tomes: true } })).tomes),
        "by hand": async () => shown((await shelves().loadRelation(shelves().create({ id: 1 }), "tomes")).tomes),
        "of pairs": async () => shown((await marks().loadRelation(marks().create({ id: 1 }), "tomes")).tomes),
        "of an owner": async () =>
            shown([(await tomes().loadRelation(tomes().create({ id: 1 }), "shelf")).shelf ?? { id: 0, state: 0 }]),
        lazy: async () => shown(await (await shelves().findOneByOrFail({ id: 1 })).slips),
    }
    const WRITES: Readonly<Record<string, readonly [write: () => Promise<unknown>, seen: Record<string, string>]>> = {
        "a row that they hold": [
            () => dataSource.manager.update(Tome, 1, { state: 1 }),
            { joined: "1:1", "by hand": "1:1", "of pairs": "1:1", "of an owner": "1:0", lazy: "1:0" },
        ],
        "a row that comes": [
            () => dataSource.manager.update(Slip, 1, { shelf: null as never }),
            { joined: "1:0", "by hand": "1:0", "of pairs": "1:0", "of an owner": "1:0", lazy: "" },
        ],
        "an owner": [
            () => dataSource.manager.update(Tome, 1, { shelf: null }),
            { joined: "", "by hand": "", "of pairs": "1:0", "of an owner": "0:0", lazy: "1:0" },
        ],
        "a pair": [
            () => dataSource.createQueryBuilder().relation(Tome, "marks").of(1).remove(1),
            { joined: "1:0", "by hand": "1:0", "of pairs": "", "of an owner": "1:0", lazy: "1:0" },
        ],
    }

    async function expectAll(seen: Record<string, string>): Promise<void> {
        for (const [way, read] of Object.entries(READS)) expect(await read(), way).to.equal(seen[way])
    }
    async function expectHits(seen: Record<string, string>): Promise<void> {
        // the second time a call has learnt what it asks for
        for (let i = 0; i < 2; i++) await expectAll(seen)
        await logger.expectQueries(0, () => expectAll(seen))
    }
    const before = { joined: "1:0", "by hand": "1:0", "of pairs": "1:0", "of an owner": "1:0", lazy: "1:0" }
    const delivered = async (): Promise<void> => {
        clock.advance(RETRY)
        await new Promise((resolve) => setImmediate(resolve))
    }

    for (const [what, [write, seen]] of Object.entries(WRITES)) {
        it(`are not read by who wrote ${what}, until the invalidation is delivered`, async () => {
            await expectHits(before)
            store.fail("fence")
            store.fail("release")
            await write()
            for (let i = 0; i < 3; i++) await expectAll(seen)
            store.heal()
            await expectAll(seen)
            await delivered()
            await expectHits(seen)
        })

        for (const way of Object.keys(READS))
            it(`may have been answered ${way} before ${what} is invalidated, before the answer arrives`, async () => {
                await expectHits(before)
                const ends = [store.fail("fence"), store.fail("release")]
                await write()
                let isFirst = true
                const end = store.after("read", async () => {
                    if (!isFirst) return
                    isFirst = false
                    for (const heal of ends) heal()
                    store.reset()
                    clock.advance(250)
                    expect(store.calls.map((call) => call.method)).to.deep.equal(["release"])
                    await Promise.resolve()
                })
                expect(await READS[way]!()).to.equal(seen[way])
                end()
                await expectHits(seen)
            })
    }
})
