import { expect } from "chai"
import { Column, Entity, In, ManyToOne, PrimaryColumn, type Repository } from "typeorm"
import { Cached, CachedRelation, CacheError, MemoryStore, SecondLevelCache } from "typeorm-second-level-cache"
import type { SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { typeormVersion } from "../../support/resolve"
import { Author } from "../../support/entity/Author"
import { closeLocalCaches, openLocalCache, type OpenCache } from "./openCache"

const TTL = 1_000

@Entity()
@Cached({ staleWhileRevalidate: 500, uniqueKeys: [["code"]] })
class Patient {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @Column({ unique: true })
    code: string

    @ManyToOne(() => Patient, { nullable: true })
    @CachedRelation()
    friend: Patient | null
}

@Entity()
@Cached({ staleWhileRevalidate: null })
class Hasty {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

const READS: Readonly<Record<string, (open: OpenCache) => Promise<unknown>>> = {
    "a row": async (open) => (await open.cached(Author).findOneByOrFail({ id: 1 })).name,
    "several rows": async (open) =>
        (await open.cached(Author).findBy({ id: In([1, 2]) })).find(({ id }) => id === 1)?.name,
    "a list": async (open) => (await open.cached(Author).find({ order: { id: "ASC" } }))[0]?.name,
    "a count": (open) => open.cached(Author).countBy({ name: "new" }),
    // 0.3.20 stores what a loader gives from its second run on
    ...(typeormVersion !== "0.3.20" && {
        "a value": (open: OpenCache) =>
            open.cache.getOrSet("names", async () => (await open.plain(Author).find())[0]?.name),
    }),
}

describe("what is behind its ttl", () => {
    let clock: FakeClock
    let open: OpenCache
    let warnings: string[]

    async function start(options: SecondLevelCacheOptions, entities?: Function[]): Promise<void> {
        clock = new FakeClock()
        warnings = []
        open = await openLocalCache({
            cache: {
                ...{ ttl: TTL, ttlJitter: 0, clock, store: new MemoryStore({ clock }) },
                logger: { log: ({ level, action }) => void (level === "warn" && warnings.push(action)) },
                ...options,
            },
            ...(entities !== undefined && { entities }),
        })
        if (entities !== undefined) return
        await open.plain(Author).insert([1, 2].map((id) => ({ id, name: "old", email: `${id}@example.org` }) as Author))
    }
    afterEach(() => closeLocalCaches())

    /** Changes the rows where no subscriber sees it, as a foreign writer does. */
    async function changeUnseen(sql = `UPDATE "author" SET "name" = 'new' WHERE "id" = 1`): Promise<void> {
        const { databaseConnection } = open.dataSource.driver as unknown as {
            databaseConnection: { run: (sql: string) => void }
        }
        databaseConnection.run(sql)
        await open.settled()
    }
    const breakDatabase = () => changeUnseen(`ALTER TABLE "author" RENAME TO "gone"`)
    const statsOf = () => open.cache.stats.total()
    const old = (title: string): unknown => (title === "a count" ? 0 : "old")
    const changed = (title: string): unknown => (title === "a count" ? 1 : "new")

    describe("with staleWhileRevalidate", () => {
        for (const [title, read] of Object.entries(READS)) {
            it(`is still an answer, once, while ${title} is loaded anew`, async () => {
                await start({ staleWhileRevalidate: 500 })
                await open.miss(() => read(open))
                await changeUnseen()
                clock.advance(TTL - 1)
                expect(await open.hit(() => read(open))).to.equal(old(title))
                expect(statsOf()).to.include({ staleHits: 0, refreshes: 0 })

                clock.advance(500)
                const sent = await open.recorder.during(async () => {
                    expect(await read(open)).to.equal(old(title))
                    await open.settled()
                })
                expect(sent, "in the background").to.have.length(1)
                expect(statsOf()).to.include({ refreshes: 1 })
                expect(statsOf().staleHits).to.equal(title === "several rows" ? 2 : 1)

                expect(await open.hit(() => read(open))).to.equal(changed(title))
                clock.advance(TTL - 1)
                expect(await open.hit(() => read(open))).to.equal(changed(title))
            })

            it(`is none when it is too old, and ${title} is loaded first`, async () => {
                await start({ staleWhileRevalidate: 500 })
                await open.miss(() => read(open))
                await changeUnseen()
                clock.advance(TTL + 500)
                expect(await open.miss(() => read(open))).to.equal(changed(title))
                expect(statsOf()).to.include({ staleHits: 0, refreshes: 0 })
            })

            it(`is none when a commit has invalidated ${title}`, async () => {
                await start({ staleWhileRevalidate: 500 })
                await open.miss(() => read(open))
                clock.advance(TTL + 1)
                await open.dataSource.transaction((manager) => manager.update(Author, 1, { name: "new" }))
                expect(await open.load(() => read(open))).to.equal(changed(title))
                // the other row was not touched
                const isOther = title === "several rows" ? 1 : 0
                expect(statsOf()).to.include({ staleHits: isOther, refreshes: isOther })
            })
        }

        it("is loaded once, however many ask for it", async () => {
            await start({ staleWhileRevalidate: 500 })
            const read = READS["a row"]!
            await open.miss(() => read(open))
            clock.advance(TTL)
            const sent = await open.recorder.during(async () => {
                expect(await Promise.all(Array.from({ length: 20 }, () => read(open)))).to.deep.equal(
                    Array<string>(20).fill("old"),
                )
                await open.settled()
            })
            expect(sent).to.have.length(1)
            expect(statsOf()).to.include({ staleHits: 20, refreshes: 1 })
        })

        it("is not stored anew when a commit comes in between", async () => {
            await start({ staleWhileRevalidate: 500 })
            const read = READS["a row"]!
            await open.miss(() => read(open))
            clock.advance(TTL)
            const barrier = open.store.hold("write")
            expect(await read(open)).to.equal("old")
            await barrier.reached
            await open.dataSource.transaction((manager) => manager.update(Author, 1, { name: "new" }))
            barrier.release()
            await open.settled()
            for (let i = 0; i < 3; i++) expect(await read(open)).to.equal("new")
        })

        it("goes on being an answer when the load fails, which is told and harms nobody", async () => {
            await start({ staleWhileRevalidate: 500 })
            const read = READS["a row"]!
            await open.miss(() => read(open))
            clock.advance(TTL)
            await breakDatabase()
            for (let i = 1; i <= 3; i++) {
                expect(await read(open)).to.equal("old")
                await open.settled()
                expect(warnings).to.deep.equal(Array<string>(i).fill("not refreshed"))
            }
            expect(statsOf()).to.include({ loadFailures: 3 })
        })

        it("is nothing that get() would answer", async () => {
            await start({ staleWhileRevalidate: 500 })
            await open.cache.set("value", 7)
            clock.advance(TTL - 1)
            expect(await open.cache.get("value")).to.equal(7)
            clock.advance(1)
            expect(await open.cache.get("value")).to.equal(undefined)
            expect(await open.cache.has("value")).to.equal(false)
            expect(await open.cache.getOrSet("value", () => 8)).to.equal(7)
            await open.settled()
            expect(await open.cache.get("value")).to.equal(8)
        })

        it("is no part of what a function around it depends on", async () => {
            await start({ staleWhileRevalidate: 500 })
            const inner = () => open.cache.getOrSet("inner", () => open.plain(Author).count())
            for (let i = 0; i < 2; i++) await inner()
            clock.advance(TTL)
            await open.cache.getOrSet("outer", async () => `${await inner()} of them`)
            await open.settled()
            expect(await open.cache.get("outer")).to.equal("2 of them")
        })

        it("is loaded outside a transaction, whose reads never come from there", async () => {
            await start({ staleWhileRevalidate: 500 })
            const read = (items: Repository<Author>) => items.findOneByOrFail({ id: 1 })
            await open.miss(() => read(open.cached(Author)))
            clock.advance(TTL)
            await open.dataSource.transaction(async (manager) => {
                await read(manager.withRepository(open.cached(Author)))
            })
            expect(statsOf()).to.include({ staleHits: 0, refreshes: 0 })
        })
    })

    describe("with earlyRefresh", () => {
        for (const [title, read] of Object.entries(READS))
            it(`does not come to be: ${title} is loaded anew before`, async () => {
                await start({ earlyRefresh: 0.8 })
                await open.miss(() => read(open))
                await changeUnseen()
                clock.advance(0.8 * TTL - 1)
                expect(await open.hit(() => read(open))).to.equal(old(title))
                clock.advance(1)
                const sent = await open.recorder.during(async () => {
                    expect(await read(open)).to.equal(old(title))
                    await open.settled()
                })
                expect(sent).to.have.length(1)
                expect(statsOf()).to.include({ staleHits: 0, refreshes: 1 })
                expect(await open.hit(() => read(open))).to.equal(changed(title))
            })

        it("is gone at its end when nobody asked for it before", async () => {
            await start({ earlyRefresh: 0.8 })
            const read = READS["a row"]!
            await open.miss(() => read(open))
            clock.advance(TTL)
            await open.miss(() => read(open))
        })
    })

    describe("with staleOnError", () => {
        it("counts for a function around it like any other answer", async () => {
            await start({ staleOnError: 5_000 })
            let isAway = false
            const inner = () =>
                open.cache.getOrSet("inner", async () => {
                    if (isAway) throw new Error("the database is away")
                    return (await open.plain(Author).find())[0]!.name
                })
            const outer = () => open.cache.getOrSet("outer", async () => `it is ${await inner()}`)
            // 0.3.20 stores what a loader gives from its second run on
            for (let i = 0; i < 2; i++) await inner()
            clock.advance(TTL)
            isAway = true
            expect(await outer()).to.equal("it is old")
            expect(statsOf()).to.include({ staleHits: 1 })
            isAway = false
            await open.dataSource.transaction((manager) => manager.update(Author, 1, { name: "new" }))
            expect(await outer()).to.equal("it is new")
        })

        for (const [title, read] of Object.entries(READS)) {
            it(`is the answer when ${title} cannot be loaded`, async () => {
                await start({ staleOnError: 5_000 })
                await open.miss(() => read(open))
                clock.advance(TTL + 4_999)
                await breakDatabase()
                expect(await read(open)).to.equal(old(title))
                expect(warnings).to.deep.equal(["stale"])
                expect(statsOf()).to.include({ loadFailures: 1, refreshes: 0 })
                clock.advance(1)
                const error = await read(open).then(
                    () => undefined,
                    (reason: unknown) => reason,
                )
                expect(String(error)).to.match(/no such table/)
            })

            it(`is none while ${title} can be loaded`, async () => {
                await start({ staleOnError: 5_000 })
                await open.miss(() => read(open))
                await changeUnseen()
                clock.advance(TTL)
                expect(await open.miss(() => read(open))).to.equal(changed(title))
                expect(statsOf()).to.include({ staleHits: 0 })
            })

            it(`is none when a commit has invalidated ${title}, before or during the load`, async () => {
                await start({ staleOnError: 5_000 })
                await open.miss(() => read(open))
                clock.advance(TTL)
                // the load fails only once the commit is through
                const { dataSource } = open
                const createQueryRunner = dataSource.createQueryRunner.bind(dataSource)
                let commits = 0
                dataSource.createQueryRunner = (...args) => {
                    const runner = createQueryRunner(...args)
                    const query = runner.query.bind(runner)
                    const failing = async (sql: string, ...rest: []): Promise<unknown> => {
                        if (!/^SELECT/.test(sql)) return query(sql, ...rest)
                        if (commits++ === 0)
                            await dataSource.transaction((manager) => manager.update(Author, 1, { name: "new" }))
                        throw new Error("the database is away")
                    }
                    return Object.assign(runner, { query: failing })
                }
                for (let i = 0; i < 2; i++) {
                    const error = await read(open).then(
                        () => undefined,
                        (reason: unknown) => reason,
                    )
                    expect(String(error)).to.match(/is away/)
                }
            })
        }
    })

    it("is none without these options", async () => {
        await start({})
        for (const read of Object.values(READS)) await open.load(() => read(open))
        clock.advance(TTL)
        for (const read of Object.values(READS)) await open.load(() => read(open))
        expect(statsOf()).to.include({ staleHits: 0, refreshes: 0 })
    })

    it("is of no matter where there is no ttl", async () => {
        await start({ ttl: null, staleWhileRevalidate: 500, earlyRefresh: 0.5, staleOnError: 500 })
        const read = READS["a row"]!
        await open.miss(() => read(open))
        clock.advance(1e9)
        await open.hit(() => read(open))
        expect(statsOf()).to.include({ staleHits: 0, refreshes: 0 })
    })

    describe("is what each entity and region says", () => {
        const LIVES: Readonly<Record<string, (open: OpenCache) => Promise<unknown>>> = {
            "a row": async (open) => (await open.cached(Patient).findOneByOrFail({ id: 1 })).name,
            "several rows": async (open) => (await open.cached(Patient).findBy({ id: In([1, 2]) }))[0]?.name,
            "a list": async (open) => (await open.cached(Patient).find({ order: { id: "ASC" } }))[0]?.name,
            "a row by a unique key": async (open) => (await open.cached(Patient).findOneBy({ code: "a" }))?.name,
            "a relation": async (open) => {
                const [patient] = await open.cached(Patient).find({ where: { id: 2 }, relations: { friend: true } })
                return patient?.friend?.name
            },
            // 0.3.20 stores what a loader gives from its second run on
            ...(typeormVersion !== "0.3.20" && {
                "a value": (open: OpenCache) =>
                    open.cache
                        .region("patient", { staleWhileRevalidate: 500 })
                        .getOrSet("names", async () => (await open.plain(Patient).findOneBy({ id: 1 }))?.name),
            }),
        }
        async function startOwn(options: SecondLevelCacheOptions): Promise<void> {
            await start({ ...options }, [Patient, Hasty])
            await open.plain(Patient).insert([
                { id: 1, name: "old", code: "a" },
                { id: 2, name: "old", code: "b", friend: { id: 1 } },
            ])
            await open.plain(Hasty).insert({ id: 1, name: "old" })
        }
        const change = () => changeUnseen(`UPDATE "patient" SET "name" = 'new'`)

        for (const [title, read] of Object.entries(LIVES))
            it(`where the cache says nothing: ${title}`, async () => {
                await startOwn({})
                await open.load(() => read(open))
                await change()
                clock.advance(TTL)
                expect(await read(open)).to.equal("old")
                await open.settled()
                expect(await open.hit(() => read(open))).to.equal("new")
            })

        it("where the cache says something else, or an entity says no", async () => {
            await startOwn({ staleWhileRevalidate: 10 * TTL })
            const read = async () => (await open.cached(Hasty).findOneByOrFail({ id: 1 })).name
            await open.miss(read)
            await changeUnseen(`UPDATE "hasty" SET "name" = 'new'`)
            clock.advance(TTL)
            expect(await open.miss(read)).to.equal("new")
            const patient = LIVES["a row"]!
            await open.miss(() => patient(open))
            await change()
            clock.advance(TTL + 500)
            expect(await open.miss(() => patient(open))).to.equal("new")
        })

        it("of how long a reader waits", async () => {
            await startOwn({})
            const slow = open.cache.region("slow", { hardTimeout: 50 })
            const reading = slow.getOrSet("name", () => new Promise(() => undefined)).catch((error: unknown) => error)
            await open.settled()
            clock.advance(50)
            expect(await reading).to.include({ code: "E_LOAD_TIMEOUT" })
        })
    })

    it("is refused where its options make no sense", async () => {
        const bad: SecondLevelCacheOptions[] = [
            { softTimeout: 100 },
            { staleOnError: "1h", softTimeout: 100, hardTimeout: 100 },
            { hardTimeout: 0 },
            { staleOnError: "soon" },
            { earlyRefresh: 0 },
        ]
        for (const options of bad)
            expect(() => new SecondLevelCache(options), JSON.stringify(options))
                .to.throw(CacheError)
                .and.include({ code: "E_OPTION" })
        const cache = new SecondLevelCache()
        expect(() => cache.region("soft", { softTimeout: 100 })).to.throw(/staleOnError/)
        await cache.close()
    })
})
