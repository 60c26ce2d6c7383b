import { expect } from "chai"
import { CacheError } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { Barrier } from "../../support/Barrier"
import { typeormVersion } from "../../support/resolve"
import { forEachStore } from "../../support/stores"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { Author } from "../../support/entity"
import { closeLocalCaches, openCache, openLocalCache, type OpenCache } from "../repository/openCache"
import { TestDatabase } from "../../support/databases"
import { sqliteBackend } from "../../support/database/sqliteBackend"

const codeOf = (error: unknown): unknown => (error instanceof CacheError ? error.code : error)

forEachStore("values", (store) => {
    const database = new TestDatabase(sqliteBackend)
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store)
        await open.plain(Author).insert({ id: 1, name: "Ann", email: "a" })
    })
    beforeEach(() => open.reset())
    after(async () => {
        await open.cache.close()
        await database.cleanUp()
    })

    /** A TypeORM that does not wait for `beforeQuery` has to be seen once: which stamps to read before the SQL is sent. */
    async function prepare(name: string, load: () => unknown): Promise<void> {
        if (typeormVersion !== "0.3.20") return
        await open.cache.getOrSet(name, load)
        await open.cache.delete(name)
    }

    it("come back as they were, of every type", async () => {
        const value = {
            text: "a",
            number: -0,
            list: [1, undefined, null, NaN],
            date: new Date(5),
            bytes: Buffer.from([0, 255]),
            big: 2n ** 70n,
            map: new Map([[1, new Set(["x"])]]),
            url: new URL("https://example.org/"),
            __proto__: null,
        }
        await open.cache.set("value", value)
        const first = await open.cache.get<typeof value>("value")
        expect(first).to.deep.equal(value)
        first!.list.push(2)
        expect(await open.cache.get("value")).to.deep.equal(value)
    })

    it("may be null and undefined, which are no misses", async () => {
        for (const nothing of [null, undefined]) {
            const name = String(nothing)
            expect(await open.cache.has(name)).to.equal(false)
            let calls = 0
            const load = (): unknown => (calls++, nothing)
            expect(await open.cache.getOrSet(name, load)).to.equal(nothing)
            expect(await open.cache.getOrSet(name, load)).to.equal(nothing)
            expect([calls, await open.cache.has(name), await open.cache.get(name)]).to.deep.equal([1, true, nothing])
        }
    })

    it("may be entities, which come back as instances of the caller's own", async () => {
        const load = async () => ({ author: await open.plain(Author).findOneByOrFail({ id: 1 }), list: [1] })
        await prepare("entity", load)
        const fresh = await open.cache.getOrSet("entity", load)
        const stored = await open.cache.getOrSet("entity", () => expect.fail("it is stored"))
        expect(stored).to.deep.equal(fresh)
        expect((stored as typeof fresh).author).to.be.instanceOf(Author)
        expect((stored as typeof fresh).author).not.to.equal(fresh.author)
    })

    it("are the caller's own: who changes one changes nothing in the cache", async () => {
        const make = () => ({ list: [1], date: new Date(0), map: new Map([[1, { x: 1 }]]), bytes: Buffer.from("abc") })
        const spoil = (value: ReturnType<typeof make>): void => {
            value.list.push(2)
            value.date.setTime(5)
            value.map.get(1)!.x = 9
            value.bytes[0] = 0
        }
        const given = make()
        await open.cache.set("set", given)
        const load = () => open.cache.getOrSet("loaded", async () => make())
        const [first, joined] = await Promise.all([load(), load()])
        expect(first).not.to.equal(joined)
        for (const value of [given, first]) spoil(value)
        expect(joined).to.deep.equal(make())
        for (const name of ["set", "loaded"])
            for (let i = 0; i < 2; i++) {
                const found = await open.cache.get<typeof given>(name)
                expect(found).to.deep.equal(make())
                spoil(found!)
            }
    })

    it("may be loaded by a function that asks for the very value, or for one that asks for it", async () => {
        expect(await open.cache.getOrSet("self", () => open.cache.getOrSet("self", async () => 1))).to.equal(1)
        const both = new Barrier(2)
        void both.arrived.then(() => both.open())
        const ask = (name: string, other: string): Promise<string> =>
            open.cache.getOrSet(name, async () => {
                await both.pass()
                return `${name} of ${await open.cache.getOrSet(other, async () => `${other} of ${name}`)}`
            })
        const found = await Promise.all([ask("a", "b"), ask("b", "a")])
        expect(found.every((text) => text.startsWith("a of") || text.startsWith("b of"))).to.equal(true)
    })

    it("are deleted by name, and their tags take them away", async () => {
        await open.cache.set("a", 1, { tags: ["home", "side"] })
        await open.cache.set("b", 2, { tags: ["home"] })
        await open.cache.set("c", 3)
        expect(await open.cache.delete(["a", "nothing"])).to.equal(1)
        expect(await open.cache.get("a")).to.equal(undefined)
        await open.cache.set("a", 1, { tags: ["home", "side"] })
        await open.cache.invalidateTags(["side"])
        expect([await open.cache.get("a"), await open.cache.get("b")]).to.deep.equal([undefined, 2])
        await open.cache.invalidateTags(["home"])
        expect([await open.cache.get("b"), await open.cache.get("c")]).to.deep.equal([undefined, 3])
    })

    it("are found by patterns, whatever their names, and nothing else is", async () => {
        const names = ["article:1", "article:2:x", "article", "book:1", "a*b", "a?b", "{x}", "ä\n~%", "__proto__"]
        for (const name of names) await open.cache.set(name, name)
        await open.cache.region("other").set("article:1", "kept")
        await open.cached(Author).findOneBy({ id: 1 })
        expect(await open.cache.deletePattern("article:*")).to.equal(2)
        expect(await open.cache.deletePattern("a\\*b")).to.equal(1)
        expect(await open.cache.deletePattern("b??k:?")).to.equal(1)
        expect(await open.cache.deletePattern("ä*")).to.equal(1)
        expect(await open.cache.has("a?b")).to.equal(true)
        expect(await open.cache.deletePattern("*")).to.equal(4)
        expect(await open.cache.region("other").get("article:1")).to.equal("kept")
        await open.hit(() => open.cached(Author).findOneBy({ id: 1 }))
        for (const pattern of ["", "a\\", "x".repeat(1_001), 5 as never])
            expect(codeOf(await open.cache.deletePattern(pattern).catch((error: unknown) => error))).to.equal(
                "E_OPTION",
            )
    })

    it("of long and odd names are kept apart", async () => {
        const names = ["x".repeat(10_000), "x".repeat(9_999), "\ud800", "\ud801", "~", "%7E", " ", "a:b", "a%3Ab"]
        for (const [i, name] of names.entries()) await open.cache.set(name, i)
        for (const [i, name] of names.entries()) expect(await open.cache.get(name)).to.equal(i)
        for (const name of ["", 5 as never, undefined as never])
            expect(codeOf(await open.cache.get(name).catch((error: unknown) => error))).to.equal("E_OPTION")
    })

    it("are loaded once for fifty callers at a time", async () => {
        let calls = 0
        const load = async () => {
            calls++
            await open.plain(Author).count()
            return { calls }
        }
        await prepare("shared", load)
        calls = 0
        const all = await Promise.all(Array.from({ length: 50 }, () => open.cache.getOrSet("shared", load)))
        expect(new Set(all).size).to.equal(50)
        expect(all.every((it) => it.calls === 1)).to.equal(true)
    })

    it("whose loader throws are not stored, and every caller is told", async () => {
        const load = async () => {
            await open.plain(Author).count()
            throw new Error("no")
        }
        const all = await Promise.allSettled([open.cache.getOrSet("bad", load), open.cache.getOrSet("bad", load)])
        expect(all.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"])
        expect(await open.cache.getOrSet("bad", () => 1)).to.equal(1)
    })

    it("that were deleted under way do not come back", async () => {
        for (const change of [
            () => open.cache.delete("late"),
            () => open.cache.set("late", "new"),
            () => open.cache.deletePattern("late*").then(() => open.cache.delete("late")),
            () => open.cache.invalidateTags(["late"]),
        ]) {
            await open.reset()
            const gate = new Barrier()
            const load = async () => {
                await gate.pass()
                return "old"
            }
            const loading = open.cache.getOrSet("late", load, { tags: ["late"] })
            await gate.arrived
            await change()
            gate.open()
            expect(await loading).to.equal("old")
            expect(await open.cache.get("late")).to.not.equal("old")
        }
    })

    it("that cannot be stored are handed out, and refused by set()", async () => {
        const value = { run: () => 1 }
        expect(await open.cache.getOrSet("function", () => value)).to.equal(value)
        expect(await open.cache.has("function")).to.equal(false)
        const circle: Record<string, unknown> = {}
        circle["self"] = circle
        expect(codeOf(await open.cache.set("circle", circle).catch((error: unknown) => error))).to.equal("E_SERIALIZE")
        expect(codeOf(await open.cache.set("x", 1, { ttl: -1 }).catch((error: unknown) => error))).to.equal("E_OPTION")
        expect(codeOf(await open.cache.getOrSet("x", 1 as never).catch((error: unknown) => error))).to.equal("E_OPTION")
    })

    it("are loaded while the store fails, and while the cache is switched off", async () => {
        await open.cache.set("x", 1)
        open.store.fail("read")
        expect(await open.cache.getOrSet("x", () => 2)).to.equal(2)
        open.store.heal()
        open.cache.enabled = false
        expect(await open.cache.getOrSet("x", () => 3)).to.equal(3)
        expect(await open.cache.get("x")).to.equal(undefined)
        open.cache.enabled = true
        expect(await open.cache.get("x")).to.equal(1)
    })

    it("of a region have their own names, and go with it", async () => {
        const users = open.cache.region("users", { ttl: "1m" })
        await users.set("x", "user")
        await open.cache.set("x", "own")
        expect(await users.get("x")).to.equal("user")
        await users.clear()
        expect([await users.get("x"), await open.cache.get("x")]).to.deep.equal([undefined, "own"])
        expect(open.cache.stats.region("users")).to.include({ hits: 1, misses: 1, fills: 1 })
        await users.set("x", "user")
        await open.cache.clear()
        expect(await users.get("x")).to.equal(undefined)
        const different = (): unknown => open.cache.region("users", { ttl: "2m" })
        expect(different).to.throw(CacheError).with.property("code", "E_OPTION")
        expect(open.cache.region("users")).to.equal(users)
        expect(() => open.cache.region("", {})).to.throw(CacheError)
        expect(() => open.cache.region("y", { tier: "lukewarm" as never })).to.throw(CacheError)
    })

    it("beyond the size of a region go, the longest unused first", async () => {
        const small = open.cache.region("small", { maxSize: 2 })
        await small.set("a", 1)
        await small.set("b", 2)
        await small.set("a", 1)
        await small.set("c", 3)
        await open.settled()
        expect([await small.get("a"), await small.get("b"), await small.get("c")]).to.deep.equal([1, undefined, 3])
    })
})

