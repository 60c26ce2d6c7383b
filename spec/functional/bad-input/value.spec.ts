import { expect } from "chai"
import { EntitySchema, In } from "typeorm"
import { cached, type CacheLogEvent, type StoreEntry } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Membership, Place } from "../../support/entity"
import { openCache, type OpenCache } from "../repository/openCache"

interface Named {
    id: string
    name: string
}

/** Its values have no text form: each is read as an object with a function in it. */
const Closure = cached(
    new EntitySchema({
        name: "Closure",
        columns: {
            id: { type: "int", primary: true },
            value: {
                type: "varchar",
                transformer: { to: String, from: (text: string) => ({ text, shout: () => text }) },
            },
        },
    }),
)

const Named = cached(
    new EntitySchema<Named>({
        name: "Named",
        columns: { id: { type: "varchar", length: 200, primary: true }, name: { type: "varchar", length: 200 } },
    }),
    { uniqueKeys: [["name"]] },
)

/** Texts that would break a key made by joining, a glob, an object used as a map, or UTF-8. */
const ODD = [
    "",
    " ",
    ":",
    "a:b",
    "a",
    "b:a",
    "{}",
    "{a}",
    "*",
    "a*",
    "?",
    "[a]",
    "\\",
    "'",
    '"',
    "a\nb",
    "a\tb",
    "%",
    "~",
    "-",
    "1",
    "1.1",
    "01",
    "null",
    "undefined",
    "__proto__",
    "constructor",
    "toString",
    "ä",
    "a\u0308",
    "日本語",
    "😀",
    "\u200b",
    "x".repeat(150),
    `${"x".repeat(149)}y`,
]
/** Asked for, never stored: databases refuse or change them. */
const UNSTORABLE = ["\ud800", "a\udc00", "\0", "a\0b", "x".repeat(10_000), `${"x".repeat(9_999)}y`]

