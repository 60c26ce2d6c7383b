import { expect } from "chai"
import { join } from "node:path"
import { Column, type DataSource, Entity, EntitySchema, PrimaryColumn, VirtualColumn } from "typeorm"
import {
    Cached,
    cached,
    CachedRelation,
    CachedRepository,
    MsgpackSerializer,
    SecondLevelCache,
    MemoryStore,
} from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { sqliteBackend } from "../../support/database/sqliteBackend"
import { TestDatabase } from "../../support/databases"
import { TypeScriptProcess } from "../../support/TypeScriptProcess"
import { expectError } from "./expectError"

@Entity()
@Cached()
class Row {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

@Entity()
@Cached()
class Virtual {
    @PrimaryColumn()
    id: number

    @VirtualColumn({ query: () => "SELECT 1" })
    sum: number
}

describe("wrong wiring", () => {
    const database = new TestDatabase(sqliteBackend)
    afterEach(() => database.cleanUp())
    const open = (...caches: SecondLevelCache[]): Promise<DataSource> =>
        database.createDataSource({ entities: [Row], subscribers: caches.map((cache) => cache.subscriber) })

    it("a DataSource without the subscriber is refused by the repository and by attach()", async () => {
        const dataSource = await open()
        const advice = /cache\.subscriber/
        await expectError("E_NO_SUBSCRIBER", advice, () => new CachedRepository(Row, dataSource.manager))
        await expectError("E_NO_SUBSCRIBER", advice, () => new SecondLevelCache().attach(dataSource))
    })

    it("two caches on one DataSource are refused", async () => {
        const [a, b] = [new SecondLevelCache(), new SecondLevelCache()]
        const dataSource = await open(a, b)
        await expectError("E_SECOND_CACHE", /two caches/, () => new CachedRepository(Row, dataSource.manager))
        await expectError("E_SECOND_CACHE", /two caches/, () => a.attach(dataSource))
    })

    it("one cache on two DataSources is refused, until the first is destroyed", async () => {
        const cache = new SecondLevelCache()
        const first = await open(cache)
        new CachedRepository(Row, first.manager)
        const second = await open(cache)
        await expectError("E_SECOND_CACHE", /another DataSource/, () => new CachedRepository(Row, second.manager))
        await first.destroy()
        await second.getRepository(Row).insert({ id: 1, name: "one" })
        expect(await new CachedRepository(Row, second.manager).findOneBy({ id: 1 })).to.include({ name: "one" })
    })

    it("attach() before initialize() is refused", async () => {
        const cache = new SecondLevelCache()
        const dataSource = await open(cache)
        await dataSource.destroy()
        await expectError("E_OPTION", /initialize/, () => cache.attach(dataSource))
    })

    it("an entity that the DataSource does not know is refused by invalidate()", async () => {
        class Stranger {}
        const cache = new SecondLevelCache()
        await expectError("E_UNKNOWN_ENTITY", /Stranger/, () => cache.invalidate(Stranger))
        await open(cache)
        await expectError("E_UNKNOWN_ENTITY", /Stranger/, () => cache.invalidate(Stranger, 1))
        for (const target of [undefined, null, 7, {}])
            await expectError("E_UNKNOWN_ENTITY", /entity/, () => cache.invalidate(target as never))
    })

    it("tags that are no list of texts are refused by invalidateTags()", async () => {
        const cache = new SecondLevelCache()
        for (const tags of ["home", undefined, null, [7], [undefined], [""], { 0: "home" }])
            await expectError("E_OPTION", /invalidateTags/, () => cache.invalidateTags(tags as never))
        await cache.invalidateTags([])
    })

    for (const [what, peer] of [
        ["a url", "ioredis"],
        ["MessagePack", "msgpackr"],
    ] as const)
        it(`${what} without ${peer} says which package is missing`, async () => {
            const child = TypeScriptProcess.start(join(__dirname, "missingPeer.process.ts"), { args: [peer] })
            const error = await child.next<{ code: string; message: string }>()
            expect(error.code).to.equal("E_MISSING_PEER")
            expect(error.message).to.include(`npm install ${peer}`)
            await child.exited
        })

    const UNCACHEABLE: Record<string, [EntitySchema | typeof Virtual, RegExp]> = {
        "a view that does not say what it reads": [
            new EntitySchema({
                name: "Loose",
                type: "view",
                expression: "SELECT 1 AS id",
                columns: { id: { type: "int" } },
            } as unknown as ConstructorParameters<typeof EntitySchema>[0]),
            /Loose.*view.*dependsOn/s,
        ],
        "a virtual column that does not say what it reads": [Virtual, /Virtual.*sum.*dependsOn/s],
    }
    for (const [title, [schema, names]] of Object.entries(UNCACHEABLE))
        it(`@Cached on ${title} is refused`, async () => {
            const cache = new SecondLevelCache()
            const entity = schema instanceof EntitySchema ? cached(schema) : schema
            const dataSource = await database.createDataSource({
                entities: [entity],
                subscribers: [cache.subscriber],
            })
            await expectError("E_NOT_CACHEABLE", names, () => new CachedRepository(entity, dataSource.manager))
            await expectError("E_NOT_CACHEABLE", names, () => cache.attach(dataSource))
        })

    const DECLARED: Record<string, [object, RegExp]> = {
        "uniqueKeys of a property that is none": [{ uniqueKeys: [["nope"]] }, /nope/],
        "dependsOn of an entity that is none": [{ dependsOn: [class Nobody {}] }, /Nobody/],
    }
    for (const [title, [options, names]] of Object.entries(DECLARED))
        it(`@Cached with ${title} is refused`, async () => {
            const cache = new SecondLevelCache()
            const schema = new EntitySchema({ name: "Declared", columns: { id: { type: "int", primary: true } } })
            const dataSource = await database.createDataSource({
                entities: [cached(schema, options)],
                subscribers: [cache.subscriber],
            })
            await expectError("E_OPTION", names, () => new CachedRepository("Declared", dataSource.manager))
        })
})

describe("wrong options", () => {
    const durations = ["", "soon", 0, -1, NaN, Infinity, {}, [], true, "-5m", "1".repeat(200)]
    const wrong: Record<string, readonly unknown[]> = {
        store: [null, {}, "memory", MemoryStore],
        ttl: durations,
        ttlJitter: [-0.1, 1.1, "0.5", NaN, null],
        prefix: ["", 7, null, {}],
        enabled: ["yes", 1, null],
        maxSize: [0, -1, 1.5, "10", Infinity, null],
        version: [null, {}, NaN, true],
        serializer: [
            ...[null, {}, { serialize: () => "" }, MsgpackSerializer],
            { serialize: () => "", deserialize: () => 0 },
            { name: "", serialize: () => "", deserialize: () => 0 },
            { name: "odd", isBinary: "yes", serialize: () => "", deserialize: () => 0 },
        ],
        fence: [null, "soon", 0, {}],
        onStoreFailure: ["stop", null, true],
        rawSql: ["maybe", null, true],
        storeTimeout: [...durations, null],
        staleWhileRevalidate: durations,
        earlyRefresh: [0, -0.1, 1.1, "0.5", NaN, null],
        staleOnError: durations,
        softTimeout: durations,
        hardTimeout: durations,
        circuitBreaker: [true, null, "off", 5],
        logger: [null, {}, console.log],
        clock: [null, {}, Date],
    }
    for (const [name, values] of Object.entries(wrong))
        it(`SecondLevelCache refuses ${name} that is none`, async () => {
            for (const value of values)
                await expectError(
                    "E_OPTION",
                    new RegExp(`SecondLevelCache: ${name} is `),
                    () => new SecondLevelCache({ [name]: value }),
                )
            void new SecondLevelCache({ [name]: undefined })
        })

    it("SecondLevelCache refuses options that it does not know, and what are no options", async () => {
        for (const name of ["ttls", "Store", "toString", "__proto__", "constructor"]) {
            const options = Object.defineProperty({}, name, { value: 1, enumerable: true })
            await expectError("E_OPTION", new RegExp(name), () => new SecondLevelCache(options))
        }
        for (const options of [null, "memory", 7, [], () => ({})])
            await expectError("E_OPTION", /SecondLevelCache/, () => new SecondLevelCache(options as never))
        await expectError(
            "E_OPTION",
            /fence: false/,
            () => new SecondLevelCache({ fence: false, onStoreFailure: "abort" }),
        )
    })

    const CACHED: Record<string, readonly unknown[]> = {
        ttl: durations,
        listTtl: durations,
        negativeTtl: durations,
        enabled: ["yes", null],
        version: [null, {}, NaN],
        lists: ["no", null],
        uniqueKeys: ["email", ["email"], [[]], [[""]], [[7]], null, {}],
        region: ["", 7, null],
        dependsOn: ["author", [7], [""], null],
        ttls: ["5m"],
    }
    for (const [name, values] of Object.entries(CACHED))
        it(`@Cached and cached() refuse ${name} that is none`, async () => {
            for (const value of values) {
                class Target {}
                const names = new RegExp(`@Cached on Target.*${name}`)
                await expectError("E_OPTION", names, () => Cached({ [name]: value })(Target))
                const schema = new EntitySchema({ name: "Target", columns: {} })
                await expectError("E_OPTION", names, () => cached(schema, { [name]: value }))
            }
        })

    for (const [name, values] of Object.entries({
        ttl: durations,
        maxSize: [0, "many", null],
        enabled: [1, null],
        version: [{}, null],
        lists: [true],
    } as Record<string, readonly unknown[]>))
        it(`@CachedRelation and cached() refuse ${name} of a relation that is none`, async () => {
            for (const value of values) {
                const names = new RegExp(`@CachedRelation on Owner.books.*${name}`)
                await expectError("E_OPTION", names, () => {
                    class Owner {}
                    CachedRelation({ [name]: value })(Owner.prototype, "books")
                })
                const schema = new EntitySchema({ name: "Owner", columns: {} })
                await expectError("E_OPTION", names, () => cached(schema, {}, { books: { [name]: value } }))
            }
        })

    it("cached() refuses relations that are no map of options", async () => {
        const schema = new EntitySchema({ name: "Owner", columns: {} })
        for (const relations of [null, "books", ["books"], 7])
            await expectError("E_OPTION", /@Cached on Owner: the relations/, () =>
                cached(schema, {}, relations as never),
            )
        for (const options of [null, true, "1m", [], 7])
            await expectError("E_OPTION", /@CachedRelation on Owner.books/, () =>
                cached(schema, {}, { books: options as never }),
            )
    })

    it("MemoryStore refuses what it does not know", async () => {
        for (const options of [{ maxEntries: 0 }, { maxBytes: "1MB" }, { max: 1 }, null])
            await expectError("E_OPTION", /MemoryStore/, () => new MemoryStore(options as never))
    })

    it("RedisStore refuses what is no client, both ways at once, and neither", async () => {
        for (const options of [
            {},
            { client: {} },
            { client: null },
            { url: "" },
            { url: 7 },
            { url: "redis://x", client: {} },
            { host: "x" },
            null,
            "redis://x",
        ])
            await expectError("E_OPTION", /RedisStore/, () => new RedisStore(options as never))
    })
})
