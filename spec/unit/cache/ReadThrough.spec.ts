import { expect } from "chai"
import { Freshness } from "../../../lib/cache/Freshness"
import { DependencyScope } from "../../../lib/cache/DependencyScope"
import { entryOf } from "../../../lib/cache/Entry"
import type { Miss } from "../../../lib/cache/Miss"
import { SpareAnswers } from "../../../lib/cache/SpareAnswers"
import { HeldTags } from "../../../lib/cache/HeldTags"
import { ReadThrough } from "../../../lib/cache/ReadThrough"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"
import { PLAIN_FRESHNESS } from "../../../lib/util/FreshnessOptions"

describe("an entry that names late tags", () => {
    let store: FaultyStore
    let held: HeldTags
    let stats: StatsCounter
    const open = (): ReadThrough => {
        const [clock, log] = [new FakeClock(), new CacheLog()]
        const gate = new StoreGate(store, { timeout: 1_000 }, clock, log, stats)
        return new ReadThrough(gate, new JsonSerializer(), held, clock, log)
    }
    beforeEach(() => {
        store = new FaultyStore(new MemoryStore())
        held = new HeldTags()
        stats = new StatsCounter()
    })

    const loaded = { result: "loaded", value: "stored", ttl: undefined, tagCount: 1, lateTags: ["late"] }
    const fill = (cache: ReadThrough): Promise<boolean> =>
        cache.put({ key: "key", tags: ["own", "table"], stats }, loaded)
    const many = (cache: ReadThrough): Promise<string[]> =>
        cache.readManyLate({
            keys: ["key"],
            ownTags: ["own"],
            sharedTags: ["table"],
            stats,
            subject: "spec",
            decode: String,
            loadMany: () => Promise.resolve([loaded]),
        })

    it("is an answer in one trip to who has seen it before, in two to others", async () => {
        const cache = open()
        expect(await fill(cache)).to.equal(true)
        for (const [reader, trips] of [
            [cache, 1],
            [open(), 2],
        ] as const) {
            store.reset()
            expect(await many(reader)).to.deep.equal(["stored"])
            expect(store.trips).to.equal(trips)
        }
    })

    it("is no answer to somebody who does not know of them", async () => {
        const cache = open()
        await fill(cache)
        const tags = ["own", "late"]
        const load = (): Promise<typeof loaded> => Promise.resolve(loaded)
        expect(await cache.read({ key: "key", tags, stats, subject: "spec", decode: String, load })).to.equal("loaded")
    })

    for (const tag of ["own", "late"])
        it(`is none when its ${tag} tag is fenced, held or replaced`, async () => {
            const cache = open()
            await fill(cache)
            await store.fence([tag], "writer", 1_000)
            expect(await many(cache)).to.deep.equal(["loaded"])
            await store.release([tag], "writer", 60_000)
            expect(await many(cache)).to.deep.equal(["loaded"])
            expect(await many(cache)).to.deep.equal(["stored"])
            held.hold(tag)
            expect(await many(cache)).to.deep.equal(["loaded"])
        })

    it("does not hang on the table that guards its fill", async () => {
        const cache = open()
        await fill(cache)
        await store.release(["table"], "writer", 60_000)
        expect(await many(cache)).to.deep.equal(["stored"])
    })

    it("is not stored when the table was written between its load and the stamps of its late tags", async () => {
        const cache = open()
        store.after("stamp", async ({ tags }) => {
            if (tags.includes("late")) await store.release(["table"], "writer", 60_000)
        })
        expect(await many(cache)).to.deep.equal(["loaded"])
        expect(stats.rejectedFills).to.equal(1)
        expect(stats.fills).to.equal(0)
    })

    it("is not stored when a late tag is fenced or held", async () => {
        const cache = open()
        await store.fence(["late"], "writer", 1_000)
        await many(cache)
        await store.release(["late"], "writer", 60_000)
        held.hold("late")
        await many(cache)
        expect(stats.fills).to.equal(0)
    })
})

