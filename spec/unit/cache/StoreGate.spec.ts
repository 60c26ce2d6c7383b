import { expect } from "chai"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { CacheError } from "../../../lib/error/CacheError"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog, type CacheLogEvent } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore, type StoreMethod } from "../../../lib/testing/FaultyStore"
import { LockingMemory } from "./LockingMemory"

describe("StoreGate", () => {
    let clock: FakeClock
    let store: FaultyStore
    let stats: StatsCounter
    let events: CacheLogEvent[]
    let gate: StoreGate
    beforeEach(() => {
        clock = new FakeClock()
        store = new FaultyStore(new LockingMemory({ clock }))
        stats = new StatsCounter()
        events = []
        const log = new CacheLog()
        log.add({ log: (event) => events.push(event) }, true)
        gate = new StoreGate(store, { timeout: 500 }, clock, log, stats)
    })

    const CALLS: Record<StoreMethod, () => unknown> = {
        read: () => gate.read(["key"], ["tag"]),
        stamp: () => gate.stamp(["tag"], "stamp", 1_000),
        write: () => gate.write([{ key: "key", payload: 1, ttl: 1, stamps: [], size: 1 }]),
        fence: () => gate.fence(["tag"], "owner", 1_000),
        release: () => gate.release(["tag"], "owner", 1_000),
        delete: () => gate.delete(["key"]),
        clear: () => gate.clear("prefix"),
        lock: () => gate.lock(store.locks!, ["lock"], "owner"),
        unlock: () => gate.unlock(store.locks!, ["lock"], "owner"),
    }

    for (const [method, call] of Object.entries(CALLS) as [StoreMethod, () => unknown][]) {
        it(`answers a ${method} that throws with an error, counts it and says so`, async () => {
            store.fail(method, new Error("broken"))
            const failure = (await call()) as CacheError
            expect(failure).to.be.instanceOf(CacheError).and.to.include({ code: "E_STORE" })
            expect((failure.cause as Error).message).to.equal("broken")
            expect(stats.errors).to.equal(1)
            expect(events).to.have.length(1)
            expect(events[0]).to.include({ level: "warn", reason: method })
        })

        it(`answers a ${method} that rejects with an error, and leaves no timer`, async () => {
            store.before(method, () => Promise.reject(new CacheError("E_STORE", "closed")))
            expect(await call()).to.include({ code: "E_STORE", message: "closed [E_STORE]" })
            expect(stats.errors).to.equal(1)
            expect(clock.pending).to.equal(0)
        })

        it(`${method === "clear" ? "waits for a clear as long as it takes" : `gives a ${method} up after the time-out`}`, async () => {
            const barrier = store.hold(method)
            const answer = call() as Promise<unknown>
            await barrier.reached
            clock.advance(method === "clear" ? 3_600_000 : 499)
            expect(stats.errors).to.equal(0)
            if (method !== "clear") {
                clock.advance(1)
                expect(await answer).to.include({ code: "E_STORE_TIMEOUT" })
                expect(stats.errors).to.equal(1)
            }
            barrier.release()
            // what comes after the time-out is nobody's, an answer or a failure
            if (method === "clear") expect(await answer).to.not.be.instanceOf(CacheError)
            await Promise.resolve()
            expect(stats.errors).to.equal(method === "clear" ? 0 : 1)
        })
    }

    it("hands on what a store in this process answers, without a promise", () => {
        expect(gate.read(["key"], [])).to.deep.equal({ payloads: [undefined], tags: [] })
    })

    it("cancels its timer when the answer is there", async () => {
        store.before("read", () => Promise.resolve())
        await gate.read(["key"], [])
        expect(clock.pending).to.equal(0)
    })

    it("warns of a store that goes on failing once in ten seconds, and counts each failure", () => {
        store.fail("read", new Error("broken"))
        const warnings = (): number => events.filter(({ level }) => level === "warn").length
        for (let i = 0; i < 5; i++) void gate.read(["key"], [])
        expect(warnings()).to.equal(1)
        clock.advance(10_000)
        void gate.read(["key"], [])
        expect(warnings()).to.equal(2)
        expect(stats.errors).to.equal(6)
    })

    describe("with a breaker", () => {
        beforeEach(() => {
            gate = new StoreGate(
                store,
                { timeout: 500, breaker: { failures: 3, retryAfter: 1_000 } },
                clock,
                new CacheLog(),
                stats,
            )
        })
        const settled = () => new Promise((resolve) => setImmediate(resolve))
        async function breakIt(): Promise<void> {
            const heal = store.fail("read")
            for (let i = 0; i < 3; i++) await gate.read(["key"], ["tag"])
            heal()
            store.reset()
        }

        for (const [method, call] of Object.entries(CALLS) as [StoreMethod, () => unknown][]) {
            if (method === "clear") continue
            it(`does not send a ${method} to a store that is taken for broken`, async () => {
                store.fail("read")
                for (let i = 0; i < 3; i++) await gate.read(["key"], ["tag"])
                const { length } = store.calls
                const { errors } = stats
                expect(await call())
                    .to.be.instanceOf(CacheError)
                    .and.to.include({ code: "E_STORE" })
                expect(store.calls).to.have.length(length)
                expect(stats.errors, "nothing has failed anew").to.equal(errors)
            })
        }

        it("asks for what was asked for last, tells who waits for it, and calls again", async () => {
            let recoveries = 0
            gate.onRecovery(() => recoveries++)
            await breakIt()
            expect(gate.isOpen).to.equal(true)
            clock.advance(1_000)
            await settled()
            expect(store.calls).to.deep.equal([{ method: "read", keys: [], tags: ["tag"] }])
            expect([gate.isOpen, recoveries]).to.deep.equal([false, 1])
            expect(await gate.read(["key"], [])).to.deep.equal({ payloads: [undefined], tags: [] })
        })

        it("counts no answer that the store behind has no part in", async () => {
            const inner = new MemoryStore()
            const { read } = inner
            let isNear = false
            inner.read = (keys, tags) => {
                if (!isNear) throw new Error("away")
                return { ...read.call(inner, keys, tags), isNear }
            }
            const breaker = { failures: 3, retryAfter: 1_000 }
            gate = new StoreGate(inner, { timeout: 500, breaker }, clock, new CacheLog(), stats)
            for (let i = 0; i < 3; i++) {
                isNear = true
                for (let k = 0; k < 10; k++) await gate.read(["key"], ["tag"])
                isNear = false
                await gate.read(["key"], ["tag"])
            }
            expect(gate.isOpen).to.equal(true)
        })

        it("gives a look up after the time-out, and looks again", async () => {
            await breakIt()
            const barrier = store.hold("read")
            clock.advance(1_000)
            await barrier.reached
            clock.advance(500)
            await settled()
            expect(gate.isOpen).to.equal(true)
            barrier.release()
            await settled()
            clock.advance(1_000)
            await settled()
            expect(gate.isOpen).to.equal(false)
        })
    })
})
