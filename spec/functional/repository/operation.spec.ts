import { expect } from "chai"
import { Column, Entity, In, MoreThan, PrimaryColumn } from "typeorm"
import {
    Cached,
    type CacheLogEvent,
    type SecondLevelCacheOptions,
    type StatsSnapshot,
} from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { Barrier } from "../../support/Barrier"
import { forEachDatabaseAndStore, TestDatabase, type TestStore } from "../../support/databases"
import { sqliteBackend } from "../../support/database/sqliteBackend"
import { forEachStore } from "../../support/stores"
import { openCache, type OpenCache } from "./openCache"

@Entity()
@Cached({ uniqueKeys: [["name"]], region: "things" })
class Thing {
    @PrimaryColumn()
    id: number

    @Column({ unique: true })
    name: string
}

@Entity()
@Cached({ region: "things" })
class Other {
    @PrimaryColumn()
    id: number
}

@Entity()
@Cached()
class Pair {
    @PrimaryColumn()
    left: number

    @PrimaryColumn()
    right: string
}

async function openThings(
    database: TestDatabase,
    store: TestStore,
    cache: SecondLevelCacheOptions = {},
): Promise<OpenCache> {
    const open = await openCache(database, store, { entities: [Thing, Other, Pair], cache })
    await open.plain(Thing).insert([1, 2, 3].map((id) => ({ id, name: `secret-${id}` })))
    await open.plain(Other).insert([{ id: 1 }])
    await open.plain(Pair).insert([
        { left: 1, right: "a" },
        { left: 1, right: "b" },
    ])
    open.recorder.clear()
    open.store.reset()
    open.cache.stats.reset()
    return open
}

forEachDatabaseAndStore("many readers at once", (database, store) => {
    let open: OpenCache
    before(async () => (open = await openThings(database, store)))
    beforeEach(() => open.reset())

    const READS: Record<string, () => Promise<unknown>> = {
        "a row": () => open.cached(Thing).findOneBy({ id: 1 }),
        rows: () => open.cached(Thing).findBy({ id: In([1, 2, 3]) }),
        "a row by a unique key": () => open.cached(Thing).findOneBy({ name: "secret-2" }),
        "no row": () => open.cached(Thing).findOneBy({ id: 99 }),
        "a list": () => open.cached(Thing).find({ order: { id: "ASC" } }),
        "a count": () => open.cached(Thing).count(),
    }
    for (const [title, read] of Object.entries(READS))
        it(`load ${title} once, and each has a copy of his own`, async () => {
            // all readers have seen that there is no entry before the first of them loads
            const gate = new Barrier(50)
            const open50 = open.store.after("read", () => gate.pass())
            const all = Promise.all(Array.from({ length: 50 }, read))
            await gate.arrived
            const results = await open.miss(() => {
                gate.open()
                return all
            })
            open50()
            for (const result of results) expect(result).to.deep.equal(results[0])
            if (typeof results[0] === "object" && results[0] !== null) expect(new Set(results).size).to.equal(50)
            const { misses, loads, fills } = open.cache.stats.total()
            expect(misses).to.be.at.least(50)
            expect(loads).to.equal(1)
            expect(fills).to.be.at.least(1)
            await open.hit(read)
        })

    it("all fail when the load fails, and the next reader tries again", async () => {
        const read = (): Promise<unknown> => open.cached(Thing).find({ where: { name: MoreThan("") }, take: -1 })
        const gate = new Barrier(5)
        const end = open.store.after("read", () => gate.pass())
        const all = Promise.allSettled(Array.from({ length: 5 }, read))
        await gate.arrived
        gate.open()
        const outcomes = await all
        end()
        const plain = await open
            .plain(Thing)
            .find({ where: { name: MoreThan("") }, take: -1 })
            .then(
                () => "fulfilled",
                () => "rejected",
            )
        for (const { status } of outcomes) expect(status).to.equal(plain)
        expect(await open.cached(Thing).count()).to.equal(3)
    })
})

