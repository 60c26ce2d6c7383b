import { expect } from "chai"
import { EntitySchema, type FindManyOptions, type ObjectLiteral } from "typeorm"
import { cached, CacheError } from "typeorm-second-level-cache"
import { forEachStore } from "../../support/stores"
import { TestDatabase } from "../../support/databases"
import { sqliteBackend } from "../../support/database/sqliteBackend"
import { openCache, type OpenCache } from "./openCache"

interface Row extends ObjectLiteral {
    id: number
    name: string
}

const schema = (name: string): EntitySchema<Row> =>
    new EntitySchema<Row>({ name, columns: { id: { type: "int", primary: true }, name: { type: "varchar" } } })
const Kept = cached(schema("Kept"))
const Plain = schema("Plain")
const Off = cached(schema("Off"), { enabled: false })
const RowsOnly = cached(schema("RowsOnly"), { lists: false })
const SmallLists = cached(schema("SmallLists"))

type Cache = FindManyOptions["cache"]

forEachStore("the cache option of a call", (store) => {
    const database = new TestDatabase(sqliteBackend)
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, {
            entities: [Kept, Plain, Off, RowsOnly, SmallLists],
            cache: { maxSize: 2 },
        })
        for (const entity of ["Kept", "Plain", "Off", "RowsOnly", "SmallLists"])
            await open.plain(entity).insert([
                { id: 1, name: "one" },
                { id: 2, name: "two" },
            ])
    })
    beforeEach(() => open.reset())
    after(() => database.cleanUp())

    const reads = (entity: string, cache?: Cache): Record<string, () => Promise<unknown>> => {
        const repository = open.cached<Row>(entity)
        const own = cache === undefined ? {} : { cache }
        return {
            row: () => repository.findOne({ where: { id: 1 }, ...own }),
            rows: () => repository.find({ where: [{ id: 1 }, { id: 2 }], ...own }),
            list: () => repository.find({ where: { name: "one" }, ...own }),
            count: () => repository.count(own),
            exists: () => repository.exists({ where: { name: "one" }, ...own }),
            page: () => repository.findAndCount({ where: { name: "one" }, ...own }),
        }
    }

    const BYPASSED: [string, string, Cache?][] = [
        ["false", "Kept", false],
        ["0 milliseconds", "Kept", 0],
        ["false for an entity without @Cached", "Plain", false],
        ["nothing for an entity without @Cached", "Plain"],
        ["nothing for an entity that is switched off", "Off"],
    ]
    for (const [title, entity, cache] of BYPASSED)
        it(`${title}: reads the database and stores nothing`, async () => {
            for (const read of Object.values(reads(entity, cache))) await open.expectBypassed(read)
            expect(open.cache.stats.total()).to.include({ bypasses: 12, hits: 0, misses: 0, fills: 0 })
        })

    const KEPT: [string, string, Cache?][] = [
        ["nothing", "Kept"],
        ["true for an entity without @Cached", "Plain", true],
        ["milliseconds for an entity without @Cached", "Plain", 60_000],
        ["a name for an entity without @Cached", "Plain", { id: "plain", milliseconds: 60_000 }],
        ["true for an entity that is switched off", "Off", true],
        ["true", "Kept", true],
    ]
    for (const [title, entity, cache] of KEPT)
        it(`${title}: answers the second read without SQL, until a write`, async () => {
            for (const [name, read] of Object.entries(reads(entity, cache))) {
                await open.cache.clear()
                const first = await open.load(read)
                expect(await open.hit(read), name).to.deep.equal(first)
                await open.plain(entity).update(1, { name: "other" })
                expect(await open.load(read), name).to.deep.equal(await reads(entity, false)[name]!())
                await open.plain(entity).update(1, { name: "one" })
            }
        })

    it("false leaves what is cached in place, and sees behind it", async () => {
        const { row } = reads("Kept")
        await open.miss(row!)
        await open.miss(reads("Kept", false)["row"]!)
        await open.hit(row!)
    })

    describe("a named entry", () => {
        it("goes with its name, whatever it holds, and nothing else does", async () => {
            for (const [name, read] of Object.entries(reads("Kept", { id: "mine", milliseconds: 60_000 }))) {
                const { row, list } = reads("Kept")
                await row!()
                await list!()
                const others = Object.entries(reads("Kept", { id: "others", milliseconds: 60_000 }))
                await open.load(read)
                await open.cache.invalidateTags(["theirs"])
                await open.hit(read)
                await open.cache.invalidateTags(["theirs", "mine"])
                await open.load(read)
                await open.hit(read)
                if (name !== "row" && name !== "rows") await open.hit(row!)
                expect(others).to.have.length(6)
                await open.cache.clear()
            }
        })

        it("may be shared by several reads, each with its own result", async () => {
            const cache = { id: "shared", milliseconds: 60_000 }
            const [row, count] = [reads("Kept", cache)["row"]!, reads("Kept", cache)["count"]!]
            expect(await row()).to.include({ id: 1 })
            expect(await count()).to.equal(2)
            await open.hit(row)
            await open.hit(count)
            await open.cache.invalidateTags(["shared"])
            await open.miss(row)
            await open.miss(count)
        })

        it("does not pass for the same read without a name, nor the other way round", async () => {
            const named = reads("Kept", { id: "named", milliseconds: 60_000 })
            const bare = reads("Kept", 60_000)
            for (const name of ["list", "count", "exists", "page"]) {
                for (const [first, second] of [
                    [named, bare],
                    [bare, named],
                ] as const) {
                    // with no stamp in the store, all tags of the first read get the same one
                    await open.cache.clear()
                    await first[name]!()
                    await second[name]!()
                    await open.plain("Kept").insert({ id: 3, name: "one" })
                    const fresh = await reads("Kept", false)[name]!()
                    for (const read of [first, second, first]) expect(await read[name]!()).to.deep.equal(fresh)
                    await open.plain("Kept").delete(3)
                }
            }
        })

        it("keeps names of any characters apart", async () => {
            const names = [
                "a",
                "a:",
                ":a",
                "a b",
                "{a}",
                "a\n",
                "ä",
                "\ud800",
                "__proto__",
                "constructor",
                "x".repeat(10_000),
            ]
            const read = (id: string) => (): Promise<unknown> =>
                open.cached<Row>("Kept").find({ where: { name: "one" }, cache: { id, milliseconds: 60_000 } })
            for (const name of names) await open.cache.invalidateTags([name])
            for (const name of names) {
                await read(name)()
                await open.hit(read(name))
                await open.cache.invalidateTags(names.filter((other) => other !== name))
                await open.hit(read(name))
                await open.cache.invalidateTags([name])
                await open.miss(read(name))
            }
        })
    })

    it("refuses what is none, as a rejection", async () => {
        for (const cache of [
            "soon",
            -1,
            NaN,
            Infinity,
            { id: "" },
            { id: 7 },
            { milliseconds: -1 },
            Symbol("x"),
            () => 1,
        ])
            for (const [name, read] of Object.entries(reads("Kept", cache as Cache))) {
                const error: unknown = await read().then(
                    () => undefined,
                    (reason: unknown) => reason,
                )
                expect(error, `${name} ${String(cache)}`).to.be.instanceOf(CacheError)
                expect(error).to.include({ code: "E_OPTION" })
                expect((error as CacheError).advice).to.be.a("string")
            }
    })

    it("keeps rows alone with lists: false", async () => {
        const { row, rows, ...others } = reads("RowsOnly")
        await open.miss(row!)
        await open.miss(rows!)
        await open.hit(row!)
        await open.hit(rows!)
        for (const read of Object.values(others)) await open.expectBypassed(read)
        for (const read of Object.values(reads("RowsOnly", true))) await read()
        for (const read of Object.values(reads("RowsOnly", true))) await open.hit(read)
    })

    it("does not store lists that are longer than maxSize", async () => {
        const repository = open.cached<Row>("SmallLists")
        await open.miss(() => repository.find())
        await open.hit(() => repository.find())
        await open.plain("SmallLists").insert({ id: 3, name: "three" })
        open.cache.stats.reset()
        for (let i = 0; i < 2; i++) expect(await open.miss(() => repository.find())).to.have.length(3)
        for (let i = 0; i < 2; i++)
            expect((await open.recorder.during(() => repository.findAndCount())).length).to.be.above(0)
        expect(open.cache.stats.query("SmallLists")).to.include({ fills: 0, misses: 4, rejectedFills: 4 })
        await open.miss(() => repository.find({ take: 2 }))
        await open.hit(() => repository.find({ take: 2 }))
        await open.miss(() => repository.count())
        await open.hit(() => repository.count())
    })
})
