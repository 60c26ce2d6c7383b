import { expect } from "chai"
import { Redis } from "ioredis"
import type { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { FakeClock, FaultyStore } from "typeorm-second-level-cache/testing"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"

const IDS = [1, 2, 3, 4, 5]
const MINUTE = 60_000
const STEP = 50

forEachDatabase("a Redis that is away for a minute", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name !== "sqlite") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    let admin: Redis
    let clock: FakeClock
    let store: FaultyStore
    let underWay: number
    let cache: SecondLevelCache
    let logger: QueryRecorder
    let dataSource: DataSource
    let items: CachedRepository<Item>
    /** What the database has. */
    let states: number[]

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        // what it had when it was killed is there when it comes back
        server = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] })
        admin = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
        admin.on("error", () => undefined)
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
        admin.disconnect()
        await server.stop()
    })

    async function open(options: SecondLevelCacheOptions = {}): Promise<void> {
        clock = new FakeClock()
        underWay = 0
        const redis = new RedisStore({ url: server.url, options: { retryStrategy: () => 5 } })
        store = new FaultyStore(
            new Proxy(redis, {
                get(target, name) {
                    const value: unknown = Reflect.get(target, name, target)
                    if (typeof value !== "function") return value
                    return (...args: unknown[]) => {
                        const outcome: unknown = value.apply(target, args)
                        if (!(outcome instanceof Promise)) return outcome
                        underWay++
                        const end = (): void => void underWay--
                        outcome.then(end, end)
                        return outcome as unknown
                    }
                },
            }),
        )
        cache = new SecondLevelCache({ store, clock, ...options })
        logger = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger })
        await dataSource.manager.insert(
            Item,
            IDS.map((id) => ({ id, code: `code-${id}`, kind: "kind", state: 0 })),
        )
        states = IDS.map(() => 0)
        items = new CachedRepository(Item, dataSource.manager)
        await expectHits()
    }

    async function write(id: number, state: number): Promise<void> {
        await dataSource.transaction((manager) => manager.update(Item, id, { state }))
        states[id - 1] = state
    }

    /** Every row by its key, and all of them as a list; fails when any is not as the database has it. */
    async function read(): Promise<{ selects: number }> {
        const { length } = logger.selects
        const rows: Item[] = []
        for (const id of IDS) rows.push(await items.findOneByOrFail({ id }))
        expect(rows.map((row) => row.state)).to.deep.equal(states)
        const list = await items.find({ where: { kind: "kind" }, order: { id: "ASC" } })
        expect(list.map((row) => row.state)).to.deep.equal(states)
        return { selects: logger.selects.length - length }
    }
    async function expectHits(): Promise<void> {
        await read()
        expect(await read()).to.deep.equal({ selects: 0 })
    }

    /** Until what the clock set off has come to its end: the client's own patience is no part of the minute. */
    async function settle(): Promise<void> {
        do await new Promise((resolve) => setImmediate(resolve))
        while (underWay > 0)
    }
    /** Lets time pass, step by step. */
    async function pass(milliseconds: number, each: (elapsed: number) => Promise<unknown> = async () => {}) {
        for (let elapsed = STEP; elapsed <= milliseconds; elapsed += STEP) {
            clock.advance(STEP)
            await settle()
            await each(elapsed)
        }
    }
    const content = async (): Promise<Map<string, string | null>> => {
        const keys = (await admin.keys("*")).sort()
        const values = await admin.mget(keys)
        return new Map(keys.map((key, i) => [key, values[i] ?? null]))
    }

    it("and comes back as it was is never read for what was written meanwhile", async () => {
        await open()
        const before = await content()
        await server.kill()
        store.reset()
        let count = 0
        await pass(MINUTE, async (elapsed) => {
            // more than are kept one by one
            if (elapsed % 400 === 0) await write(IDS[count % 4]!, ++count)
            if (elapsed % 1_000 === 0) expect((await read()).selects).to.equal(IDS.length + 1)
        })
        // until it is taken for broken, and then one look a second
        expect(store.calls.filter(({ method }) => method !== "read").length, "writes").to.be.at.most(10)
        expect(store.calls.filter(({ keys }) => keys.length > 0).length, "reads").to.be.at.most(10)
        expect(store.trips).to.be.within(30, 75)

        await server.restart()
        expect(await content()).to.deep.equal(before)
        await read()
        const barrier = store.hold("release")
        store.reset()
        clock.advance(1_000)
        await barrier.reached
        // it is asked again, and what it says is old
        await read()
        expect(store.calls.filter(({ method, keys }) => method === "read" && keys.length > 0)).to.not.deep.equal([])
        expect(await content()).to.deep.equal(before)
        barrier.release()
        await settle()
        await read()

        const written = IDS.slice(0, 4).map((id) => `:t:row:item:${id}`)
        const after = await content()
        for (const [tag, stamp] of before)
            if (written.some((end) => tag.endsWith(end)) || tag.endsWith(":t:table:item"))
                expect(after.get(tag), tag).to.be.a("string").and.not.equal(stamp).and.not.match(/^!/)
        expect(store.calls.filter(({ method }) => method === "release").length).to.be.within(1, 101)
        await expectHits()
        await write(1, ++count)
        await expectHits()
    })

    it("is told what it missed at growing intervals, where nothing keeps it from being called", async () => {
        await open({ circuitBreaker: false })
        await server.kill()
        for (let i = 1; i <= 20; i++) await write(IDS[i % 5]!, i)
        await settle()
        const start = clock.now()
        const tries: number[] = []
        store.before("release", () => void tries.push(clock.now()))
        await pass(MINUTE, async (elapsed) => {
            if (elapsed % 5_000 === 0) expect((await read()).selects).to.equal(IDS.length + 1)
        })
        const pauses = tries.map((time, i) => time - (tries[i - 1] ?? start))
        expect(pauses).to.deep.equal([...pauses].sort((a, b) => a - b))
        expect(tries.filter((time) => time - start <= 6_500).length).to.be.within(5, 8)
        expect(tries.length).to.be.within(15, 20)
        expect(Math.max(...pauses)).to.be.within(5_000, 5_000 + STEP)

        await server.restart()
        await read()
        await pass(5_000 + STEP)
        await expectHits()
    })

    it("keeps every write from being committed, where that is wanted", async () => {
        await open({ onStoreFailure: "abort" })
        await server.kill()
        await pass(MINUTE, async (elapsed) => {
            if (elapsed % 3_000 !== 0) return
            const failure = await write(1, elapsed).catch((error: unknown) => error)
            expect(failure).to.include({ code: "E_COMMIT_REFUSED" })
            expect((await read()).selects).to.equal(IDS.length + 1)
        })
        await server.restart()
        await read()
        await pass(5_000 + STEP)
        await write(1, 1)
        await expectHits()
    })
})
