import { expect } from "chai"
import { In } from "typeorm"
import { CacheError, TieredStore, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Author } from "../../support/entity/Author"
import { Book } from "../../support/entity/Book"
import { typeormVersion } from "../../support/resolve"
import { describeRedis } from "../../support/stores"
import { untilNear } from "../../support/untilNear"
import { closeLocalCaches, openLocalCache, type OpenCache } from "../repository/openCache"

const READS: Readonly<Record<string, (open: OpenCache) => Promise<unknown>>> = {
    "a row": (open) => open.cached(Author).findOneBy({ id: 1 }),
    "a row by a unique key": (open) => open.cached(Author).findOneBy({ email: "1@example.org" }),
    "several rows": (open) => open.cached(Author).findBy({ id: In([1, 2, 3]) }),
    "a list": (open) => open.cached(Author).find({ order: { id: "DESC" } }),
    relations: (open) => open.cached(Author).find({ relations: { books: true }, order: { id: "ASC" } }),
    // 0.3.20 stores what a loader gives from its second run on
    ...(typeormVersion !== "0.3.20" && {
        "a value": (open: OpenCache) => open.cache.getOrSet("names", () => open.plain(Author).find()),
    }),
}

describeRedis("distributedLock", (redis) => {
    let prefix: string
    beforeEach(() => (prefix = redis.prefix()))
    afterEach(closeLocalCaches)

    /**
     * One of several processes that share a Redis. Each has a database of its own, with rows that say whose they are, so
     * that it can be seen who has loaded what.
     */
    async function open(
        name: string,
        { lock = "20s", ...options }: SecondLevelCacheOptions & { lock?: boolean | string; near?: boolean } = {},
    ): Promise<OpenCache> {
        const { near = false, ...cache } = options
        const far = new RedisStore({ client: redis.createClient(), distributedLock: lock })
        const store = near ? new TieredStore({ far }) : far
        const opened = await openLocalCache({ cache: { ...cache, store, prefix } })
        if (store instanceof TieredStore) await untilNear(store)
        const day = new Date(0)
        const authors = [1, 2, 3].map((id) => ({
            id,
            name,
            email: `${id}@example.org`,
            createdAt: day,
            updatedAt: day,
        }))
        await opened.plain(Author).insert(authors)
        await opened.plain(Book).insert([1, 2].map((id) => ({ title: `${name} ${id}`, author: { id } })))
        await opened.settled()
        opened.store.reset()
        return opened
    }

    const openTwo = async (options?: Parameters<typeof open>[1]): Promise<[OpenCache, OpenCache]> => [
        await open("first", options),
        await open("second", options),
    ]

    /** Begins a read of the first that has loaded, and stops before it stores. */
    async function begin(first: OpenCache, read: (open: OpenCache) => Promise<unknown>) {
        const fill = first.store.hold("write")
        const reading = read(first)
        await fill.reached
        return { end: async () => (fill.release(), reading) }
    }

    /** Has looked for the entry some times, and so waits for another process. */
    async function untilWaiting(second: OpenCache): Promise<void> {
        while (second.store.calls.filter(({ method }) => method === "read").length < 4)
            await new Promise((resolve) => setTimeout(resolve, 1))
    }

    for (const near of [false, true])
        for (const [title, read] of Object.entries(READS))
            it(`lets one process load ${title}, and the other take it${near ? ", behind a near tier" : ""}`, async () => {
                const [first, second] = await openTwo({ near })
                const { end } = await begin(first, read)
                const results: unknown[] = []
                const sent = await second.recorder.during(async () => {
                    const reading = [1, 2, 3].map(() => read(second))
                    await untilWaiting(second)
                    const loaded = await end()
                    for (const result of await Promise.all(reading)) results.push([result, loaded])
                })
                expect(sent).to.deep.equal([])
                for (const [result, loaded] of results as [unknown, unknown][]) expect(result).to.deep.equal(loaded)
                expect(second.cache.stats.total()).to.include({ loads: 0, errors: 0 })
                await second.hit(() => read(second))
            })

    it("is off unless asked for", async () => {
        const [first, second] = await openTwo({ lock: false })
        const { end } = await begin(first, READS["a row"]!)
        expect(await second.miss(() => READS["a row"]!(second))).to.include({ name: "second" })
        await end()
        expect(second.store.calls.filter(({ method }) => method.endsWith("lock"))).to.deep.equal([])
    })

    it("takes one trip more for a miss, and gives the lock back behind the answer", async () => {
        const first = await open("first")
        await READS["a row"]!(first)
        await first.settled()
        expect(first.store.calls.map(({ method }) => method)).to.deep.equal([
            "read",
            "stamp",
            "lock",
            "write",
            "unlock",
        ])
        first.store.reset()
        await first.hit(() => READS["a row"]!(first))
        expect(first.store.trips).to.equal(1)
        expect(await redis.client().keys(`${prefix}:l:*`)).to.deep.equal([])
    })

    it("locks each of several rows by itself", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, (it) => it.cached(Author).findOneBy({ id: 2 }))
        const reading = second.cached(Author).findBy({ id: In([1, 2, 3]) })
        await untilWaiting(second)
        await end()
        const names = (await reading).sort((a, b) => a.id - b.id).map(({ name }) => name)
        expect(names).to.deep.equal(["second", "first", "second"])
    })

    for (const [title, write] of Object.entries({
        "in the other process": (_: OpenCache, second: OpenCache) => second.plain(Author).update(1, { name: "new" }),
        "in a third one": async () => {
            const third = await open("third")
            await third.plain(Author).update(1, { name: "new" })
        },
    }))
        it(`does not wait for what was loaded before a commit ${title}`, async () => {
            const [first, second] = await openTwo()
            const { end } = await begin(first, READS["a row"]!)
            await write(first, second)
            // the first one still holds its lock
            const name = title.startsWith("in a third") ? "second" : "new"
            expect(await second.miss(() => READS["a row"]!(second))).to.include({ name })
            await end()
            // what the first one has stored late is a miss
            expect(await READS["a row"]!(second)).to.include({ name })
        })

    it("takes nothing that a commit has invalidated while it waited", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, READS["a row"]!)
        const look = second.store.hold("read")
        const reading = READS["a row"]!(second)
        await look.reached
        const third = await open("third")
        await third.plain(Author).update(1, { name: "new" })
        await end()
        look.release()
        expect(await reading).to.include({ name: "second" })
    })

    it("waits no longer for a load that a commit has made useless, nor does anybody else", async () => {
        const [first, second] = await openTwo()
        const third = await open("third")
        const { end } = await begin(first, READS["a row"]!)
        const readings = Array.from({ length: 20 }, () => READS["a row"]!(second))
        await untilWaiting(second)
        await third.cache.invalidate(Author, 1)
        // the first one still holds its lock
        for (const reading of readings) expect(await reading).to.include({ name: "second" })
        expect(second.cache.stats.total()).to.include({ loads: 1, fills: 1 })
        expect(await second.hit(() => READS["a row"]!(second))).to.include({ name: "second" })
        await end()
    })

    it("loads once for all who waited when everything was cleared meanwhile", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, READS["a row"]!)
        const readings = Array.from({ length: 20 }, () => READS["a row"]!(second))
        await untilWaiting(second)
        await second.cache.clear()
        for (const reading of readings) expect(await reading).to.include({ name: "second" })
        expect(second.cache.stats.total()).to.include({ loads: 1, fills: 1 })
        await end()
    })

    it("ends the wait when the load of other rows of the read has failed", async () => {
        const [first, second] = await openTwo({ lock: "300ms" })
        const { end } = await begin(first, (it) => it.cached(Author).findOneBy({ id: 2 }))
        const { createQueryRunner } = second.dataSource
        const unhandled: unknown[] = []
        const onUnhandled = (error: unknown): void => void unhandled.push(error)
        process.on("unhandledRejection", onUnhandled)
        second.dataSource.createQueryRunner = () => {
            throw new Error("the database is away")
        }
        const error = await second
            .cached(Author)
            .findBy({ id: In([1, 2, 3]) })
            .catch((reason: unknown) => reason)
        expect(String(error)).to.match(/is away/)
        const { trips } = second.store
        await new Promise((resolve) => setTimeout(resolve, 400))
        expect(second.store.trips - trips, "nobody waits any more").to.be.at.most(1)
        expect(unhandled).to.deep.equal([])
        process.off("unhandledRejection", onUnhandled)
        second.dataSource.createQueryRunner = createQueryRunner
        await end()
    })

    it("gives the locks of what it has loaded back before it waits on", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, (it) => it.cached(Author).findOneBy({ id: 2 }))
        const reading = second.cached(Author).findBy({ id: In([1, 2]) })
        await untilWaiting(second)
        while ((await redis.client().keys(`${prefix}:l:*`)).length > 1) await new Promise(setImmediate)
        await end()
        expect(await reading).to.have.length(2)
    })

    it("gives back a lock whose answer came too late", async () => {
        const [first, second] = await openTwo({ storeTimeout: "100ms", circuitBreaker: false })
        const lock = second.store.after("lock", () => new Promise((resolve) => setTimeout(resolve, 150)))
        expect(await READS["a row"]!(second)).to.include({ name: "second" })
        lock()
        while ((await redis.client().keys(`${prefix}:l:*`)).length > 0) await new Promise(setImmediate)
        await second.plain(Author).update(1, { name: "new" })
        expect(await first.miss(() => READS["a row"]!(first))).to.include({ name: "first" })
    })

    it("lets nobody wait once the cache is closed", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, READS["a row"]!)
        const reading = READS["a row"]!(second)
        await untilWaiting(second)
        await second.cache.close()
        expect(await reading).to.include({ name: "second" })
        await end()
    })

    it("loads by itself as soon as the load of the other has failed", async () => {
        const [first, second] = await openTwo()
        let fail!: (error: Error) => void
        const failing = first.cache.getOrSet("value", () => new Promise((_, reject) => (fail = reject)))
        failing.catch(() => undefined)
        while (fail === undefined) await new Promise(setImmediate)
        const reading = second.cache.getOrSet("value", () => 2)
        await untilWaiting(second)
        fail(new Error("no luck"))
        expect(await reading).to.equal(2)
        expect(await failing.catch((error: Error) => error.message)).to.equal("no luck")
    })

    it("loads by itself as soon as the other has loaded what is not to be stored", async () => {
        const [first, second] = await openTwo()
        let answer!: (value: number) => void
        const loading = first.cache.getOrSet("value", () => new Promise<number>((resolve) => (answer = resolve)), {
            unless: () => true,
        })
        while (answer === undefined) await new Promise(setImmediate)
        const reading = second.cache.getOrSet("value", () => 2)
        await untilWaiting(second)
        answer(1)
        expect(await Promise.all([loading, reading])).to.deep.equal([1, 2])
    })

    it("waits no longer than it says for a process that is gone", async () => {
        const [first, second] = await openTwo({ lock: "100ms" })
        const { end } = await begin(first, READS["a row"]!)
        expect(await second.miss(() => READS["a row"]!(second))).to.include({ name: "second" })
        expect(second.store.calls.filter(({ method }) => method === "read")).to.have.length.greaterThan(3)
        await end()
    })

    it("waits no longer for one whose lock is renewed again and again", async () => {
        const [first, second] = await openTwo({ lock: "100ms" })
        const { end } = await begin(first, READS["a row"]!)
        let isOver = false
        const renewing = (async () => {
            const client = redis.client()
            while (!isOver) for (const key of await client.keys(`${prefix}:l:*`)) await client.persist(key)
        })()
        expect(await second.miss(() => READS["a row"]!(second))).to.include({ name: "second" })
        isOver = true
        await Promise.all([renewing, end()])
    })

    for (const directly of [false, true])
        it(`makes nobody wait for himself, or in a circle${directly ? " that others close" : ""}`, async () => {
            const [first, second] = await openTwo()
            let started = 0
            let go!: () => void
            const both = new Promise<void>((resolve) => (go = resolve))
            const crosswise = ({ cache }: OpenCache, own: string, other: string): Promise<string> =>
                cache.getOrSet(own, async () => {
                    if (++started === 2 && !directly) go()
                    await both
                    return `${own} with ${await cache.getOrSet(other, () => other)}`
                })
            const start = performance.now()
            const reading = [crosswise(first, "a", "b"), crosswise(second, "b", "a")]
            if (directly) {
                while (started < 2) await new Promise(setImmediate)
                // each waits for the lock of the other process
                for (const open of [first, second]) open.store.reset()
                reading.push(
                    first.cache.getOrSet("b", () => "b"),
                    second.cache.getOrSet("a", () => "a"),
                )
                for (const open of [first, second]) await untilWaiting(open)
                go()
            }
            expect((await Promise.all(reading)).slice(0, 2)).to.deep.equal(["a with b", "b with a"])
            expect(performance.now() - start, "nobody has waited for a lock to fall").to.be.below(15_000)
        })

    it("loads by itself when Redis fails at the lock", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, READS["a row"]!)
        second.store.fail("lock", new CacheError("E_STORE", "away"))
        expect(await second.miss(() => READS["a row"]!(second))).to.include({ name: "second" })
        await end()
    })

    it("loads by itself when Redis fails while it waits", async () => {
        const [first, second] = await openTwo()
        const { end } = await begin(first, READS["a row"]!)
        const reading = READS["a row"]!(second)
        await untilWaiting(second)
        second.store.fail("read", new CacheError("E_STORE", "away"))
        expect(await reading).to.include({ name: "second" })
        second.store.heal()
        await end()
    })

    it("loads anew, in the background, in one process alone", async () => {
        const [first, second] = await openTwo({ ttl: 100, ttlJitter: 0, staleWhileRevalidate: "1h" })
        await READS["a row"]!(first)
        await second.hit(() => READS["a row"]!(second))
        await new Promise((resolve) => setTimeout(resolve, 120))
        const fill = first.store.hold("write")
        await READS["a row"]!(first)
        await fill.reached
        for (let i = 0; i < 3; i++)
            expect(await second.hit(() => READS["a row"]!(second))).to.include({ name: "first" })
        expect(second.cache.stats.total()).to.include({ loads: 0, refreshes: 0 })
        expect(second.store.calls.filter(({ method }) => method === "lock")).to.have.length(1)
        fill.release()
        await first.settled()
    })

    it("takes no answer from behind its ttl for one that has just been loaded", async () => {
        const [first, second] = await openTwo({ ttl: 500, ttlJitter: 0, staleOnError: "1h" })
        await READS["a row"]!(first)
        const { databaseConnection } = first.dataSource.driver as unknown as {
            databaseConnection: { run: (sql: string) => void }
        }
        databaseConnection.run(`UPDATE "author" SET "name" = 'first, again'`)
        await new Promise((resolve) => setTimeout(resolve, 520))
        const { end } = await begin(first, READS["a row"]!)
        const reading = READS["a row"]!(second)
        await untilWaiting(second)
        await end()
        expect(await reading).to.include({ name: "first, again" })
        expect(second.cache.stats.total()).to.include({ staleHits: 0, loads: 0 })
    })

    it("is refused with a length of time that is none", () => {
        for (const distributedLock of ["soon", 0, -1, null, {}])
            expect(() => new RedisStore({ client: redis.client(), distributedLock: distributedLock as never }))
                .to.throw(CacheError)
                .and.include({ code: "E_OPTION" })
    })
})
