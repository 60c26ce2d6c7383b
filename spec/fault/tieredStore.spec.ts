import { expect } from "chai"
import { Redis } from "ioredis"
import { DataSource } from "typeorm"
import {
    CachedRepository,
    SecondLevelCache,
    TieredStore,
    type InvalidationChannel,
    type TieredStoreOptions,
} from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import { tap } from "../functional/redis/wiretap"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"
import { TcpProxy } from "../support/TcpProxy"
import { untilNear } from "../support/untilNear"

/** One of several processes on one database and one Redis. */
interface Process {
    readonly cache: SecondLevelCache
    readonly store: FaultyStore
    readonly tiered: TieredStore
    /** Resolves when everything that was told until now has come to the process. */
    readonly synced: () => Promise<void>
    readonly client: Redis
    readonly sql: QueryRecorder
    readonly dataSource: DataSource
    readonly items: CachedRepository<Item>
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

forEachDatabase("a near tier in front of Redis", (database) => {
    // several processes need a database that they share; what they do is the same on each
    if (database.name !== "postgres") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    /** The line of invalidations leads through it, and nothing else. */
    let line: TcpProxy
    let admin: Redis
    let processes: Process[]
    let first: DataSource | undefined

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis()
        line = await TcpProxy.start(server.url)
        admin = new Redis(server.url)
        admin.on("error", () => undefined)
        processes = []
        first = undefined
    })
    afterEach(async () => {
        for (const { cache, client, dataSource } of processes) {
            await cache.close()
            client.disconnect()
            if (dataSource !== first) await dataSource.destroy()
        }
        await database.cleanUp()
        admin.disconnect()
        await line.stop()
        await server.stop()
    })

