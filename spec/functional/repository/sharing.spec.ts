import { expect } from "chai"
import { EntitySchema, type DataSource } from "typeorm"
import { cached, CachedRepository, MemoryStore, SecondLevelCache, type CachedOptions } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { DataSource as TypeormDataSource, type DataSourceOptions } from "typeorm"
import { forEachDatabase } from "../../support/databases"
import { QueryRecorder } from "../../support/QueryRecorder"
import { describeRedis } from "../../support/stores"
import type { TestRedis } from "../../support/TestRedis"
import { closeLocalCaches, openLocalCache } from "./openCache"

interface Item {
    id: number
    name: string
}

function itemSchema(columns: string[] = [], options: CachedOptions = {}): EntitySchema<Item> {
    return cached(
        new EntitySchema<Item>({
            name: "Item",
            columns: {
                id: { type: "int", primary: true },
                name: { type: "varchar" },
                ...Object.fromEntries(columns.map((name) => [name, { type: "varchar", nullable: true } as const])),
            },
        }),
        options,
    )
}

/** One of several processes: its own DataSource, cache and Redis connection on one database and one Redis. */
class Process {
    readonly recorder = new QueryRecorder()
    readonly cache: SecondLevelCache
    readonly dataSource: DataSource

    constructor(
        redis: TestRedis,
        prefix: string,
        options: DataSourceOptions,
        schema: EntitySchema<Item>,
        version?: string,
    ) {
        this.cache = new SecondLevelCache({
            prefix,
            store: new RedisStore({ client: redis.createClient() }),
            storeTimeout: "20s",
            ...(version === undefined ? {} : { version }),
        })
        this.dataSource = new TypeormDataSource({
            ...options,
            entities: [schema],
            subscribers: [this.cache.subscriber],
            logger: this.recorder,
        })
    }

    get items(): CachedRepository<Item> {
        return new CachedRepository<Item>("Item", this.dataSource.manager)
    }

    async name(): Promise<string | undefined> {
        return (await this.items.findOneBy({ id: 1 }))?.name
    }

    async names(): Promise<string[]> {
        return (await this.items.find({ order: { id: "ASC" } })).map(({ name }) => name)
    }

    hit<T>(read: () => T): Promise<Awaited<T>> {
        return this.recorder.expectQueries(0, read)
    }

    miss<T>(read: () => T): Promise<Awaited<T>> {
        return this.recorder.expectQueries(1, read)
    }
}