forEachDatabaseAndStore("odd values", (database, store) => {
    let open: OpenCache
    const events: CacheLogEvent[] = []
    before(async () => {
        open = await openCache(database, store, {
            entities: [Closure, Named, Membership, Place],
            cache: { logger: { log: (event) => events.push(event) } },
        })
        await open.plain("Closure").insert([1, 2].map((id) => ({ id, value: `value ${id}` })))
        for (const text of ODD)
            await open
                .plain<Named>("Named")
                .insert({ id: text, name: `row of ${text}`.slice(0, 190) })
                // a collation may call two of them equal
                .catch(() => undefined)
    })
    beforeEach(() => open.reset())

    /** What a repository answers, or that it fails. */
    const outcome = async (read: () => Promise<unknown>): Promise<unknown> => {
        try {
            return await read()
        } catch {
            return "failed"
        }
    }

    const same = async (
        read: (repository: ReturnType<typeof open.plain<Named>>) => Promise<unknown>,
        about: string,
    ) => {
        const expected = await outcome(() => read(open.plain<Named>("Named")))
        for (let i = 0; i < 2; i++)
            expect(await outcome(() => read(open.cached<Named>("Named"))), about).to.deep.equal(expected)
    }

    it("as keys answer with their own row, or with none", async () => {
        for (let round = 0; round < 2; round++)
            for (const id of [...ODD, ...UNSTORABLE])
                await same((it) => it.findOneBy({ id }), JSON.stringify(id).slice(0, 40))
        await same((it) => it.find({ where: { id: In(ODD) }, order: { id: "ASC" } }), "all of them")
        const found = (await open.cached<Named>("Named").findBy({ id: In(ODD) })).map(({ id }) => id)
        expect(found.sort()).to.deep.equal(
            (await open.plain<Named>("Named").findBy({ id: In(ODD) })).map(({ id }) => id).sort(),
        )
    })

    it("as values of a unique key and of a list's condition answer with their own row", async () => {
        for (const text of [...ODD, ...UNSTORABLE]) {
            const about = JSON.stringify(text).slice(0, 40)
            await same((it) => it.findOneBy({ name: `row of ${text}` }), about)
            await same((it) => it.find({ where: { name: text }, order: { id: "ASC" } }), about)
            await same((it) => it.countBy({ name: `row of ${text}` }), about)
        }
    })

    it("as keys are invalidated one by one", async () => {
        const rows = await open.plain<Named>("Named").find()
        const named = open.cached<Named>("Named")
        for (const { id } of rows) await named.findOneBy({ id })
        for (const { id } of rows) {
            await named.update({ id }, { name: `new name of ${id}`.slice(0, 190) })
            expect((await named.findOneBy({ id }))?.name, JSON.stringify(id)).to.equal(
                `new name of ${id}`.slice(0, 190),
            )
        }
        for (const { id } of rows) await open.cache.invalidate("Named", id)
        for (const { id } of rows) await named.update({ id }, { name: `row of ${id}`.slice(0, 190) })
    })

    it("of the wrong type answer as TypeORM does", async () => {
        const values: unknown[] = [
            1,
            1n,
            true,
            NaN,
            {},
            [],
            ["a"],
            { id: "a" },
            new Date(0),
            Buffer.from("a"),
            Symbol.iterator,
            () => "a",
        ]
        for (const value of values) {
            await same((it) => it.findOneBy({ id: value } as never), `id ${String(value)}`)
            await same((it) => it.findBy({ name: value } as never), `name ${String(value)}`)
        }
        for (const options of [
            null,
            undefined,
            [],
            "a",
            7,
            { where: undefined },
            { where: {} },
            { where: [] },
            { wher: { id: "a" } },
            { where: { nope: 1 } },
            { take: "x" },
            { order: { nope: "ASC" } },
            { relations: { nope: true } },
        ]) {
            const about = JSON.stringify(options) ?? "undefined"
            await same((it) => it.findOne(options as never), `findOne ${about}`)
            await same((it) => it.count(options as never), `count ${about}`)
        }
    })

    it("in composite and embedded keys do not run into each other", async () => {
        const memberships = open.cached(Membership)
        const rows = [
            { groupId: 1, userId: "1", role: "a" },
            { groupId: 11, userId: "11", role: "b" },
            { groupId: 1, userId: "1:1", role: "c" },
            { groupId: 1, userId: "1-1.1", role: "d" },
        ]
        await memberships.insert(rows.map((row) => ({ ...row })))
        for (let i = 0; i < 2; i++)
            for (const { role, ...key } of rows) expect((await memberships.findOneBy(key))?.role).to.equal(role)
        await memberships.update({ groupId: 1, userId: "1" }, { role: "changed" })
        for (const { role, ...key } of rows.slice(1)) {
            expect((await open.hit(() => memberships.findOneBy(key)))?.role).to.equal(role)
        }
        await memberships.clear()
    })

    it("that cannot be stored are served each time, counted, and told of once", async () => {
        events.length = 0
        const closures = open.cached<{ id: number; value: { shout(): string } }>("Closure")
        for (let i = 0; i < 3; i++) {
            expect((await open.miss(() => closures.findOneBy({ id: 1 })))?.value.shout()).to.equal("value 1")
            expect(await open.miss(() => closures.find({ order: { id: "ASC" } }))).to.have.length(2)
        }
        expect(open.cache.stats.entity("Closure")).to.include({
            hits: 0,
            misses: 6,
            loads: 6,
            fills: 0,
            rejectedFills: 6,
        })
        const told = events.filter(({ level }) => level === "warn")
        expect(told).to.have.length(1)
        expect(told[0]).to.include({ subject: "Closure" })
        expect((told[0]!.error as Error).message).to.match(/Closure\.value/)
        // what is beside them is kept
        await open.miss(() => closures.count())
        await open.hit(() => closures.count())
    })

    it("in the store are a counted miss, whatever has been written under the key", async () => {
        const named = open.cached<Named>("Named")
        const written: StoreEntry[] = []
        const write = open.store.write.bind(open.store)
        open.store.write = (entries) => {
            written.push(...entries)
            return write(entries)
        }
        try {
            await named.findOneBy({ id: "a" })
            await named.find({ where: { id: "a" }, select: { id: true } })
            const originals = written.splice(0)
            expect(originals).to.have.length(2)
            const stamps = originals[0]!.stamps.map(([, stamp]) => stamp)
            const foreign = [
                null,
                0,
                "",
                "text",
                [],
                {},
                [1],
                [1, stamps],
                [1, stamps, null, 1],
                [2, stamps, null],
                [1, stamps, {}],
                [1, stamps, [0]],
                [1, stamps, ["__proto__"]],
                [1, stamps, [99, "a", "b"]],
                [1, stamps, [0, "a"]],
                [1, "x", null],
                [1, [], null],
            ]
            for (const original of originals)
                for (const payload of [...foreign, "{", '{"__proto__":1}', "\u0000", "x".repeat(100_000)]) {
                    const isText = open.store.keeps === "strings"
                    const garbage = isText && typeof payload !== "string" ? JSON.stringify(payload) : payload
                    await write([{ ...original, payload: garbage }])
                    open.cache.stats.reset()
                    const found = await named.findOneBy({ id: "a" })
                    expect(found, JSON.stringify(payload).slice(0, 60)).to.deep.equal(
                        await open.plain("Named").findOneBy({ id: "a" }),
                    )
                    const list = await named.find({ where: { id: "a" }, select: { id: true } })
                    expect(list).to.deep.equal([{ id: "a" }])
                    expect(open.cache.stats.total().misses, JSON.stringify(payload).slice(0, 60)).to.equal(1)
                }
        } finally {
            open.store.write = write
        }
    })
})
