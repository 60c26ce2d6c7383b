import { expect } from "chai"
import { HeldTags } from "../../../lib/cache/HeldTags"
import { ReadThrough } from "../../../lib/cache/ReadThrough"
import type { Loaded, ReadManyRequest } from "../../../lib/cache/ReadRequest"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { CacheError } from "../../../lib/error/CacheError"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"
import { Deferred } from "../../support/Barrier"
import { LockingMemory } from "./LockingMemory"

const LATE = ["t:late"]

/** One of several processes that share a store. */
class Reader {
    readonly store: FaultyStore
    readonly held = new HeldTags()
    readonly stats = new StatsCounter()
    readonly cache: ReadThrough
    /** What its next load brings. */
    answer = new Deferred<string>()

    constructor(memory: LockingMemory, clock: FakeClock) {
        this.store = new FaultyStore(memory)
        const gate = new StoreGate(this.store, { timeout: 1e6 }, clock, new CacheLog(), this.stats)
        this.cache = new ReadThrough(gate, new JsonSerializer(), this.held, clock, new CacheLog())
    }

    read(more: Partial<ReadManyRequest<string>> = {}): Promise<string[]> {
        return this.cache.readManyLate<string>({
            ...{ keys: ["p:v:key"], ownTags: ["t:own"], sharedTags: ["t:wide"], stats: this.stats, subject: "spec" },
            decode: (value) => value as string,
            loadMany: async (): Promise<Loaded<string>[]> => {
                const text = await this.answer.promise
                return [{ result: text, value: text, ttl: undefined, tagCount: 1, lateTags: LATE }]
            },
            ...more,
        })
    }
}

describe("LoadLock", () => {
    let clock: FakeClock
    let memory: LockingMemory
    let first: Reader
    let second: Reader

    beforeEach(() => {
        clock = new FakeClock()
        memory = new LockingMemory({ clock })
        first = new Reader(memory, clock)
        second = new Reader(memory, clock)
        second.answer.resolve("of the second")
    })

    const turn = () => new Promise(setImmediate)

    /** The second waits for what the first is loading; the first has stored it when this resolves. */
    async function meet(more?: Partial<ReadManyRequest<string>>): Promise<{ readonly reading: Promise<string[]> }> {
        const loading = first.read()
        await turn()
        const reading = second.read(more)
        await turn()
        first.answer.resolve("of the first")
        await loading
        return { reading }
    }

    it("takes what the other one has stored", async () => {
        const { reading } = await meet()
        clock.advance(100)
        expect(await reading).to.deep.equal(["of the first"])
        expect(second.stats.loads).to.equal(0)
    })

    for (const [title, spoil] of Object.entries({
        "a late tag has been replaced": () => memory.release(LATE, "writer", 60_000),
        "a late tag is fenced": () => memory.fence(LATE, "writer", 60_000),
        "a late tag is held by this process": () => second.held.hold(LATE[0]!),
        "a tag of its own has been replaced": () => memory.release(["t:own"], "writer", 60_000),
        "a tag of its own is held by this process": () => second.held.hold("t:own"),
        "it cannot be read": () => memory.write([{ key: "p:v:key", payload: 7, ttl: 1e6, stamps: [], size: 1 }]),
    }))
        it(`takes nothing where ${title}`, async () => {
            const { reading } = await meet()
            spoil()
            for (let i = 0; i < 40; i++) {
                clock.advance(100)
                await turn()
            }
            expect(await reading).to.deep.equal(["of the second"])
        })

    it("takes nothing that the reader cannot make a value of", async () => {
        let isBroken = true
        const { reading } = await meet({
            decode: (value) => {
                if (isBroken) throw new CacheError("E_CORRUPT_ENTRY", "broken")
                return value as string
            },
        })
        clock.advance(100)
        expect(await reading).to.deep.equal(["of the second"])
        isBroken = false
    })

    it("is not asked by a reader who must wait for nobody", async () => {
        const loading = first.read()
        await turn()
        expect(await second.read({ alone: true })).to.deep.equal(["of the second"])
        expect(second.store.calls.some(({ method }) => method === "lock")).to.equal(false)
        first.answer.resolve("of the first")
        await loading
    })

    it("is not asked for what could not be stored", async () => {
        memory.fence(["t:own"], "writer", 60_000)
        expect(await second.read()).to.deep.equal(["of the second"])
        expect(second.store.calls.some(({ method }) => method === "lock")).to.equal(false)
    })

    it("gives back what it takes when the read is over already", async () => {
        const loading = first.read()
        await turn()
        second.answer = new Deferred()
        const failing = second.read({
            keys: ["p:v:own", "p:v:key"],
            ownTags: ["t:other", "t:own"],
            loadMany: () => second.answer.promise.then(() => Promise.reject(new Error("away"))),
        })
        await turn()
        // what it waits for is invalidated, and it asks for the lock of the new stamps
        memory.release(["t:own"], "writer", 60_000)
        const lock = second.store.hold("lock")
        clock.advance(100)
        await lock.reached
        second.answer.resolve("never")
        expect(await failing.catch((error: Error) => error.message)).to.equal("away")
        lock.release()
        await turn()
        expect(memory.locked()).to.have.length(1)
        first.answer.resolve("of the first")
        await loading
        await turn()
        expect(memory.locked()).to.deep.equal([])
    })

    it("leaves no timer behind", async () => {
        const { pending } = clock
        const { reading } = await meet()
        clock.advance(100)
        await reading
        const closing = second.read({ keys: ["p:v:other"] })
        second.cache.close()
        await closing
        await turn()
        expect(clock.pending).to.equal(pending)
    })
})