describe("an answer that may lag", () => {
    it("is counted once, where the rest of it is asked of the store that all share", async () => {
        const [clock, stats] = [new FakeClock(), new StatsCounter()]
        const inner = new MemoryStore({ clock })
        const gate = new StoreGate(inner, { timeout: 1_000 }, clock, new CacheLog(), stats)
        const freshness = new Freshness(clock, { ...PLAIN_FRESHNESS, staleWhileRevalidate: 500 })
        const cache = new ReadThrough(gate, new JsonSerializer(), new HeldTags(), clock, new CacheLog(), freshness)
        const loads: (readonly number[])[] = []
        const read = () =>
            cache.readMany({
                keys: ["a", "b"],
                ownTags: ["tag a", "tag b"],
                sharedTags: ["table"],
                stats,
                subject: "spec",
                decode: String,
                loadMany: (positions) => {
                    loads.push(positions)
                    return Promise.resolve(positions.map(() => ({ result: "loaded", value: "stored", ttl: 1_000 })))
                },
            })
        await read()
        clock.advance(1_000)
        stats.reset()
        const shared = inner.read.bind(inner)
        // one of the two is not near
        inner.read = (keys, tags) => {
            const found = shared(keys, tags)
            return { ...found, payloads: found.payloads.map((it, i) => (i === 0 ? it : undefined)), isNear: true }
        }
        Object.assign(inner, { readShared: shared })
        expect(await read()).to.deep.equal(["stored", "stored"])
        await new Promise((resolve) => setImmediate(resolve))
        expect(stats).to.include({ hits: 2, misses: 0, staleHits: 2, refreshes: 1 })
        expect(loads).to.deep.equal([
            [0, 1],
            [0, 1],
        ])
    })
})

describe("a load that comes too late", () => {
    it("changes nothing in what has been handed out", async () => {
        const [clock, stats] = [new FakeClock(), new StatsCounter()]
        const gate = new StoreGate(new MemoryStore({ clock }), { timeout: 1_000 }, clock, new CacheLog(), stats)
        const freshness = new Freshness(clock, { ...PLAIN_FRESHNESS, staleOnError: 1_000, softTimeout: 50 })
        const cache = new ReadThrough(gate, new JsonSerializer(), new HeldTags(), clock, new CacheLog(), freshness)
        let answer!: (text: string) => void
        const read = () =>
            cache.readMany({
                ...{ keys: ["a"], ownTags: ["t:a"], sharedTags: ["t"], stats, subject: "spec" },
                decode: (value) => value as string,
                loadMany: async () => {
                    const text = await new Promise<string>((resolve) => (answer = resolve))
                    return [{ result: text, value: text, ttl: 100 }]
                },
            })
        const turn = () => new Promise(setImmediate)
        const first = read()
        await turn()
        answer("old")
        await first
        clock.advance(100)
        const reading = read()
        await turn()
        clock.advance(50)
        const handedOut = await reading
        expect(handedOut).to.deep.equal(["old"])
        answer("new")
        await turn()
        expect(handedOut).to.deep.equal(["old"])
        expect(await read()).to.deep.equal(["new"])
    })
})

describe("a reader in a transaction", () => {
    it("is given nothing behind its ttl, however long its load takes or fails", async () => {
        const [clock, stats] = [new FakeClock(), new StatsCounter()]
        const gate = new StoreGate(new MemoryStore({ clock }), { timeout: 1_000 }, clock, new CacheLog(), stats)
        const settings = { staleWhileRevalidate: 1_000, earlyRefresh: 1, staleOnError: 2_000 }
        const freshness = new Freshness(clock, { ...settings, softTimeout: 10, hardTimeout: 20 })
        const cache = new ReadThrough(gate, new JsonSerializer(), new HeldTags(), clock, new CacheLog(), freshness)
        let load = (): Promise<string> => Promise.resolve("old")
        const read = (alone: boolean) =>
            cache.readMany({
                ...{ keys: ["a"], ownTags: ["t:a"], sharedTags: ["t"], stats, subject: "spec", alone },
                decode: (value) => value as string,
                loadMany: () => load().then((text) => [{ result: text, value: text, ttl: 100 }]),
            })
        await read(false)
        clock.advance(100)
        load = () => Promise.reject(new Error("away"))
        expect(await read(true).catch((error: Error) => error.message)).to.equal("away")
        let answer!: (text: string) => void
        load = () => new Promise((resolve) => (answer = resolve))
        const reading = read(true)
        await new Promise(setImmediate)
        clock.advance(1_000)
        answer("new")
        expect(await reading).to.deep.equal(["new"])
        expect(stats.staleHits).to.equal(0)
    })
})

describe("SpareAnswers", () => {
    it("are noted with the stamps that they were compared with", async () => {
        const [clock, stats] = [new FakeClock(), new StatsCounter()]
        const store = new MemoryStore({ clock })
        const gate = new StoreGate(store, { timeout: 1_000 }, clock, new CacheLog(), stats)
        const spares = new SpareAnswers(gate, new HeldTags(), new CacheLog())
        store.stamp(["t"], "before", 60_000)
        // a load that goes on behind the reader has seen a later stamp
        const spare = { entry: entryOf(["before"], "old"), result: "old" }
        const miss: Miss = { position: 0, key: "a", tags: ["t"], states: ["after"], spare }
        const scope = new DependencyScope(gate, new Map())
        const results: string[] = []
        await scope.run(() => spares.answer({ stats, subject: "spec" }, [miss], results, "late"))
        expect(results).to.deep.equal(["old"])
        expect([...scope.stamps]).to.deep.equal([["t", "before"]])
    })
})
