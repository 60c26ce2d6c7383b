import { expect } from "chai"
import { CacheError, MemoryStore, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { Author } from "../../support/entity/Author"
import { Barrier } from "../../support/Barrier"
import { typeormVersion } from "../../support/resolve"
import { closeLocalCaches, openLocalCache, type OpenCache } from "./openCache"

const TTL = 1_000

const READS: Readonly<Record<string, (open: OpenCache) => Promise<unknown>>> = {
    "a row": async (open) => (await open.cached(Author).findOneByOrFail({ id: 1 })).name,
    "a list": async (open) => (await open.cached(Author).find({ order: { id: "ASC" } }))[0]?.name,
    // 0.3.20 stores what a loader gives from its second run on
    ...(typeormVersion !== "0.3.20" && {
        "a value": (open: OpenCache) =>
            open.cache.getOrSet("names", async () => (await open.plain(Author).find())[0]?.name),
    }),
}

describe("a load that takes long", () => {
    let clock: FakeClock
    let open: OpenCache
    let warnings: string[]
    let unhandled: unknown[]
    const onUnhandled = (error: unknown): void => void unhandled.push(error)

    async function start(options: SecondLevelCacheOptions): Promise<void> {
        clock = new FakeClock()
        warnings = []
        open = await openLocalCache({
            cache: {
                ...{ ttl: TTL, ttlJitter: 0, clock, store: new MemoryStore({ clock }) },
                logger: { log: ({ level, action }) => void (level === "warn" && warnings.push(action)) },
                ...options,
            },
        })
        await open.plain(Author).insert({ id: 1, name: "old", email: "1@example.org" })
    }
    beforeEach(() => {
        unhandled = []
        process.on("unhandledRejection", onUnhandled)
    })
    afterEach(async () => {
        process.off("unhandledRejection", onUnhandled)
        await closeLocalCaches()
        expect(unhandled).to.deep.equal([])
    })

    /** Every SELECT waits at a barrier from here on. */
    function slowDown(fail = false): Barrier {
        const barrier = new Barrier()
        const { dataSource } = open
        const createQueryRunner = dataSource.createQueryRunner.bind(dataSource)
        dataSource.createQueryRunner = (...args) => {
            const runner = createQueryRunner(...args)
            const query = runner.query.bind(runner)
            const waiting = async (sql: string, ...rest: []): Promise<unknown> => {
                if (!/^SELECT/.test(sql)) return query(sql, ...rest)
                await barrier.pass()
                if (fail) throw new Error("the database is away")
                return query(sql, ...rest)
            }
            return Object.assign(runner, { query: waiting })
        }
        return barrier
    }
    async function changeUnseen(): Promise<void> {
        const { databaseConnection } = open.dataSource.driver as unknown as {
            databaseConnection: { run: (sql: string) => void }
        }
        databaseConnection.run(`UPDATE "author" SET "name" = 'new'`)
        await open.settled()
    }
    const errorOf = (reading: Promise<unknown>): Promise<unknown> =>
        reading.then(
            () => undefined,
            (reason: unknown) => reason,
        )

    for (const [title, read] of Object.entries(READS)) {
        it(`is waited for no longer than softTimeout where ${title} is there from before`, async () => {
            await start({ staleOnError: "1h", softTimeout: 50 })
            await read(open)
            await changeUnseen()
            clock.advance(TTL)
            const barrier = slowDown()
            const reading = read(open)
            await barrier.arrived
            clock.advance(49)
            await open.settled()
            expect(warnings).to.deep.equal([])
            clock.advance(1)
            expect(await reading).to.equal("old")
            expect(warnings).to.deep.equal(["stale"])
            // it goes on, and fills
            barrier.open()
            await open.settled()
            expect(await open.hit(() => read(open))).to.equal("new")
            expect(open.cache.stats.total()).to.include({ staleHits: 1, loads: 2 })
        })

        it(`is waited for as long as it takes where ${title} is not there`, async () => {
            await start({ staleOnError: "1h", softTimeout: 50 })
            const barrier = slowDown()
            const reading = read(open)
            await barrier.arrived
            clock.advance(10_000)
            barrier.open()
            expect(await reading).to.equal("old")
        })

        it(`is no reason to answer with what a commit has invalidated: ${title}`, async () => {
            await start({ staleOnError: "1h", softTimeout: 50, hardTimeout: 200 })
            await read(open)
            clock.advance(TTL)
            const barrier = slowDown()
            const reading = errorOf(read(open))
            await barrier.arrived
            await open.dataSource.transaction((manager) => manager.update(Author, 1, { name: "new" }))
            clock.advance(50)
            await open.settled()
            clock.advance(150)
            expect(await reading).to.include({ code: "E_LOAD_TIMEOUT" })
            barrier.open()
            await open.settled()
            expect(await read(open)).to.equal("new")
        })

        it(`is given up at hardTimeout: ${title}`, async () => {
            await start({ hardTimeout: 100 })
            const barrier = slowDown()
            const readings = [1, 2].map(() => errorOf(read(open)))
            await barrier.arrived
            clock.advance(99)
            await open.settled()
            clock.advance(1)
            for (const reading of readings) {
                const error = await reading
                expect(error).to.be.instanceOf(CacheError).and.include({ code: "E_LOAD_TIMEOUT" })
                expect((error as Error).message).to.match(/not loaded in 100 ms/)
            }
            // one load for all, which goes on and fills
            barrier.open()
            await open.settled()
            expect(await open.hit(() => read(open))).to.equal("old")
            expect(open.cache.stats.total()).to.include({ loads: 1 })
        })

        it(`is given up at hardTimeout for what is there from before, if that is allowed: ${title}`, async () => {
            await start({ staleOnError: "1h", hardTimeout: 100 })
            await read(open)
            clock.advance(TTL)
            const barrier = slowDown(true)
            const reading = read(open)
            await barrier.arrived
            clock.advance(100)
            expect(await reading).to.equal("old")
            // that it fails later is nobody's business any more
            barrier.open()
            await open.settled()
            expect(open.cache.stats.total()).to.include({ loadFailures: 1 })
        })
    }

    it("leaves nothing in a function around it that makes do without", async () => {
        await start({ hardTimeout: 100 })
        const inner = () => READS["a list"]!(open)
        const patient = open.cache.region("patient", { hardTimeout: null })
        const outer = () => patient.getOrSet("outer", () => inner().catch(() => "nothing"))
        const barrier = slowDown()
        const readings = [inner(), outer()]
        await barrier.arrived
        await open.settled()
        clock.advance(100)
        expect(await readings[0]!.catch((error: CacheError) => error.code)).to.equal("E_LOAD_TIMEOUT")
        expect(await readings[1]).to.equal("nothing")
        barrier.open()
        await open.settled()
        expect(await outer()).to.equal("old")
    })

    it("leaves the time alone where it does not take long", async () => {
        await start({ staleOnError: "1h", softTimeout: 50, hardTimeout: 100 })
        const { pending } = clock
        for (const read of Object.values(READS)) expect(await read(open)).to.equal("old")
        await open.settled()
        expect(clock.pending).to.equal(pending)
    })

    it("fails at once where it fails in time", async () => {
        await start({ hardTimeout: 100 })
        const barrier = slowDown(true)
        const reading = errorOf(READS["a row"]!(open))
        await barrier.arrived
        barrier.open()
        expect(String(await reading)).to.match(/is away/)
    })
})
