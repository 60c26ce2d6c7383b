import { expect } from "chai"
import { FENCED, type StoreEntry } from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { FakeClock } from "../../../lib/testing/FakeClock"

const LONG = 60_000
const keysOf = (count: number, name = "k") => Array.from({ length: count }, (_, i) => `${name}${i}`)
const entry = (key: string, more: Partial<StoreEntry> = {}): StoreEntry => ({
    key,
    payload: key,
    ttl: LONG,
    stamps: [],
    size: 1,
    ...more,
})

describe("MemoryStore", () => {
    const clock = new FakeClock()
    const present = (store: MemoryStore, keys: string[]) =>
        store.read(keys, []).payloads.filter((payload) => payload !== undefined)

    describe("bounds", () => {
        it("drops the least recently used entry beyond maxEntries", () => {
            const store = new MemoryStore({ maxEntries: 3, clock })
            store.write([entry("a"), entry("b"), entry("c")])
            store.read(["a"], [])
            store.write([entry("d")])
            expect(store.read(["a", "b", "c", "d"], []).payloads).to.deep.equal(["a", undefined, "c", "d"])
        })

        it("keeps 10 000 entries by default", () => {
            const store = new MemoryStore({ clock })
            const keys = keysOf(10_001)
            store.write(keys.map((key) => entry(key)))
            expect(present(store, keys)).to.have.length(10_000)
            expect(present(store, ["k0"])).to.deep.equal([])
        })

        it("drops entries beyond maxBytes", () => {
            const store = new MemoryStore({ maxBytes: 1_000, clock })
            store.write(keysOf(5).map((key) => entry(key, { size: 300 })))
            expect(present(store, keysOf(5))).to.deep.equal(["k2", "k3", "k4"])
        })

        it("does not keep an entry larger than maxBytes, nor what was under its key before", () => {
            const store = new MemoryStore({ maxBytes: 1_000, clock })
            store.write([entry("a"), entry("b")])
            store.write([entry("a", { size: 1_001, payload: "large" })])
            expect(store.read(["a", "b"], []).payloads).to.deep.equal([undefined, "b"])
        })

        it("takes any size it is told", () => {
            for (const store of [new MemoryStore({ maxBytes: 100, clock }), new MemoryStore({ clock })])
                for (const size of [0, 0.5, 1.5, -1, NaN]) {
                    store.write([entry("odd", { size, payload: size })])
                    expect(store.read(["odd"], []).payloads).to.deep.equal([size])
                }
        })

        it("bounds the stamps as well: the oldest are lost", () => {
            const store = new MemoryStore({ maxEntries: 1, clock })
            const bound = 4 + 10_000
            const tags = keysOf(bound + 10, "t")
            store.stamp(tags, "stamp", LONG)
            const states = store.read([], tags).tags
            expect(states.filter((state) => state === "stamp")).to.have.length(bound)
            expect(states.slice(0, 10)).to.deep.equal(new Array(10).fill(undefined))
        })

        it("never loses a fence, however many tags there are", () => {
            const store = new MemoryStore({ maxEntries: 1, clock })
            const tags = keysOf(30_000, "t")
            store.fence(tags, "owner", LONG)
            store.stamp(keysOf(30_000, "other"), "stamp", LONG)
            store.write(keysOf(100).map((key) => entry(key)))
            store.clear("")
            expect(store.read([], tags).tags.every((state) => state === FENCED)).to.equal(true)
        })
    })

    describe("answers", () => {
        it("comes with values, never with promises", () => {
            const store = new MemoryStore({ clock })
            const answers = [
                store.read(["k"], ["t"]),
                store.stamp(["t"], "stamp", LONG),
                store.write([entry("k")]),
                store.fence(["t"], "owner", LONG),
                store.release(["t"], "owner", LONG),
                store.delete(["k"]),
                store.clear(""),
                store.close(),
            ]
            for (const answer of answers) expect(answer).to.not.be.instanceOf(Promise)
        })

        it("gives back the very object it was handed", () => {
            const store = new MemoryStore({ clock })
            const payload = Object.freeze({ id: 1 })
            store.write([entry("k", { payload })])
            expect(store.read(["k"], []).payloads[0]).to.equal(payload)
        })

        it("lets an entry live until its ttl is over, to the millisecond", () => {
            const store = new MemoryStore({ clock })
            store.write([entry("k", { ttl: 100 })])
            clock.advance(99.9)
            expect(store.read(["k"], []).payloads).to.deep.equal(["k"])
            clock.advance(0.1)
            expect(store.read(["k"], []).payloads).to.deep.equal([undefined])
        })

        it("does not bring back a stamp that has expired by storing an entry under it", () => {
            const store = new MemoryStore({ clock })
            store.stamp(["t"], "stamp", 100)
            clock.advance(100)
            store.write([entry("k", { stamps: [["t", "stamp"]] })])
            expect(store.read([], ["t"]).tags).to.deep.equal([undefined])
        })

        it("keeps everything when it is closed, since another cache may use it", () => {
            const store = new MemoryStore({ clock })
            store.write([entry("k")])
            store.fence(["t"], "owner", LONG)
            store.close()
            expect(store.read(["k"], ["t"])).to.deep.equal({ payloads: ["k"], tags: [FENCED] })
        })

        it("takes the time from the process without a clock", () => {
            const store = new MemoryStore()
            store.write([entry("k")])
            expect(store.read(["k"], []).payloads).to.deep.equal(["k"])
        })
    })

    describe("options", () => {
        const failure = (options: unknown) => {
            try {
                return new MemoryStore(options as never)
            } catch (error) {
                return error
            }
        }

        it("refuses a bound that is no whole number above zero", () => {
            for (const name of ["maxEntries", "maxBytes"])
                for (const value of [0, -1, 1.5, NaN, Infinity, "10", null, 10n ** 3n]) {
                    expect(failure({ [name]: value }), `${name}: ${String(value)}`).to.include({ code: "E_OPTION" })
                }
            expect(failure({ maxEntries: 1e12 })).to.include({ code: "E_OPTION" })
        })

        it("refuses an option that there is not, and says which there are", () => {
            const error = failure({ max: 10 })
            expect(error).to.include({ code: "E_OPTION" })
            expect((error as Error).message)
                .to.contain('"max"')
                .and.to.contain("maxEntries")
        })

        it("refuses what is no object", () => {
            for (const options of [null, 10_000, "10", []])
                expect(failure(options), String(options)).to.include({ code: "E_OPTION" })
        })

        it("refuses a clock that is none", () => {
            expect(failure({ clock: Date })).to.be.instanceOf(MemoryStore)
            for (const wrong of [{}, null, 5]) expect(failure({ clock: wrong })).to.include({ code: "E_OPTION" })
        })
    })
})
