import KeyvMemcache from "@keyv/memcache"
import { createCache } from "cache-manager"
import { expect } from "chai"
import { Keyv, type KeyvStoreAdapter } from "keyv"
import type { DataSource } from "typeorm"
import { CachedRepository, FENCED, SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { KeyvStore } from "typeorm-second-level-cache/keyv"
import { StateProbe } from "../../fault/StateProbe"
import { Item } from "../../race/Item"
import { leaveOut, START_TIMEOUT } from "../../support/choice"
import { forEachDatabase } from "../../support/databases"
import { QueryRecorder } from "../../support/QueryRecorder"
import type { StartedServer } from "../../support/server/ServerProcess"
import { findMemcached, startMemcached } from "../../support/startMemcached"
import { expectError } from "../bad-input/expectError"

const LONG = 60_000
const entry = (key: string, payload: unknown = "{}") => ({ key, payload, ttl: LONG, stamps: [], size: 2 })

/** An adapter in memory whose methods a spec may replace. */
function adapter(): KeyvStoreAdapter & { map: Map<string, unknown>; emit: (error: Error) => void } {
    const map = new Map<string, unknown>()
    const listeners: ((error: Error) => void)[] = []
    return {
        map,
        emit: (error) => listeners.forEach((listener) => listener(error)),
        opts: {},
        get: (key: string) => Promise.resolve(map.get(key) as never),
        set: (key: string, value: unknown) => void map.set(key, value),
        delete: (key: string) => Promise.resolve(map.delete(key)),
        clear: () => Promise.resolve(map.clear()),
        on: (_event, listener) => void listeners.push(listener) as never,
    }
}

describe("KeyvStore", () => {
    it("refuses what is no Keyv, and a cache of several stores", async () => {
        for (const wrong of [undefined, null, 7, {}, new Map(), { stores: [] }, { stores: [{}] }, createCache])
            await expectError("E_OPTION", /KeyvStore/, () => new KeyvStore(wrong as never))
        const two = createCache({ stores: [new Keyv(), new Keyv()] })
        await expectError("E_OPTION", /2 stores/, () => new KeyvStore(two))
        await expectError("E_OPTION", /tll/, () => new KeyvStore(new Keyv(), { tll: 1 } as never))
    })

    it("takes what others have put under its keys for nothing", async () => {
        const keyv = new Keyv()
        const store = new KeyvStore(keyv)
        for (const foreign of ["text", 7, null, [], ["other", "{}"], ["k", 7], ["k", "{}", 1], { k: 1 }]) {
            await keyv.set("k", foreign)
            expect((await store.read(["k"], ["k"])).payloads, JSON.stringify(foreign)).to.deep.equal([undefined])
        }
        await store.write([entry("k")])
        expect((await store.read(["k"], [])).payloads).to.deep.equal(["{}"])
    })

    it("hands the adapter keys that any store takes", async () => {
        const own = adapter()
        const store = new KeyvStore(new Keyv({ store: own, namespace: "n" }))
        const keys = ["plain:key@1/2", "a b", "line\n", "ü", "x".repeat(300), "~", "{a}", ""]
        await store.write(keys.map((key) => entry(key, key)))
        expect([...own.map.keys()].every((key) => /^[\w.:@/~=-]{1,200}$/.test(key))).to.equal(true)
        expect((await store.read(keys, [])).payloads).to.deep.equal(keys)
    })

    for (const what of ["rejects", "throws"])
        it(`fails when the adapter ${what}, though Keyv answers as if nothing were there`, async () => {
            const own = adapter()
            const fail = () => {
                const error = new Error("gone")
                // as the adapters do: Keyv keeps to itself what they throw for several keys
                own.emit(error)
                if (what === "throws") throw error
                return Promise.reject(error)
            }
            const store = new KeyvStore(new Keyv({ store: own }))
            await store.write([entry("k")])
            const { get, set } = own
            own.get = fail
            await expectError("E_STORE", /gone/, () => store.read(["k"], []))
            await expectError("E_STORE", /gone/, () => store.release(["t"], "owner", LONG))
            own.get = get
            own.set = fail
            await expectError("E_STORE", /gone/, () => store.fence(["t"], "owner", LONG))
            await expectError("E_STORE", /gone/, () => store.write([entry("k")]))
            own.set = set
            await store.release(["t"], "owner", LONG)
            expect((await store.read(["k"], [])).payloads).to.deep.equal(["{}"])
        })

    it("fails when the adapter says that it has not stored", async () => {
        const own = adapter()
        own.set = () => Promise.resolve(false)
        const store = new KeyvStore(new Keyv({ store: own }))
        await expectError("E_STORE", /refused/, () => store.fence(["t"], "owner", LONG))
    })

    it("does not wait for ever for a change that hangs", async () => {
        const own = adapter()
        const store = new KeyvStore(new Keyv({ store: own }))
        const { set } = own
        own.set = () => new Promise(() => undefined)
        void store.fence(["a"], "one", LONG)
        await new Promise((resolve) => setImmediate(resolve))
        own.set = set
        await store.fence(["a", "b"], "two", LONG)
        expect((await store.read([], ["b"])).tags).to.deep.equal([FENCED])
    })

    it("takes no fence for standing that it has released and another process has written back", async () => {
        const own = adapter()
        const [one, two] = [1, 2].map(() => new KeyvStore(new Keyv({ store: own }))) as [KeyvStore, KeyvStore]
        await one.fence(["t"], "one", LONG)
        await two.fence(["t"], "two", LONG)
        const [[key, both] = []] = own.map
        await one.release(["t"], "one", LONG)
        // two has read both, and writes last
        own.map.set(key!, both)
        await two.release(["t"], "two", LONG)
        expect((await two.read([], ["t"])).tags, "nobody else can know").to.deep.equal([FENCED])
        expect((await one.read([], ["t"])).tags).to.deep.equal([undefined])
        expect(await one.stamp(["t"], "stamp", LONG)).to.deep.equal(["stamp"])
        expect((await two.read([], ["t"])).tags).to.deep.equal(["stamp"])
        await one.fence(["t"], "one", LONG)
        expect((await one.read([], ["t"])).tags, "it stands again").to.deep.equal([FENCED])
    })

    it("works in a namespace that its keys begin with", async () => {
        const store = new KeyvStore(new Keyv({ namespace: "slc" }))
        await store.write([entry("slc:k")])
        expect((await store.read(["slc:k"], [])).payloads).to.deep.equal(["{}"])
        expect(await store.delete(["slc:k"])).to.equal(1)
    })

    it("makes the stamp of a tag once, however many ask for it", async () => {
        const own = adapter()
        let sets = 0
        const { set } = own
        own.set = (key, value) => {
            sets++
            set(key, value)
        }
        const store = new KeyvStore(new Keyv({ store: own }))
        const answers = await Promise.all(
            Array.from({ length: 100 }, (_, i) => store.stamp(["t", `t${i % 2}`], `s${i}`, LONG)),
        )
        expect(sets).to.equal(3)
        expect(new Set(answers.map(([state]) => state)).size).to.equal(1)
    })

    it("lets changes of other tags overtake one that takes long", async () => {
        const own = adapter()
        const store = new KeyvStore(new Keyv({ store: own }))
        const { set } = own
        own.set = () => new Promise(() => undefined)
        void store.fence(["slow"], "one", LONG)
        await new Promise((resolve) => setImmediate(resolve))
        own.set = set
        let isDone = false
        void store.fence(["quick"], "two", LONG).then(() => (isDone = true))
        await new Promise((resolve) => setImmediate(resolve))
        expect(isDone).to.equal(true)
    })

    it("listens to a Keyv no longer than it is open", () => {
        const keyv = new Keyv()
        for (let i = 0; i < 20; i++) new KeyvStore(keyv).close()
        expect(keyv.listeners("error")).to.have.length(0)
    })

    it("replaces what a reader's proposal has overwritten", async () => {
        const own = adapter()
        const [reader, writer] = [new KeyvStore(new Keyv({ store: own })), new KeyvStore(new Keyv({ store: own }))]
        const { set } = own
        let arrive!: () => void
        const arrived = new Promise<void>((resolve) => (arrive = resolve))
        own.set = async (key, value) => {
            own.set = set
            await arrived
            set(key, value)
        }
        const stamping = reader.stamp(["t"], "proposal", LONG)
        await new Promise((resolve) => setImmediate(resolve))
        await writer.fence(["t"], "writer", LONG)
        arrive()
        // the fence has gone: the end of the write counts, and not its commit
        expect(await stamping).to.deep.equal(["proposal"])
        await writer.release(["t"], "writer", LONG)
        const [state] = (await reader.read([], ["t"])).tags
        expect(state).to.be.a("string").and.not.equal("proposal")
    })
})

forEachDatabase("a cache over a Keyv", (database) => {
    if (database.name === "mariadb") return
    let cache: SecondLevelCache
    let dataSource: DataSource
    let sql: QueryRecorder
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
    })
    async function open(options: SecondLevelCacheOptions): Promise<StateProbe> {
        cache = new SecondLevelCache(options)
        sql = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger: sql })
        return StateProbe.open(dataSource, sql)
    }
    async function expectWorking(probe: StateProbe): Promise<void> {
        for (let state = 1; state <= 3; state++) {
            await probe.write(state)
            await probe.untilHit(state)
        }
        const items = new CachedRepository(Item, dataSource.manager)
        for (let i = 0; i < 2; i++) expect(await items.countBy({ kind: "kind" })).to.equal(1)
        await sql.expectQueries(0, () => items.countBy({ kind: "kind" }))
        await cache.set("value", 7, { tags: ["home"] })
        expect(await cache.get("value")).to.equal(7)
        await cache.invalidateTags(["home"])
        expect(await cache.get("value")).to.equal(undefined)
    }

    it("in memory serves, and is invalidated by commits", async () => {
        await expectWorking(await open({ store: new KeyvStore(new Keyv()) }))
        await cache.clear()
        expect(await cache.get("value")).to.equal(undefined)
    })

    it("of cache-manager serves, and is invalidated by commits", async () => {
        await expectWorking(await open({ store: new KeyvStore(createCache()) }))
    })

    describe("on memcached", function () {
        if (findMemcached() === undefined) return leaveOut("memcached", "memcached is not installed")
        let server: StartedServer
        beforeEach(async function () {
            this.timeout(START_TIMEOUT)
            server = await startMemcached()
        })
        afterEach(() => server.stop())
        const store = () =>
            new KeyvStore(
                new Keyv({
                    store: new KeyvMemcache(`127.0.0.1:${server.port}`, {
                        retries: 1,
                        timeout: 0.3,
                        logger: { log: () => undefined },
                    }),
                }),
            )

        it("serves, and is invalidated by commits", async () => {
            await expectWorking(await open({ store: store() }))
        })

        it("goes to the database when it is killed, and comes back when it does", async function () {
            this.timeout(60_000)
            const probe = await open({ store: store(), circuitBreaker: { retryAfter: "50ms" } })
            await probe.untilHit(0)
            await server.kill()
            for (let state = 1; state <= 3; state++) {
                await probe.write(state)
                expect(await probe.read()).to.deep.equal({ state, isHit: false })
            }
            await server.restart()
            await probe.untilHit(3)
        })
    })
})