    async function start(options: Partial<TieredStoreOptions> = {}): Promise<Process> {
        const client = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 20 })
        client.on("error", () => undefined)
        const duplicate = client.duplicate.bind(client)
        Object.assign(client, { duplicate: (more: object) => duplicate({ ...more, port: line.port }) })
        const far = new RedisStore({ client })
        const listen = far.listen.bind(far)
        let channel!: InvalidationChannel
        far.listen = (listener) => (channel = listen(listener))
        const tiered = new TieredStore({ far, heartbeat: "20ms", ...options })
        const store = new FaultyStore(tiered)
        const cache = new SecondLevelCache({ store })
        const sql = new QueryRecorder()
        const settings = { entities: [Item], subscribers: [cache.subscriber], logger: sql }
        const dataSource =
            first === undefined
                ? await database.createDataSource(settings)
                : await new DataSource({ ...database.optionsOf(first), ...settings }).initialize()
        const items = new CachedRepository(Item, dataSource.manager)
        if (first === undefined)
            await items.insert([1, 2, 3].map((id) => ({ id, code: `code-${id}`, kind: "kind", state: 0 })))
        first ??= dataSource
        const process = { cache, store, tiered, synced: () => channel.sync(), client, sql, dataSource, items }
        processes.push(process)
        await untilNear(tiered)
        return process
    }
    const stateOf = async ({ items }: Process): Promise<number> => (await items.findOneByOrFail({ id: 1 })).state
    const write = ({ dataSource }: Process, state: number): Promise<unknown> =>
        dataSource.transaction((manager) => manager.update(Item, 1, { state }))
    /** Makes a row near. */
    async function warm(process: Process): Promise<void> {
        for (let i = 0; i < 3; i++) await stateOf(process)
    }
    const READS: Record<string, (process: Process) => Promise<unknown>> = {
        "a row": ({ items }) => items.findOneBy({ id: 1 }),
        "several rows": ({ items }) => items.findBy([{ id: 1 }, { id: 2 }]),
        "a row by a unique key": ({ items }) => items.findOneBy({ code: "code-2" }),
        "a list": ({ items }) => items.findBy({ kind: "kind" }),
        "a count": ({ items }) => items.countBy({ kind: "kind" }),
        "a value": ({ cache }) => cache.getOrSet("value", () => 7),
        "a value that depends on what its function read": ({ cache, items }) =>
            cache.getOrSet("counted", () => items.count()),
    }

    for (const [name, read] of Object.entries(READS))
        it(`answers ${name} with neither SQL nor a command, from the third time on`, async () => {
            const process = await start({ heartbeat: "1h", maxLag: "2h" })
            const expected = await read(process)
            await read(process)
            const { length } = process.sql.selects
            const seen = await tap(process.client, async () => expect(await read(process)).to.deep.equal(expected))
            expect(process.sql.selects).to.have.length(length)
            expect(seen.names).to.deep.equal([])
        })

    it("is never behind the writes of its own process", async () => {
        const process = await start()
        for (let state = 1; state <= 20; state++) {
            await warm(process)
            await write(process, state)
            expect(await stateOf(process)).to.equal(state)
        }
    })

    it("hands out a new row each time, which nobody else sees changed", async () => {
        const process = await start()
        await warm(process)
        const row = await process.items.findOneByOrFail({ id: 1 })
        row.state = 99
        expect(await stateOf(process)).to.equal(0)
        expect(await process.items.findOneByOrFail({ id: 1 })).to.not.equal(row)
    })

    it("hears of the writes of others, and never goes back", async () => {
        const [reader, writer] = [await start(), await start()]
        for (let state = 1; state <= 10; state++) {
            await warm(reader)
            await write(writer, state)
            let seen: number
            while ((seen = await stateOf(reader)) !== state) {
                expect(seen).to.equal(state - 1)
                await turn()
            }
            for (let i = 0; i < 5; i++) expect(await stateOf(reader)).to.equal(state)
        }
    })

    it("hears of a write before its commit, so that a writer may die behind it", async () => {
        const [reader, writer] = [await start(), await start()]
        await warm(reader)
        const barrier = writer.store.hold("release")
        const written = write(writer, 1)
        await barrier.reached
        await reader.synced()
        expect(await stateOf(reader)).to.equal(1)
        barrier.release()
        await written
    })

    it("hears of values and regions that others set, delete and clear", async () => {
        const [reader, writer] = [await start(), await start()]
        const until = async (expected: unknown): Promise<void> => {
            while ((await reader.cache.get("v")) !== expected) await turn()
        }
        for (const value of [1, 2, 3]) {
            await writer.cache.set("v", value)
            await until(value)
            await reader.cache.get("v")
        }
        await writer.cache.delete("v")
        await until(undefined)
        await writer.cache.set("v", 4)
        await until(4)
        await writer.cache.clear()
        await until(undefined)
        await writer.cache.set("v", 5, { tags: ["home"] })
        await until(5)
        await writer.cache.invalidateTags(["home"])
        await until(undefined)
    })

    it("is off and empty while its line is cut, and on again behind it", async () => {
        const [reader, writer] = [await start(), await start()]
        await warm(reader)
        line.cut()
        while (reader.tiered.isNearOn) await turn()
        for (let state = 1; state <= 3; state++) {
            await write(writer, state)
            for (let i = 0; i < 3; i++) expect(await stateOf(reader)).to.equal(state)
        }
        line.restore()
        await untilNear(reader.tiered)
        expect(await stateOf(reader)).to.equal(3)
    })

    it("is off while its line is silent, and reads what others write", async () => {
        const [reader, writer] = [await start({ maxLag: "200ms" }), await start()]
        await warm(reader)
        line.pause()
        while (reader.tiered.isNearOn) await new Promise((resolve) => setTimeout(resolve, 5))
        for (let state = 1; state <= 3; state++) {
            await write(writer, state)
            for (let i = 0; i < 3; i++) expect(await stateOf(reader)).to.equal(state)
        }
        line.resume()
        await untilNear(reader.tiered)
        for (let i = 0; i < 3; i++) expect(await stateOf(reader)).to.equal(3)
    })

    it("opens its line anew when it has been silent for long", async function () {
        this.timeout(30_000)
        const reader = await start()
        line.pause()
        const listeners = async (): Promise<string> => String(await admin.call("CLIENT", "LIST", "TYPE", "pubsub"))
        while ((await listeners()).includes("id=")) await new Promise((resolve) => setTimeout(resolve, 20))
        line.resume()
        await untilNear(reader.tiered)
    })

    it("listens through a client that keeps no queue while it is offline", async () => {
        const client = new Redis(server.url, { enableOfflineQueue: false })
        await new Promise((resolve) => client.once("ready", resolve))
        const tiered = new TieredStore({ far: new RedisStore({ client }) })
        await untilNear(tiered)
        await tiered.close()
        client.disconnect()
    })

    it("comes back when its connection is killed, again and again", async () => {
        const reader = await start()
        for (let i = 0; i < 3; i++) {
            await warm(reader)
            await admin.call("CLIENT", "KILL", "TYPE", "pubsub")
            while (reader.tiered.isNearOn) await turn()
            await untilNear(reader.tiered)
            expect(await stateOf(reader)).to.equal(0)
        }
    })

    it("is off while Redis is away, and its readers go to the database", async function () {
        this.timeout(30_000)
        const [reader, writer] = [await start(), await start()]
        await warm(reader)
        await server.kill()
        while (reader.tiered.isNearOn) await turn()
        await write(writer, 1)
        expect(await stateOf(reader)).to.equal(1)
        await server.restart()
        await untilNear(reader.tiered)
        expect(await stateOf(reader)).to.equal(1)
    })

    it("takes what is no message of the cache's for anything", async () => {
        const reader = await start({ heartbeat: "1h", maxLag: "2h" })
        for (const text of ["", "{}", "[]", "null", '["tags"]', '["tags",[7]]', '["clear",null]', '["later","x"]']) {
            await warm(reader)
            await admin.publish("second-level-cache", text)
            reader.store.reset()
            const { length } = reader.sql.selects
            let isEmptied = false
            while (!isEmptied) {
                const seen = await tap(reader.client, () => stateOf(reader))
                isEmptied = seen.names.length > 0
                await turn()
            }
            expect(reader.sql.selects, text).to.have.length(length)
        }
    })

    it("keeps nothing of an answer that a message has overtaken", async () => {
        const [reader, writer] = [await start({ heartbeat: "1h", maxLag: "2h" }), await start()]
        await warm(writer)
        // the answer has left Redis, and the reader has not got it
        let arrive!: () => void
        const arrived = new Promise<void>((resolve) => (arrive = resolve))
        let reach!: () => void
        const reached = new Promise<void>((resolve) => (reach = resolve))
        const { pipeline } = reader.client
        const held = function (this: Redis, ...args: Parameters<typeof pipeline>) {
            const made = pipeline.apply(reader.client, args)
            const exec = made.exec.bind(made)
            made.exec = async () => {
                const replies = await exec()
                reach()
                await arrived
                return replies
            }
            return made
        }
        Object.assign(reader.client, { pipeline: held })
        const read = stateOf(reader)
        await reached
        Object.assign(reader.client, { pipeline })
        await write(writer, 1)
        await reader.synced()
        arrive()
        expect(await read, "it began before the write").to.equal(0)
        for (let i = 0; i < 3; i++) expect(await stateOf(reader)).to.equal(1)
    })

    it("asks Redis before it loads what is near but no longer current", async () => {
        const [reader, writer] = [await start(), await start()]
        const list = ({ items }: Process) => items.findBy({ kind: "kind" })
        for (let i = 0; i < 3; i++) await list(reader)
        await write(writer, 1)
        await list(writer)
        await reader.synced()
        // brings the new stamp of the table near, while the old list is still there
        await reader.items.countBy({ kind: "kind" })
        const { length } = reader.sql.selects
        expect((await list(reader)).find(({ id }) => id === 1)?.state).to.equal(1)
        expect(reader.sql.selects, "the writer's list was in Redis").to.have.length(length)
    })

    it("says at once that it cannot work where the far store tells nothing", () => {
        const far = new RedisStore({ client: admin, announce: false })
        expect(() => new TieredStore({ far })).to.throw(/announce/)
    })
})
