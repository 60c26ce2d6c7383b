import { expect } from "chai"
import { randomBytes } from "node:crypto"
import { Keyv } from "keyv"
import {
    CompressedSerializer,
    JsonSerializer,
    MemoryStore,
    MsgpackSerializer,
    type AnySerializer,
    type CacheStore,
    type Encoded,
    type Serializer,
    SecondLevelCache,
    TieredStore,
} from "typeorm-second-level-cache"
import { KeyvStore } from "typeorm-second-level-cache/keyv"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { closeLocalCaches, openLocalCache, type OpenCache } from "../repository/openCache"
import { Author } from "../../support/entity/Author"
import { Book } from "../../support/entity/Book"
import { describeRedis } from "../../support/stores"
import type { TestRedis } from "../../support/TestRedis"
import { typeormVersion } from "../../support/resolve"
import { EncryptedSerializer } from "../../../samples/08-encryption/EncryptedSerializer"

const SERIALIZERS: Readonly<Record<string, () => AnySerializer>> = {
    JSON: () => new JsonSerializer(),
    MessagePack: () => new MsgpackSerializer(),
    "compressed JSON": () => new CompressedSerializer({ above: 50 }),
    "compressed MessagePack": () => new CompressedSerializer({ serializer: new MsgpackSerializer(), above: 50 }),
    "the sample's encryption": () => new EncryptedSerializer("1", randomBytes(32)),
}

const STORES: Readonly<Record<string, (redis: TestRedis) => CacheStore>> = {
    memory: () => new MemoryStore(),
    "Redis, ioredis 5": (redis) => new RedisStore({ client: redis.createClient() }),
    "Redis, ioredis 6": (redis) => new RedisStore({ client: redis.createClient({ version: 6 }) }),
    "a near tier": (redis) => new TieredStore({ far: new RedisStore({ client: redis.createClient() }) }),
    "a Keyv": () => new KeyvStore(new Keyv()),
}

/** What text and bytes are most likely to change. */
const VALUE = {
    surrogate: "\ud800 alone",
    date: new Date(1_800_000_000_000),
    bytes: Buffer.from([0, 33, 92, 127, 128, 255]),
    big: 2n ** 70n,
    map: new Map([["__proto__", { nested: undefined }]]),
    text: "!".repeat(500),
}

