import { expect } from "chai"
import type { CachedRepository } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, Book, Profile } from "../../support/entity"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"

type Parts = readonly [format: unknown, stamps: readonly string[], value: unknown, lateTags?: readonly string[]]
type Spoil = (entry: Parts, other: Parts) => unknown

/** What somebody else, an older version or a broken disk may have left under the key of a relation. */
const SPOILED: Readonly<Record<string, Spoil>> = {
    "nothing of ours": () => ({ name: "somebody else's" }),
    "a text": () => "text",
    nothing: () => null,
    "an empty list": () => [],
    "the entry of another layout": ([, ...rest]) => [99, ...rest],
    "an entry without stamps": ([format, , value, late]) => [format, [], value, late],
    "an entry with the stamps of its late tags alone": ([format, stamps, value, late]) => [
        format,
        stamps.slice(-late!.length),
        value,
        late,
    ],
    "an entry without the stamps of its late tags": ([format, stamps, value, late]) => [
        format,
        stamps.slice(0, -late!.length),
        value,
        late,
    ],
    "an entry that names no late tags": ([format, stamps, value]) => [format, stamps, value],
    "an entry with an empty list of late tags": ([format, stamps, value]) => [format, stamps, value, []],
    "an entry whose late tags are a text": ([format, stamps, value]) => [format, stamps, value, "late"],
    "an entry whose late tags are a map": ([format, stamps, value]) => [
        format,
        stamps,
        value,
        { length: 1, 0: "late" },
    ],
    "an entry whose late tags are no texts": ([format, stamps, value, late]) => [
        format,
        stamps,
        value,
        late!.map(() => 7),
    ],
    "an entry whose late tags are null": ([format, stamps, value]) => [format, stamps, value, null],
    "an entry with other late tags": ([format, stamps, value, late]) => [
        format,
        stamps,
        value,
        late!.map((tag) => `${tag}9`),
    ],
    "an entry with a late tag more": ([format, stamps, value, late]) => [format, stamps, value, [...late!, "more"]],
    "an entry with a late tag and a stamp more": ([format, stamps, value, late]) => [
        format,
        [...stamps, stamps[0]!],
        value,
        [...late!, "more"],
    ],
    "an entry whose late tags are keys of entries": ([format, stamps, value, late]) => [
        format,
        stamps,
        value,
        late!.map((tag) => tag.replace(":t:", ":v:")),
    ],
    "an entry with a fifth part": (entry) => [...entry, 1],
    "a value of another kind": ([format, stamps, , late]) => [format, stamps, "text", late],
    "a value that is a map": ([format, stamps, , late]) => [format, stamps, { id: 1 }, late],
    "a list where one is, and one where a list is": ([format, stamps, value, late]) => {
        const isList = Array.isArray((value as unknown[])[0])
        return [format, stamps, isList ? (value as unknown[])[0] : [value], late]
    },
    "a record that is too short": ([format, stamps, value, late]) => [
        format,
        stamps,
        inRecord(value, (it) => it.slice(0, 2)),
        late,
    ],
    "a record of an unknown class": ([format, stamps, value, late]) => [
        format,
        stamps,
        inRecord(value, (it) => [9, ...it.slice(1)]),
        late,
    ],
    "the record of another entity under our stamps": ([format, stamps, value, late], [, , other]) => [
        format,
        stamps,
        inRecord(value, () => other),
        late,
    ],
    "the entry of another entity": (_, other) => other,
    "a huge value": ([format, stamps, , late]) => [format, stamps, "x".repeat(2_000_000), late],
}

const TEXTS: Readonly<Record<string, (text: string) => string>> = {
    "no JSON": () => "not JSON",
    "an empty text": () => "",
    "half of it": (text) => text.slice(0, text.length / 2),
    "it with a byte too many": (text) => `${text}]`,
}

/** The value of a relation with its first record changed. */
function inRecord(value: unknown, change: (record: unknown[]) => unknown): unknown {
    const list = value as unknown[]
    return Array.isArray(list[0]) ? [change(list[0]), ...list.slice(1)] : change(list)
}