describe("a value", () => {
    afterEach(closeLocalCaches)

    it("lives as long as the nearest setting says", async () => {
        const clock = new FakeClock()
        const { cache } = await openLocalCache({
            cache: { clock, store: new MemoryStore({ clock }), ttl: "1h", ttlJitter: 0 },
        })
        const hot = cache.region("hot", { tier: "hot" })
        const forever = cache.region("forever", { ttl: null })
        await cache.set("own", 1)
        await cache.set("call", 1, { ttl: "1s" })
        await cache.set("null", 1, { ttl: null })
        await hot.set("x", 1)
        await forever.set("x", 1)
        const alive = async () => [
            await cache.has("own"),
            await cache.has("call"),
            await cache.has("null"),
            await hot.has("x"),
            await forever.has("x"),
        ]
        expect(await alive()).to.deep.equal([true, true, true, true, true])
        clock.advance(1_001)
        expect(await alive()).to.deep.equal([true, false, true, true, true])
        clock.advance(60_000)
        expect(await alive()).to.deep.equal([true, false, true, false, true])
        clock.advance(3_600_000)
        expect(await alive()).to.deep.equal([false, false, true, false, true])
        await cache.close()
    })

    it("has a name that tells its query from others", async () => {
        const { cache, dataSource } = await openLocalCache()
        const query = (id: number | string) =>
            dataSource.createQueryBuilder(Author, "a").where("a.id = :id", { id }).orderBy("a.name")
        expect(cache.keyOf(query(1))).to.match(/^query:[\w-]{20,}:v1$/)
        expect(cache.keyOf(query(1))).to.equal(cache.keyOf(query(1)))
        expect(new Set([query(1), query(2), query("1"), query(1).limit(1)].map((it) => cache.keyOf(it))).size).to.equal(
            4,
        )
        expect(() => cache.keyOf({} as never)).to.throw(CacheError)
        await cache.close()
    })
})