forEachDatabase("several processes on one database and one Redis", (database) => {
    // SQLite's database is inside its process
    if (database.name === "sqlite") return
    describeRedis("redis", (redis) => {
        const processes: Process[] = []
        let owner: DataSource
        beforeEach(async () => {
            owner = await database.createDataSource({ entities: [itemSchema(["extra"])] })
            await owner.getRepository("Item").insert({ id: 1, name: "old" })
        })
        afterEach(async () => {
            for (const { dataSource, cache } of processes.splice(0)) {
                await dataSource.destroy()
                await cache.close()
            }
            await database.cleanUp()
        })

        const start = async (prefix: string, schema = itemSchema(), version?: string): Promise<Process> => {
            const process = new Process(redis, prefix, database.optionsOf(owner), schema, version)
            await process.dataSource.initialize()
            processes.push(process)
            return process
        }

        it("use each other's entries, and see each other's writes", async () => {
            const prefix = redis.prefix()
            const [a, b] = [await start(prefix), await start(prefix)]
            expect(await a.miss(() => a.name())).to.equal("old")
            expect(await b.hit(() => b.name())).to.equal("old")
            expect(await b.miss(() => b.names())).to.deep.equal(["old"])
            expect(await a.hit(() => a.names())).to.deep.equal(["old"])

            await b.items.update(1, { name: "new" })
            expect(await a.miss(() => a.name())).to.equal("new")
            expect(await b.hit(() => b.name())).to.equal("new")
            expect(await a.miss(() => a.names())).to.deep.equal(["new"])

            await a.dataSource.transaction(async (manager) => {
                await manager.insert("Item", { id: 2, name: "second" })
                expect(await b.hit(() => b.names())).to.deep.equal(["new"])
            })
            expect(await b.miss(() => b.names())).to.deep.equal(["new", "second"])
            await b.items.delete(1)
            expect(await a.name()).to.equal(undefined)
            expect(await b.hit(() => b.name())).to.equal(undefined)
            await a.cache.clear()
            await b.miss(() => b.name())
        })

        it("invalidate each other by hand", async () => {
            const prefix = redis.prefix()
            const [a, b] = [await start(prefix), await start(prefix)]
            await a.name()
            await owner.query(`UPDATE item SET name = 'elsewhere' WHERE id = 1`)
            expect(await b.hit(() => b.name())).to.equal("old")
            await b.cache.invalidate("Item", 1)
            expect(await a.miss(() => a.name())).to.equal("elsewhere")
        })

        const DIFFERENT: Record<string, [EntitySchema<Item>, EntitySchema<Item>, string?, string?]> = {
            "another column": [itemSchema(), itemSchema(["extra"])],
            "another version of the entity": [itemSchema([], { version: 1 }), itemSchema([], { version: 2 })],
            "another version of the cache": [itemSchema(), itemSchema(), "1", "2"],
        }
        for (const [title, [before, after, one, two]] of Object.entries(DIFFERENT))
            it(`do not read each other's entries with ${title}, and still invalidate them`, async () => {
                const prefix = redis.prefix()
                // the decorators of a process are global: each keeps what it read when it first needed it
                const a = await start(prefix, before, one)
                cached(before, title.includes("entity") ? { version: 1 } : {})
                await a.miss(() => a.name())
                await a.miss(() => a.names())
                cached(after, title.includes("entity") ? { version: 2 } : {})
                const b = await start(prefix, after, two)
                await b.miss(() => b.name())
                await b.miss(() => b.names())
                await a.hit(() => a.name())
                await b.hit(() => b.name())
                await a.items.update(1, { name: "by a" })
                expect(await b.miss(() => b.name())).to.equal("by a")
                expect(await b.miss(() => b.names())).to.deep.equal(["by a"])
                await b.items.update(1, { name: "by b" })
                expect(await a.miss(() => a.name())).to.equal("by b")
                expect(await a.miss(() => a.names())).to.deep.equal(["by b"])
            })

        it("know nothing of each other under different prefixes, not even when they are cleared", async () => {
            const prefix = redis.prefix()
            const names = [
                prefix,
                `${prefix}:t`,
                `${prefix}:v`,
                `${prefix}:v:row`,
                `${prefix}2`,
                `{${prefix}}`,
                `${prefix}*`,
            ]
            const all: Process[] = []
            for (const name of names) all.push(await start(name))
            for (const process of all) await process.miss(() => process.name())
            for (const process of all) {
                await process.cache.clear()
                for (const other of all) if (other !== process) await other.hit(() => other.name())
                await process.miss(() => process.name())
                await process.cache.invalidate("Item")
                for (const other of all) if (other !== process) await other.hit(() => other.name())
                await process.miss(() => process.name())
            }
        })
    })
})

describe("a prefix that is a function", () => {
    afterEach(closeLocalCaches)

    it("is asked on every read and write", async () => {
        let tenant = "a"
        const open = await openLocalCache({
            entities: [itemSchema()],
            cache: { prefix: () => tenant, store: new MemoryStore() },
        })
        const items = open.cached<Item>("Item")
        await items.insert({ id: 1, name: "one" })
        const read = (): Promise<unknown> => items.findOneBy({ id: 1 })
        await open.miss(read)
        tenant = "b"
        await open.miss(read)
        await open.hit(read)
        await open.cache.clear()
        await open.miss(read)
        tenant = "a"
        await open.hit(read)
        await items.update(1, { name: "by a" })
        expect(await open.miss(read)).to.include({ name: "by a" })
    })
})
