import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import type { CacheStore } from "../../lib/store/CacheStore"
import { Item } from "../race/Item"
import { forEachDatabaseAndStore } from "../support/databases"
import { ENTITIES, Author } from "../support/entity"
import { QueryRecorder } from "../support/QueryRecorder"
import { typeormVersion } from "../support/resolve"

type Parts = [format: unknown, stamps: unknown, value: unknown]
type Spoil = (entry: Parts, other: Parts) => unknown

/** The entry with the first record in it changed: of a row, a list, a list and its count. */
function withRecord([format, stamps, value]: Parts, change: (record: unknown[]) => unknown): Parts {
    const inside = (it: unknown): unknown =>
        Array.isArray(it) && typeof it[0] === "number"
            ? change(it)
            : [inside((it as unknown[])[0]), ...(it as unknown[]).slice(1)]
    return [format, stamps, inside(value)]
}

/** What somebody else, an older version or a broken disk may have left under our key. */
const SPOILED: Readonly<Record<string, Spoil>> = {
    "nothing of ours": () => ({ name: "somebody else's" }),
    "an empty list": () => [],
    "a number": () => 7,
    nothing: () => null,
    "the entry of another layout": ([, stamps, value]) => [99, stamps, value],
    "an entry without stamps": ([format, , value]) => [format, [], value],
    "an entry whose stamps are no list": ([format, , value]) => [format, { length: 2 }, value],
    "an entry whose stamps are no text": ([format, , value]) => [format, [null, null], value],
    "an entry with more stamps than tags": ([format, stamps, value]) => [
        format,
        [...(stamps as unknown[]), ...(stamps as unknown[]), ...(stamps as unknown[])],
        value,
    ],
    "an entry without a value": ([format, stamps]) => [format, stamps],
    "a value of another kind": ([format, stamps]) => [format, stamps, "text"],
    "a value that is a map": ([format, stamps]) => [format, stamps, { id: 1, state: 0 }],
    "a record that is too short": (entry) => withRecord(entry, (record) => record.slice(0, 3)),
    "a record that is too long": (entry) => withRecord(entry, (record) => [...record, 1, 2, 3]),
    "a record of an unknown class": (entry) => withRecord(entry, (record) => [9, ...record.slice(1)]),
    "a record that is a map": (entry) => withRecord(entry, (record) => ({ ...record })),
    "a record with an unknown tag in it": (entry) =>
        withRecord(entry, (record) => record.map((slot, i) => (i === 2 ? { $: "?", v: 1 } : slot))),
    "a record with a prototype in it": (entry) =>
        withRecord(entry, (record) => [...record, JSON.parse('{ "__proto__": { "x": 1 } }')]),
    "the entry of another entity": (_, other) => other,
    "the record of another entity under our stamps": ([format, stamps], [, , value]) => [format, stamps, value],
    "a huge value": ([format, stamps]) => [format, stamps, "x".repeat(2_000_000)],
}

const TEXTS: Readonly<Record<string, (text: string) => string>> = {
    "no JSON": () => "not JSON",
    "an empty text": () => "",
    "half of it": (text) => text.slice(0, text.length / 2),
    "it with a byte too many": (text) => `${text}]`,
    "a deep nest": () => "[".repeat(100_000) + "]".repeat(100_000),
}

forEachDatabaseAndStore("an entry that is not ours", (database, kind) => {
    // what is in the store is the same on every database
    if (database.name !== "sqlite") return
    let inner: CacheStore
    let store: FaultyStore
    let cache: SecondLevelCache
    let logger: QueryRecorder
    let dataSource: DataSource
    let items: CachedRepository<Item>
    let plain: Item

    beforeEach(async () => {
        inner = kind.create()
        store = new FaultyStore(inner)
        cache = new SecondLevelCache({ store, prefix: kind.prefix() })
        logger = new QueryRecorder()
        const entities = [...ENTITIES, Item]
        dataSource = await database.createDataSource({ entities, subscribers: [cache.subscriber], logger })
        await dataSource.manager.insert(Item, { id: 1, code: "code", kind: "kind", state: 0 })
        await dataSource.manager.insert(Author, { name: "Ada", email: "ada@example.org" })
        items = new CachedRepository(Item, dataSource.manager)
        plain = await dataSource.manager.findOneByOrFail(Item, { id: 1 })
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
    })

    const keyOf = (position = -1): string =>
        store.calls.filter((call) => call.method === "write" && call.keys.length > 0).at(position)!.keys[0]!
    const payloadOf = async (key: string): Promise<unknown> => (await inner.read([key], [])).payloads[0]
    const put = (key: string, payload: unknown): unknown =>
        inner.write([{ key, payload, ttl: 60_000, stamps: [], size: 1 }])
    const toParts = (payload: unknown): Parts =>
        (typeof payload === "string" ? JSON.parse(payload) : structuredClone(payload)) as Parts

    /** @param first SELECTs of a load */
    async function expectMiss(read: () => Promise<unknown>, expected: unknown, first = 1): Promise<void> {
        // a load may be joined for one turn after its end
        await new Promise((resolve) => setImmediate(resolve))
        const before = cache.stats.total()
        const { length } = logger.selects
        expect(await read()).to.deep.equal(expected)
        expect(logger.selects.length - length, "SELECTs").to.equal(first)
        expect(cache.stats.total()).to.include({ hits: before.hits, misses: before.misses + 1 })
        expect(await read()).to.deep.equal(expected)
        expect(logger.selects.length - length, "SELECTs, with a second read").to.equal(first)
        expect(Object.keys(Object.prototype)).to.deep.equal([])
        expect(({} as { x?: unknown }).x).to.equal(undefined)
    }

    const READS: Readonly<Record<string, readonly [() => Promise<unknown>, () => unknown]>> = {
        row: [() => items.findOneBy({ id: 1 }), () => plain],
        list: [() => items.findBy({ kind: "kind" }), () => [plain]],
        "list and count": [() => items.findAndCountBy({ kind: "kind" }), () => [[plain], 1]],
    }

    for (const [name, [read, expected]] of Object.entries(READS)) {
        // TypeORM 0.3.20 counts also where the list tells the number
        const selects = name === "list and count" && typeormVersion === "0.3.20" ? 2 : 1
        for (const [title, spoil] of Object.entries(SPOILED))
            it(`${title} in the place of a ${name} is a miss`, async () => {
                await new CachedRepository(Author, dataSource.manager).findOneBy({ id: 1 })
                const other = toParts(await payloadOf(keyOf()))
                await read()
                const key = keyOf()
                const spoiled = spoil(toParts(await payloadOf(key)), other)
                await put(key, inner.keeps === "strings" ? JSON.stringify(spoiled) : spoiled)
                await expectMiss(read, expected(), selects)
            })
        if (kind.name === "redis")
            for (const [title, spoil] of Object.entries(TEXTS))
                it(`${title} in the place of a ${name} is a miss`, async () => {
                    await read()
                    const key = keyOf()
                    await put(key, spoil((await payloadOf(key)) as string))
                    await expectMiss(read, expected(), selects)
                })
    }
})