forEachDatabaseAndStore("an entry of a relation that is not ours", (database, kind) => {
    // what is in the store is the same on every database
    if (database.name !== "sqlite") return
    let open: OpenCache
    let authors: CachedRepository<Author>
    before(async () => {
        open = await openCache(database, kind)
        await seedLibrary(open.dataSource)
        authors = open.cached(Author)
    })
    beforeEach(() => open.reset())

    const keyOf = (): string =>
        open.store.calls.filter(({ method, keys }) => method === "write" && keys.length > 0).at(-1)!.keys[0]!
    const payloadOf = async (key: string): Promise<unknown> => (await open.inner.read([key], [])).payloads[0]
    const toParts = (payload: unknown): Parts =>
        (typeof payload === "string" ? JSON.parse(payload) : structuredClone(payload)) as Parts
    const put = (key: string, payload: unknown): unknown =>
        open.inner.write([{ key, payload, ttl: 60_000, stamps: [], size: 1 }])

    const ann = async (): Promise<Author> => open.plain(Author).findOneByOrFail({ id: 1 })
    const RELATIONS = {
        books: () => open.plain(Book).find({ where: { authorId: 1 }, order: { id: "ASC" } }),
        profile: () => open.plain(Profile).findOneByOrFail({ id: 1 }),
    }

    for (const name of ["books", "profile"] as const) {
        /** The spoilt entry is asked for by hand, then read: both are misses, and what is read is right and stored anew. */
        const expectMiss = async (spoil: (payload: unknown) => Promise<unknown>): Promise<void> => {
            const owner = await ann()
            const expected = await RELATIONS[name]()
            await authors.loadRelation(owner, name)
            const key = keyOf()
            await put(key, await spoil(await payloadOf(key)))
            // a load may be joined for one turn after its end
            await open.settled()
            open.cache.stats.reset()
            expect(await open.hit(() => open.cache.relation(Author, name).get(owner))).to.equal(undefined)
            expect(open.cache.stats.relation(Author, name)).to.include({ hits: 0, misses: 1 })
            await open.miss(() => authors.loadRelation(owner, name))
            expect(owner[name]).to.deep.equal(expected)
            expect(open.cache.stats.relation(Author, name)).to.include({ hits: 0, misses: 2, loads: 1 })
            await open.hit(() => authors.loadRelation(owner, name))
            expect(owner[name]).to.deep.equal(expected)
            expect(Object.keys(Object.prototype)).to.deep.equal([])
        }

        for (const [title, spoil] of Object.entries(SPOILED))
            it(`${title} in the place of ${name} is a miss`, async () => {
                await open.cached(Author).findOneBy({ id: 1 })
                const other = toParts(await payloadOf(keyOf()))
                await expectMiss((payload) => {
                    const spoiled = spoil(toParts(payload), other)
                    return Promise.resolve(open.store.keeps === "strings" ? JSON.stringify(spoiled) : spoiled)
                })
            })
        if (kind.name === "redis")
            for (const [title, spoil] of Object.entries(TEXTS))
                it(`${title} in the place of ${name} is a miss`, () =>
                    expectMiss((payload) => Promise.resolve(spoil(payload as string))))
    }

    it("leaves the other owners of a find their hits", async () => {
        const read = (): Promise<Author[]> => authors.find({ relations: { books: true }, order: { id: "ASC" } })
        const expected = await read()
        await read()
        const { keys } = open.store.calls.filter(({ method, keys }) => method === "write" && keys.length === 3).at(-1)!
        await put(keys[0]!, open.store.keeps === "strings" ? "[1]" : [1])
        await open.settled()
        open.cache.stats.reset()
        expect(await open.miss(read)).to.deep.equal(expected)
        expect(open.cache.stats.relation(Author, "books")).to.include({ hits: 2, misses: 1, errors: 1 })
    })
})
