import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FakeClock, FaultyStore } from "typeorm-second-level-cache/testing"
import type { StoreMethod } from "../../lib/testing/FaultyStore"
import { MemoryStore } from "../../lib/store/MemoryStore"
import { Item } from "../race/Item"
import { Barrier } from "../support/Barrier"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"

const METHODS: readonly StoreMethod[] = ["read", "stamp", "write", "fence", "release", "delete"]
const TIMEOUT = 500
const FENCE = 30_000
/** Longer than the longest wait between two tries to deliver an invalidation. */
const RETRY = 5_000

forEachDatabase("a store that is away", (database) => {
    let clock: FakeClock
    let store: FaultyStore
    let cache: SecondLevelCache
    let logger: QueryRecorder
    let dataSource: DataSource
    let items: CachedRepository<Item>

    beforeEach(() => open())
    afterEach(close)

    async function open(options: SecondLevelCacheOptions = {}): Promise<void> {
        clock = new FakeClock()
        store = new FaultyStore(new MemoryStore({ clock }))
        cache = new SecondLevelCache({ store, clock, storeTimeout: TIMEOUT, fence: FENCE, ...options })
        logger = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger })
        await dataSource.manager.insert(
            Item,
            [1, 2].map((id) => ({ id, code: `code-${id}`, kind: "kind", state: 0 })),
        )
        items = new CachedRepository(Item, dataSource.manager)
    }
    async function close(): Promise<void> {
        await cache.close()
        await database.cleanUp()
    }

    const away = (...methods: StoreMethod[]): void => methods.forEach((method) => void store.fail(method))
    const write = (state: number): Promise<unknown> =>
        dataSource.transaction((manager) => manager.update(Item, 1, { state }))

    /** What every kind of read says of row 1, and how many SELECTs it took. */
    async function read(): Promise<{ states: number[]; selects: number }> {
        const { length } = logger.selects
        const states = [
            (await items.findOneByOrFail({ id: 1 })).state,
            (await items.find({ where: { kind: "kind" }, order: { id: "ASC" } }))[0]!.state,
            (await items.findOneByOrFail({ code: "code-1" })).state,
            (await items.sum("state", { kind: "kind" }))!,
        ]
        return { states, selects: logger.selects.length - length }
    }
    const all = (state: number): number[] => [state, state, state, Number(state)]
    async function expectHits(state: number): Promise<void> {
        await read()
        const { states, selects } = await read()
        expect({ states: states.map(Number), selects }).to.deep.equal({ states: all(state), selects: 0 })
    }
    async function expectLoads(state: number): Promise<void> {
        const { states, selects } = await read()
        expect(states.map(Number)).to.deep.equal(all(state))
        expect(selects).to.be.at.least(4)
    }
    /** Lets time pass until nothing more is to be delivered, or the number of retries is spent. */
    async function deliver(times = 1): Promise<void> {
        for (let i = 0; i < times; i++) {
            clock.advance(RETRY)
            await new Promise((resolve) => setImmediate(resolve))
        }
    }

    it("from the start is read around, written past, and used when it is back", async () => {
        away(...METHODS)
        await expectLoads(0)
        await write(1)
        await expectLoads(1)
        expect(cache.stats.total().errors).to.be.greaterThan(0)
        store.heal()
        await expectLoads(1)
        await deliver()
        await expectHits(1)
    })

    for (const method of METHODS)
        it(`for ${method} only never costs an answer or a write`, async () => {
            await expectHits(0)
            away(method)
            await write(1)
            for (let i = 0; i < 3; i++) expect((await read()).states.map(Number)).to.deep.equal(all(1))
            store.heal()
            await deliver()
            await expectHits(1)
        })

    it("for fences and releases holds the rows of this process until the invalidation is delivered", async () => {
        await expectHits(0)
        away("fence", "release")
        await write(1)
        for (let i = 0; i < 3; i++) await expectLoads(1)
        await deliver(20)
        await expectLoads(1)
        await write(2)
        await expectLoads(2)
        store.heal()
        await expectLoads(2)
        await deliver()
        await expectHits(2)
    })

    it("delivers what waited without any more reads or writes", async () => {
        away("fence", "release")
        await write(1)
        const delivered = new Promise<void>((resolve) => void store.after("release", () => resolve()))
        store.reset()
        clock.advance(RETRY)
        await new Promise((resolve) => setImmediate(resolve))
        expect(store.calls.map((call) => call.method)).to.deep.equal(["release"])
        store.heal()
        store.after("release", () => void delivered)
        await deliver()
        expect(store.calls.filter((call) => call.method === "release")).to.have.length(2)
        await expectHits(1)
    })

    it("that has done a release whose answer was lost is told again", async () => {
        await expectHits(0)
        let isLost = true
        store.after("release", () => {
            if (isLost) throw new Error("the answer is lost")
        })
        await write(1)
        await expectLoads(1)
        isLost = false
        await deliver()
        await expectHits(1)
    })

    it("may have answered before an invalidation that is delivered before its answer arrives", async () => {
        await expectHits(0)
        const endOfFences = store.fail("fence")
        const endOfReleases = store.fail("release")
        await write(1)
        let isFirst = true
        const end = store.after("read", async () => {
            if (!isFirst) return
            isFirst = false
            for (const heal of [endOfFences, endOfReleases]) heal()
            store.reset()
            clock.advance(TIMEOUT / 2)
            expect(store.calls.map((call) => call.method)).to.deep.equal(["release"])
            await Promise.resolve()
        })
        expect((await items.findOneByOrFail({ id: 1 })).state).to.equal(1)
        end()
        await expectHits(1)
    })

    const itConcurrently = database.isConcurrent ? it : (): void => undefined
    itConcurrently("holds a row for a write under way, though an earlier one is delivered meanwhile", async () => {
        await expectHits(0)
        const endOfFences = store.fail("fence")
        const endOfReleases = store.fail("release")
        await write(1)
        endOfFences()
        const barrier = new Barrier()
        store.before("fence", async () => {
            await barrier.pass()
            throw new Error("still away")
        })
        const writing = write(2)
        await barrier.arrived
        endOfReleases()
        clock.advance(TIMEOUT / 2)
        for (let i = 0; i < 3; i++) expect((await read()).states.map(Number)).to.deep.equal(all(1))
        store.fail("release")
        barrier.open()
        await writing
        await expectLoads(2)
        store.heal()
        await deliver()
        await expectHits(2)
    })

    for (const method of ["read", "stamp", "write"] as const)
        it(`and hangs in ${method} holds a reader for storeTimeout and no longer`, async () => {
            const barrier = store.hold(method)
            const reading = items.findOneByOrFail({ id: 1 })
            await barrier.reached
            clock.advance(TIMEOUT)
            expect((await reading).state).to.equal(0)
            barrier.release()
        })

    for (const method of ["fence", "release"] as const)
        it(`and hangs in ${method} holds a writer for storeTimeout and no longer`, async () => {
            await expectHits(0)
            const barrier = store.hold(method)
            const writing = write(1)
            await barrier.reached
            clock.advance(TIMEOUT)
            await writing
            expect((await read()).states.map(Number)).to.deep.equal(all(1))
            barrier.release()
            await deliver()
            // a fence that comes late, behind its release, stands until its deadline
            if (method === "fence") clock.advance(FENCE)
            await expectHits(1)
        })

    it("and stays away lets close() end after one try", async () => {
        away("fence", "release")
        for (let i = 1; i <= 20; i++) await write(i)
        store.heal()
        store.reset()
        const barrier = store.hold("release")
        const closing = cache.close()
        await barrier.reached
        clock.advance(TIMEOUT)
        await closing
        expect(store.trips).to.equal(1)
        barrier.release()
    })

    it("for long keeps no more of many writes than their tags, and forgets none", async () => {
        await close()
        // whoever is not called is told nothing that could be counted
        await open({ circuitBreaker: false })
        const other = async (): Promise<number> => (await items.findOneByOrFail({ id: 2 })).state
        expect(await other()).to.equal(0)
        away("fence", "release")
        for (let i = 1; i <= 250; i++) await write(i)
        await expectLoads(250)
        store.heal()
        store.reset()
        let delivered = 0
        const late = new Promise<void>((resolve) => {
            store.after("release", async () => {
                // what fails while the last of them is under way must not be taken for delivered with it
                if (++delivered !== 101) return
                away("fence", "release")
                for (let i = 1; i <= 100; i++) await write(i)
                await dataSource.transaction((manager) => manager.update(Item, 2, { state: 9 }))
                resolve()
            })
        })
        // less than storeTimeout: the clock does not wait for answers
        clock.advance(TIMEOUT / 2)
        await late
        expect(store.calls.filter((call) => call.method === "release")).to.have.length(101 + 101)
        await new Promise((resolve) => setImmediate(resolve))
        store.heal()
        expect(await other()).to.equal(9)
        await deliver(2)
        expect(store.calls.filter((call) => call.method === "release")).to.have.length(101 + 101 + 101)
        expect(await other()).to.equal(9)
        await dataSource.transaction((manager) => manager.delete(Item, 2))
        await expectHits(100)
    })

    it("is not called any more once it is taken for broken, and delivers what waited when it is back", async () => {
        await expectHits(0)
        away(...METHODS)
        await write(1)
        for (let i = 0; i < 4; i++) await expectLoads(1)
        store.reset()
        // a reader waits for nothing, and a writer neither
        for (let i = 2; i <= 4; i++) {
            await write(i)
            await expectLoads(i)
        }
        expect(store.trips).to.equal(0)
        clock.advance(RETRY)
        await new Promise((resolve) => setImmediate(resolve))
        expect([...new Set(store.calls.map((call) => call.method))], "a look, once in a while").to.deep.equal(["read"])
        store.heal()
        store.reset()
        clock.advance(1_000)
        await new Promise((resolve) => setImmediate(resolve))
        expect([...new Set(store.calls.map((call) => call.method))]).to.deep.equal(["read", "release"])
        await expectHits(4)
    })

    it("refuses commits at once while it is taken for broken, where that is wanted", async () => {
        await close()
        await open({ onStoreFailure: "abort" })
        await expectHits(0)
        away(...METHODS)
        for (let i = 0; i < 4; i++) await read()
        store.reset()
        const failure = await write(1).catch((error: unknown) => error)
        expect(failure).to.include({ code: "E_COMMIT_REFUSED" })
        expect(store.trips).to.equal(0)
        expect((await read()).states.map(Number)).to.deep.equal(all(0))
    })
})
