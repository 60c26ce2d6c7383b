import { expect } from "chai"
import { EntitySchema, In, type FindOneOptions, type Repository } from "typeorm"
import {
    cached,
    MemoryStore,
    type CachedOptions,
    type SecondLevelCacheOptions,
    type StoreEntry,
} from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { describeRedis } from "../../support/stores"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { closeLocalCaches, openLocalCache, type OpenCache } from "./openCache"

interface Item {
    id: number
    name: string
}

function itemSchema(options: CachedOptions): EntitySchema<Item> {
    return cached(
        new EntitySchema<Item>({
            name: "Item",
            columns: { id: { type: "int", primary: true }, name: { type: "varchar", unique: true } },
        }),
        { uniqueKeys: [["name"]], ...options },
    )
}

class Life {
    readonly clock = new FakeClock()
    /** Every entry that was written. */
    readonly entries: StoreEntry[] = []
    open: OpenCache

    static async of(entity: CachedOptions, cache: SecondLevelCacheOptions = {}): Promise<Life> {
        const life = new Life()
        const store = new MemoryStore({ clock: life.clock })
        const write = store.write.bind(store)
        store.write = (entries) => {
            life.entries.push(...entries)
            write(entries)
        }
        life.open = await openLocalCache({
            entities: [itemSchema(entity)],
            cache: { ttlJitter: 0, clock: life.clock, store, ...cache },
        })
        await life.open.plain("Item").insert([
            { id: 1, name: "one" },
            { id: 2, name: "two" },
        ])
        return life
    }

    get items(): Repository<Item> {
        return this.open.cached<Item>("Item")
    }

    /** Says that an entry is there until so many milliseconds are over, or for good. */
    async expectLife(ttl: number | null, read: () => Promise<unknown>): Promise<void> {
        await this.open.miss(read)
        this.clock.advance((ttl ?? 1e13) - 1)
        await this.open.hit(read)
        if (ttl === null) return
        this.clock.advance(1)
        await this.open.miss(read)
        await this.open.hit(read)
    }
}

type Read = (items: Repository<Item>) => Promise<unknown>

const row: Read = (it) => it.findOneBy({ id: 1 })
const rows: Read = (it) => it.findBy({ id: In([1, 2]) })
const byName: Read = (it) => it.findOneBy({ name: "one" })
const noRow: Read = (it) => it.findOneBy({ id: 9 })
const noName: Read = (it) => it.findOneBy({ name: "none" })
const list: Read = (it) => it.find()
const emptyList: Read = (it) => it.find({ where: { name: "x", id: In([5]) } })
const count: Read = (it) => it.count()
const noCount: Read = (it) => it.countBy({ name: "none" })
const sum: Read = (it) => it.sum("id")

const LIVES: [string, CachedOptions, SecondLevelCacheOptions, number | null, Record<string, Read>][] = [
    [
        "five minutes where nobody says anything",
        {},
        {},
        300_000,
        { row, rows, byName, noRow, noName, list, count, sum },
    ],
    ["the cache's ttl", {}, { ttl: "10s" }, 10_000, { row, rows, noRow, list, emptyList, noCount }],
    ["for good with the cache's ttl null", {}, { ttl: null }, null, { row, rows, byName, noRow, list }],
    ["the entity's ttl over the cache's", { ttl: 2_000 }, { ttl: "10s" }, 2_000, { row, rows, noRow, list, count }],
    ["for good with the entity's ttl null", { ttl: null }, { ttl: "10s" }, null, { row, noRow, list, noName }],
    ["listTtl for lists", { ttl: "1h", listTtl: "3s" }, {}, 3_000, { list, count, sum }],
    [
        "ttl for rows beside a listTtl",
        { ttl: "1h", listTtl: "3s" },
        {},
        3_600_000,
        { row, rows, byName, noRow, emptyList },
    ],
    ["negativeTtl for nothing", { ttl: "1h", negativeTtl: "4s" }, {}, 4_000, { noRow, noName, emptyList, noCount }],
    ["ttl for something beside a negativeTtl", { ttl: "1h", negativeTtl: "4s" }, {}, 3_600_000, { row, list, count }],
    ["for good with the negativeTtl null", { ttl: "1s", negativeTtl: null }, {}, null, { noRow, emptyList }],
]