describeRedis("what a serializer makes", (redis) => {
    afterEach(closeLocalCaches)

    for (const [title, create] of Object.entries(STORES))
        for (const [format, serializer] of Object.entries(SERIALIZERS)) {
            const open = async (): Promise<OpenCache> => {
                const opened = await openLocalCache({
                    cache: { store: create(redis), serializer: serializer(), prefix: redis.prefix() },
                })
                const author = await opened
                    .plain(Author)
                    .save({ name: "Ä\0!", email: "a@example.org", bio: "long ".repeat(100) })
                await opened.plain(Book).save([1, 2].map((i) => ({ title: `\\${i}`, price: "1.50", author })))
                return opened
            }

            it(`comes back as rows, lists and relations: ${format} in ${title}`, async () => {
                const opened = await open()
                await opened.expectCached(Author, (it) => it.findOneByOrFail({ id: 1 }))
                await opened.expectCached(Author, (it) => it.find({ order: { id: "ASC" } }))
                await opened.expectCached(Author, (it) => it.find({ relations: { books: true } }), 2)
                await opened.plain(Author).update(1, { name: "!" })
                expect((await opened.load(() => opened.cached(Author).findOneByOrFail({ id: 1 }))).name).to.equal("!")
                await opened.expectCached(Author, (it) => it.findOneByOrFail({ id: 1 }), 0)
            })

            // 0.3.20 stores what a loader gives from its second run on
            if (typeormVersion !== "0.3.20")
                it(`comes back as values: ${format} in ${title}`, async () => {
                    const { cache } = await open()
                    let loads = 0
                    const read = () => cache.getOrSet("value", () => (loads++, Promise.resolve(VALUE)), { tags: ["t"] })
                    expect(await read()).to.deep.equal(VALUE)
                    const before = loads
                    expect(await read()).to.deep.equal(VALUE)
                    expect(loads).to.equal(before)
                    await cache.invalidateTags(["t"])
                    await read()
                    expect(loads).to.equal(before + 1)
                })
        }

    it("is not read by a cache with another serializer", async () => {
        const prefix = redis.prefix()
        const read = async (serializer: AnySerializer): Promise<void> => {
            const opened = await openLocalCache({
                cache: { store: new RedisStore({ client: redis.createClient() }), serializer, prefix },
            })
            await opened.miss(() => opened.cached(Author).findOneBy({ id: 1 }))
            await opened.hit(() => opened.cached(Author).findOneBy({ id: 1 }))
            expect(opened.cache.stats.total().errors).to.equal(0)
        }
        for (const create of Object.values(SERIALIZERS)) await read(create())
    })

    it("takes fewer bytes in Redis as MessagePack, and fewer still compressed", async () => {
        const sizes: number[] = []
        for (const name of ["JSON", "MessagePack", "compressed MessagePack"]) {
            const prefix = redis.prefix()
            const cache = new SecondLevelCache({
                store: new RedisStore({ client: redis.createClient() }),
                serializer: SERIALIZERS[name]!(),
                prefix,
            })
            await cache.set(
                "list",
                Array.from({ length: 100 }, (_, id) => ({ id, price: 1_000 + id, isActive: true })),
            )
            const [key] = (await redis.client().keys(`${prefix}:v:*`)) as [string]
            sizes.push(await redis.client().strlen(key))
            await cache.close()
        }
        expect(sizes).to.deep.equal([...sizes].sort((a, b) => b - a))
        expect(new Set(sizes).size).to.equal(3)
    })

    for (const [title, wrap] of Object.entries({
        Redis: (store: RedisStore) => store,
        "a near tier": (store: RedisStore) => new TieredStore({ far: store }),
    })) {
        /** A serializer of somebody who has never heard of our errors. */
        const careless = (broken: { read?: boolean; write?: boolean }): Serializer => ({
            name: "careless",
            serialize: (tree) => {
                if (broken.write) throw new TypeError("cannot write")
                return JSON.stringify(tree)
            },
            deserialize: (text) => {
                if (broken.read) throw new TypeError("cannot read")
                return JSON.parse(text) as Encoded
            },
        })

        it(`is a miss where it cannot be read, whatever the serializer throws: ${title}`, async () => {
            const broken = { read: false }
            const store = wrap(new RedisStore({ client: redis.createClient() }))
            const opened = await openLocalCache({
                cache: { store, serializer: careless(broken), prefix: redis.prefix() },
            })
            await opened.cached(Author).findOneBy({ id: 1 })
            broken.read = true
            await opened.cache.clear()
            for (let i = 0; i < 2; i++) await opened.miss(() => opened.cached(Author).findOneBy({ id: 1 }))
        })

        it(`is given to the reader where it cannot be written, whatever the serializer throws: ${title}`, async () => {
            const store = wrap(new RedisStore({ client: redis.createClient() }))
            const opened = await openLocalCache({
                cache: { store, serializer: careless({ write: true }), prefix: redis.prefix() },
            })
            for (let i = 0; i < 20; i++) {
                await opened.miss(() => opened.cached(Author).findOneBy({ id: 1 }))
                expect(await opened.cache.getOrSet("value", () => i)).to.equal(i)
            }
            await opened.cache.set("other", 1)
            expect(await opened.cache.get("other")).to.equal(undefined)
            // the store is not to blame
            opened.store.reset()
            await opened.cached(Author).findOneBy({ id: 1 })
            expect(opened.store.calls.map(({ method }) => method)).to.include("read")
        })
    }

    it("is refused as bytes by a RedisStore that nobody has told of them", async () => {
        const store = new RedisStore({ client: redis.createClient() })
        const entry = { key: `${redis.prefix()}:v:x`, payload: Buffer.from([1]), ttl: 1_000, stamps: [], size: 1 }
        expect(await store.write([entry]).catch((error: unknown) => error)).to.include({ code: "E_STORE" })
        store.useSerializer(new MsgpackSerializer())
        await store.write([entry])
        expect((await store.read([entry.key], [])).payloads).to.deep.equal([entry.payload])
    })

    it("is text or bytes: one RedisStore does not take both", () => {
        const store = new RedisStore({ client: redis.createClient() })
        new SecondLevelCache({ store, serializer: new MsgpackSerializer() })
        new SecondLevelCache({ store, serializer: new CompressedSerializer() })
        expect(() => new SecondLevelCache({ store })).to.throw(/RedisStore of its own/)
    })
})
