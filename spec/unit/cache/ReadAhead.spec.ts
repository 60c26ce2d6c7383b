import { expect } from "chai"
import { HeldTags } from "../../../lib/cache/HeldTags"
import { ReadAhead, type Asked } from "../../../lib/cache/ReadAhead"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { CacheError } from "../../../lib/error/CacheError"
import { FENCED, type StoreRead } from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"

describe("ReadAhead", () => {
    let store: FaultyStore
    let held: HeldTags
    let late: Map<string, readonly string[]>
    let gate: StoreGate
    beforeEach(async () => {
        store = new FaultyStore(new MemoryStore())
        held = new HeldTags()
        late = new Map()
        gate = new StoreGate(store, { timeout: 1_000 }, new FakeClock(), new CacheLog(), new StatsCounter())
        await store.stamp(["a", "b", "c"], "stamp", 60_000)
        for (const key of ["one", "two"])
            await store.write([{ key, payload: `value of ${key}`, ttl: undefined, stamps: [], size: 1 }])
        store.reset()
    })

    const ahead = (before?: Asked): ReadAhead => new ReadAhead(gate, held, before, (key) => late.get(key) ?? [])
    /** What each trip asked for. */
    const trips = (): unknown[] => store.calls.map(({ keys, tags }) => [keys, tags])

    it("asks at once for what such a call asked for the last time", async () => {
        const source = ahead({ keys: ["one", "two"], tags: ["a", "b"] })
        expect(await source.read(["one"], ["a"])).to.deep.equal({ payloads: ["value of one"], tags: ["stamp"] })
        expect(await source.read(["two"], ["b", "a"])).to.deep.equal({
            payloads: ["value of two"],
            tags: ["stamp", "stamp"],
        })
        expect(trips()).to.deep.equal([
            [
                ["one", "two"],
                ["a", "b"],
            ],
        ])
    })

    it("asks for what is new alone, and for no name twice", async () => {
        const source = ahead()
        await source.read(["one", "one"], ["a"])
        await source.read(["one", "two"], ["b", "a", "b"])
        expect(await source.read(["two"], ["b"])).to.deep.equal({ payloads: ["value of two"], tags: ["stamp"] })
        expect(trips()).to.deep.equal([
            [["one"], ["a"]],
            [["two"], ["b"]],
        ])
    })

    it("says of every answer behind a near one that it may lag", async () => {
        const inner = new MemoryStore()
        const read = inner.read.bind(inner)
        inner.read = (keys, tags) => ({ ...read(keys, tags), ...(tags.includes("b") && { isNear: true }) })
        gate = new StoreGate(inner, { timeout: 1_000 }, new FakeClock(), new CacheLog(), new StatsCounter())
        const source = ahead()
        const isNear = async (tags: string[]) => ((await source.read([], tags)) as StoreRead).isNear
        expect([await isNear(["a"]), await isNear(["b"]), await isNear(["a"])]).to.deep.equal([undefined, true, true])
    })

    it("remembers what is not there", async () => {
        const source = ahead()
        await source.read(["none"], ["no stamp"])
        expect(await source.read(["none"], ["no stamp"])).to.deep.equal({ payloads: [undefined], tags: [undefined] })
        expect(store.trips).to.equal(1)
    })

    it("takes what it asked for in advance along with its first trip alone", async () => {
        const source = ahead({ keys: ["two"], tags: ["b"] })
        store.fail("read", new Error("away"), 1)
        expect(await source.read(["one"], ["a"])).to.be.instanceOf(CacheError)
        await source.read(["one"], ["a"])
        expect(trips().at(-1)).to.deep.equal([["one"], ["a"]])
    })

    it("answers a store that fails with its failure, and asks again", async () => {
        const source = ahead()
        store.fail("read", new Error("away"), 1)
        expect(await source.read(["one"], ["a"])).to.be.instanceOf(CacheError)
        expect(await source.read(["one"], ["a"])).to.deep.equal({ payloads: ["value of one"], tags: ["stamp"] })
    })

    it("has a lesson when one trip was not enough", async () => {
        const source = ahead()
        await source.read(["one"], ["a"])
        expect(source.lesson).to.equal(undefined)
        late.set("two", ["c", "b"])
        await source.read(["two"], ["b"])
        expect(source.lesson).to.deep.equal({ keys: ["one", "two"], tags: ["a", "b", "c"] })
    })

    it("takes a held tag for fenced, held before the trip, after it, or when it is asked for in advance", async () => {
        held.hold("a")
        const inAdvance = ahead({ keys: [], tags: ["a"] })
        await inAdvance.read(["one"], ["b"])
        held.letGo(["a"])
        expect(await inAdvance.read([], ["a", "b"])).to.have.deep.property("tags", [FENCED, "stamp"])

        for (const when of ["before", "after"] as const) {
            const end = store[when]("read", () => {
                if (when === "before") held.letGo(["c"])
                else held.hold("c")
                return Promise.resolve()
            })
            if (when === "before") held.hold("c")
            expect(await ahead().read([], ["b", "c"]), when).to.have.deep.property("tags", ["stamp", FENCED])
            end()
            held.letGo(["c"])
        }
    })

    it("knows nothing of the call before it", async () => {
        const asked = { keys: ["one"], tags: ["a"] }
        await ahead(asked).read(["one"], ["a"])
        await store.fence(["a"], "writer", 1_000)
        await store.release(["a"], "writer", 60_000)
        const { tags } = (await ahead(asked).read(["one"], ["a"])) as StoreRead
        expect(tags[0]).to.be.a("string").and.not.equal("stamp")
    })
})