describe("the life of an entry", () => {
    afterEach(closeLocalCaches)

    for (const [title, entity, cache, ttl, reads] of LIVES)
        it(`is ${title}`, async () => {
            for (const read of Object.values(reads)) {
                const life = await Life.of(entity, cache)
                await life.expectLife(ttl, () => read(life.items))
            }
        })

    const call = (cache: FindOneOptions["cache"]): Record<string, Read> => ({
        row: (it) => it.findOne({ where: { id: 1 }, cache: cache! }),
        noRow: (it) => it.findOne({ where: { id: 9 }, cache: cache! }),
        byName: (it) => it.findOne({ where: { name: "one" }, cache: cache! }),
        list: (it) => it.find({ cache: cache! }),
        count: (it) => it.count({ cache: cache! }),
        page: (it) => it.findAndCount({ take: 1, order: { id: "ASC" }, cache: cache! }),
    })

    for (const [name, read] of Object.entries(call(1_500)))
        it(`is the call's milliseconds over all others: ${name}`, async () => {
            const life = await Life.of({ ttl: "1h", listTtl: "2h", negativeTtl: "3h" })
            const queries = name === "page" ? 2 : 1
            await life.open.recorder.expectQueries(queries, () => read(life.items))
            life.clock.advance(1_499)
            await life.open.hit(() => read(life.items))
            life.clock.advance(1)
            await life.open.recorder.expectQueries(queries, () => read(life.items))
        })

    for (const [name, read] of Object.entries(call({ id: "named", milliseconds: 1_500 })).filter(
        ([it]) => it !== "page",
    ))
        it(`is that of a named entry: ${name}`, async () => {
            const life = await Life.of({ ttl: "1h" })
            await life.expectLife(1_500, () => read(life.items))
        })

    it("is shortened by a random part, up to ttlJitter", async () => {
        for (const [ttlJitter, least] of [
            [undefined, 90_000],
            [0.5, 50_000],
            [1, 1],
            [0, 100_000],
        ] as const) {
            const life = await Life.of({ ttl: 100_000 }, ttlJitter === undefined ? { ttlJitter: 0.1 } : { ttlJitter })
            for (let id = 1; id <= 200; id++) await life.items.findOneBy({ id })
            const ttls = life.entries.map(({ ttl }) => ttl!)
            expect(ttls).to.have.length(200)
            expect(Math.min(...ttls)).to.be.at.least(least)
            expect(Math.max(...ttls)).to.be.at.most(100_000)
            if (ttlJitter === 0) expect(new Set(ttls).size).to.equal(1)
            // 200 draws all in one half of the range: once in 2^199 runs
            else expect(Math.max(...ttls) - Math.min(...ttls)).to.be.above((100_000 - least) / 4)
        }
    })

    it("is a tenth shorter at most when nobody sets ttlJitter", async () => {
        const life = await Life.of({ ttl: 100_000 }, { ttlJitter: undefined } as unknown as SecondLevelCacheOptions)
        for (let id = 1; id <= 100; id++) await life.items.findOneBy({ id })
        const ttls = life.entries.map(({ ttl }) => ttl!)
        expect(Math.min(...ttls)).to.be.within(90_000, 99_000)
    })
})

describeRedis("the life of an entry in Redis", (redis) => {
    afterEach(closeLocalCaches)

    it("is kept by Redis itself, and a stamp outlives what depends on it", async () => {
        const prefix = redis.prefix()
        const client = redis.client()
        const open = await openLocalCache({
            entities: [itemSchema({ ttl: "2h", listTtl: null })],
            cache: { prefix, store: new RedisStore({ client }), ttlJitter: 0.1 },
        })
        await open.plain("Item").insert({ id: 1, name: "one" })
        await open.cached("Item").findOneBy({ id: 1 })
        const left = async (): Promise<[string, number][]> => {
            const keys = (await redis.keys()).filter((key) => key.startsWith(`${prefix}:`))
            return Promise.all(keys.map(async (key): Promise<[string, number]> => [key, await client.pttl(key)]))
        }
        const entries = (await left()).filter(([key]) => key.startsWith(`${prefix}:v:`))
        expect(entries).to.have.length(1)
        expect(entries[0]![1]).to.be.within(7_200_000 * 0.89, 7_200_000)
        // a row that is there does not depend on its table
        const stamps = (await left()).filter(([key]) => key.startsWith(`${prefix}:t:row`))
        expect(stamps).to.have.length(2)
        for (const [key, ttl] of stamps) expect(ttl, key).to.be.at.least(entries[0]![1] - 1_000)

        await open.cached("Item").find()
        const all = await left()
        expect(all.filter(([key]) => key.includes(":v:list:")).map(([, ttl]) => ttl)).to.deep.equal([-1])
        expect(all.filter(([key]) => key.includes(":t:table:")).map(([, ttl]) => ttl)).to.deep.equal([-1])
    })
})