forEachStore("operating the cache", (store) => {
    const database = new TestDatabase(sqliteBackend)
    let open: OpenCache
    afterEach(() => database.cleanUp())

    const row =
        (id = 1) =>
        (): Promise<Thing | null> =>
            open.cached(Thing).findOneBy({ id })
    const list = (): Promise<Thing[]> => open.cached(Thing).find()
    const fill = async (): Promise<void> => {
        for (const read of [row(1), row(2), row(3), list]) await read()
        for (const right of ["a", "b"]) await open.cached(Pair).findOneBy({ left: 1, right })
        await open.cached(Other).find()
    }

    it("is switched off and on at run time, and follows writes meanwhile", async () => {
        open = await openThings(database, store)
        await fill()
        open.cache.enabled = false
        await open.expectBypassed(row())
        await open.expectBypassed(list)
        await open.plain(Thing).update(1, { name: "changed" })
        open.cache.enabled = true
        expect(await open.miss(row())).to.include({ name: "changed" })
        await open.hit(row(2))
        expect(await open.miss(list)).to.deep.equal(await open.plain(Thing).find())
    })

    it("starts switched off with `enabled: false`", async () => {
        open = await openThings(database, store, { enabled: false })
        await open.expectBypassed(row())
        open.cache.enabled = true
        await open.miss(row())
        await open.hit(row())
    })

    describe("invalidates by hand", () => {
        beforeEach(async () => {
            open = await openThings(database, store)
            await fill()
        })
        const pair = (right: string) => (): Promise<unknown> => open.cached(Pair).findOneBy({ left: 1, right })

        for (const target of [Thing, "Thing", "thing"])
            it(`an entity, named as ${typeof target === "string" ? target : "a class"}`, async () => {
                await open.cache.invalidate(target)
                for (const read of [row(1), row(2), list]) await open.miss<unknown>(read)
                for (const read of [pair("a"), () => open.cached(Other).find()]) await open.hit(read)
            })

        it("a row, with the lists that it may be in", async () => {
            await open.cache.invalidate(Thing, 1)
            await open.miss(row(1))
            for (const id of [2, 3]) await open.hit(row(id))
            await open.miss(list)
        })

        it("several rows", async () => {
            await open.cache.invalidate(Thing, [1, { id: 3 }])
            for (const id of [1, 3]) await open.miss(row(id))
            await open.hit(row(2))
        })

        it("a row of a composite key", async () => {
            await open.cache.invalidate(Pair, { left: 1, right: "a" })
            await open.miss(pair("a"))
            await open.hit(pair("b"))
            await open.cache.invalidate(Pair, [
                { left: 1, right: "a" },
                { left: 1, right: "b" },
            ])
            await open.miss(pair("a"))
            await open.miss(pair("b"))
        })

        it("all rows where the id says nothing certain", async () => {
            for (const id of ["1.0", {}, { left: 1 }, null, new Date()]) {
                await fill()
                await open.cache.invalidate(Thing, id)
                await open.miss(row(1))
            }
        })

        it("a table that is no entity's, without harm", async () => {
            await open.cache.invalidate("some_table", 1)
            await open.hit(row(1))
        })

        it("everything, with clear(), and counts on", async () => {
            await open.cache.clear()
            for (const read of [row(1), list, pair("a")]) await open.miss<unknown>(read)
            for (const read of [row(1), list, pair("a")]) await open.hit<unknown>(read)
        })
    })

    it("goes to the database once it is closed, and does not hang on it", async () => {
        open = await openThings(database, store)
        await fill()
        await open.cache.close()
        await open.cache.close()
        await open.expectBypassed(row())
        await open.plain(Thing).update(1, { name: "after" })
        expect(await row()()).to.include({ name: "after" })
    })

    it("leaves no timer behind", async () => {
        const clock = new FakeClock()
        open = await openThings(database, store, { clock })
        await fill()
        await open.plain(Thing).update(1, { name: "x" })
        await open.cache.close()
        expect(clock.pending).to.equal(0)
    })

    it("counts in total, by entity, by query and by region", async () => {
        const clock = new FakeClock()
        open = await openThings(database, store, { clock })
        const { stats } = open.cache
        for (let i = 0; i < 3; i++) await row()()
        for (let i = 0; i < 2; i++) await list()
        for (let i = 0; i < 2; i++) await open.cached(Other).count()
        await open.cached(Thing).find({ cache: false })
        await open.cached(Thing).findBy({ id: In([1, 2, 3]) })
        const thing = { hits: 2 + 1 + 1, misses: 1 + 1 + 2, loads: 3, fills: 4, bypasses: 1, errors: 0 }
        for (const target of [Thing, "Thing", "thing"]) expect(stats.entity(target)).to.include(thing)
        expect(stats.query(Thing)).to.include({ hits: 1, misses: 1, loads: 1, fills: 1 })
        expect(stats.entity(Other)).to.include({ hits: 1, misses: 1, loads: 1 })
        expect(stats.region("things")).to.include({ hits: 5, misses: 5, hitRatio: 0.5 })
        expect(stats.total()).to.include({ hits: 5, misses: 5, loads: 4, hitRatio: 0.5 })
        expect(stats.entity("Nobody")).to.include({ hits: 0, hitRatio: 0 })

        const before = stats.total()
        await open.plain(Thing).update(1, { name: "counted" })
        expect(stats.entity(Thing).invalidations).to.equal(1)
        expect(stats.entity(Other).invalidations).to.equal(0)
        expect(before.invalidations, "a snapshot does not move").to.equal(0)
        expect(before).to.satisfy((it: StatsSnapshot) => Object.isFrozen(it))
        stats.reset()
        expect(stats.total()).to.include({ hits: 0, misses: 0, loads: 0, invalidations: 0, bypasses: 0 })
    })

    it("tells a logger each decision, never a value", async () => {
        const events: CacheLogEvent[] = []
        open = await openThings(database, store, { logger: { log: (event) => events.push(event) } })
        await fill()
        await open.hit(row())
        await open.cached(Thing).findOneBy({ name: "secret-1" })
        await open.cached(Thing).find({ where: { name: "secret-2" } })
        await open.expectBypassed(() => open.cached(Thing).find({ cache: false }))
        await open.plain(Thing).update(1, { name: "secret-9" })
        const actions = new Set(events.map(({ action }) => action))
        expect([...actions]).to.include.members(["hit", "miss", "bypass", "dirty"])
        expect(events.find(({ action }) => action === "bypass")?.reason).to.equal("cache: false")
        for (const event of events) expect(JSON.stringify(event)).to.not.include("secret")
    })

    it("reads on when a logger throws", async () => {
        const logger = {
            log: (): void => {
                throw new Error("disk full")
            },
        }
        open = await openThings(database, store, { logger })
        await open.miss(row())
        await open.hit(row())
    })
})
