import { expect } from "chai"
import { FENCED } from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { FaultyStore } from "../../../lib/testing/FaultyStore"

const entry = { key: "k", payload: 1, ttl: 1_000, stamps: [["t", "s"] as const, ["u", "s"] as const], size: 1 }

describe("FaultyStore", () => {
    let store: FaultyStore
    beforeEach(() => void (store = new FaultyStore(new MemoryStore())))

    const caught = async (call: () => unknown) => {
        try {
            return await call()
        } catch (error) {
            return error
        }
    }

    it("answers at once where the store behind it does", () => {
        expect(store.read(["k"], [])).to.deep.equal({ payloads: [undefined], tags: [] })
        expect([store.name, store.keeps, store.orderedReads]).to.deep.equal(["memory", "objects", true])
    })

    it("records each call with its keys and tags", async () => {
        await store.read(["k"], ["t"])
        await store.stamp(["t"], "s", 1_000)
        await store.write([entry, entry])
        await store.fence(["t"], "owner", 1_000)
        await store.release(["t"], "owner", 1_000)
        await store.delete(["k"])
        await store.clear("p")
        expect(store.calls).to.deep.equal([
            { method: "read", keys: ["k"], tags: ["t"] },
            { method: "stamp", keys: [], tags: ["t"] },
            { method: "write", keys: ["k", "k"], tags: ["t", "u"] },
            { method: "fence", keys: [], tags: ["t"] },
            { method: "release", keys: [], tags: ["t"] },
            { method: "delete", keys: ["k"], tags: [] },
            { method: "clear", keys: ["p"], tags: [] },
        ])
        expect(store.trips).to.equal(7)
        store.reset()
        expect(store.trips).to.equal(0)
    })

    it("fails before the store has seen the call, as often as told", async () => {
        const error = new Error("no")
        store.fail("fence", error, 2)
        for (let i = 0; i < 2; i++) expect(await caught(() => store.fence(["t"], "owner", 1_000))).to.equal(error)
        expect(store.read([], ["t"])).to.deep.include({ tags: [undefined] })
        await store.fence(["t"], "owner", 1_000)
        expect(store.read([], ["t"])).to.deep.include({ tags: [FENCED] })
    })

    it("fails after the store has done the call when a hook behind it throws", async () => {
        store.after("fence", () => {
            throw new Error("the answer was lost")
        })
        expect(await caught(() => store.fence(["t"], "owner", 1_000))).to.be.instanceOf(Error)
        expect(store.read([], ["t"])).to.deep.include({ tags: [FENCED] })
    })

    it("holds a call at a barrier until it is released", async () => {
        const barrier = store.hold("write")
        const written = store.write([entry])
        expect((await barrier.reached).keys).to.deep.equal(["k"])
        expect(store.read(["k"], [])).to.deep.include({ payloads: [undefined] })
        barrier.release()
        await written
        expect(store.read(["k"], [])).to.deep.include({ payloads: [1] })
        expect(store.write([entry])).to.equal(undefined)
    })

    it("waits for its hooks one after another", async () => {
        const seen: string[] = []
        store.before("read", async () => void seen.push("first"))
        store.before("read", () => void seen.push("second"))
        store.after("read", async () => void seen.push("behind"))
        await store.read(["k"], [])
        expect(seen).to.deep.equal(["first", "second", "behind"])
    })

    it("is a plain store again when it is healed", async () => {
        store.fail("read")
        store.after("read", () => Promise.reject(new Error("no")))
        store.heal()
        expect(store.read([], [])).to.deep.equal({ payloads: [], tags: [] })
    })
})
