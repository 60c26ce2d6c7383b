import { expect } from "chai"
import { Invalidator, type InvalidatorOptions } from "../../../lib/cache/Invalidator"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { FENCED } from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"

const DURATION = 30_000
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe("Invalidator", () => {
    let clock: FakeClock
    let store: FaultyStore
    let invalidator: Invalidator

    const open = (options: Partial<InvalidatorOptions> = {}): void => {
        clock = new FakeClock()
        store = new FaultyStore(new MemoryStore({ clock }))
        const log = new CacheLog()
        invalidator = new Invalidator(
            new StoreGate(store, { timeout: 500 }, clock, log, new StatsCounter()),
            clock,
            log,
            {
                fences: true,
                fenceDuration: DURATION,
                onStoreFailure: "continue",
                ...options,
            },
        )
    }
    const stateOf = async (tag: string): Promise<unknown> => (await store.read([], [tag])).tags[0]
    /** Moves the clock in steps, so that what one timer starts can start the next. */
    const pass = async (milliseconds: number): Promise<void> => {
        for (let left = milliseconds; left > 0; left -= 1_000) {
            clock.advance(Math.min(left, 1_000))
            await settled()
        }
    }

    beforeEach(() => open())
    afterEach(() => invalidator.close())

    it("fences on put and leaves a fresh stamp on release", async () => {
        const [before] = await store.stamp(["t"], "old", 60_000)
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        expect(await stateOf("t")).equal(FENCED)
        await fence.release()
        expect(await stateOf("t"))
            .a("string")
            .not.equal(before)
    })

    it("renews the fence of a commit that takes longer than a fence lasts", async () => {
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        await pass(5 * DURATION)
        expect(await stateOf("t")).equal(FENCED)
    })

    it("gives up a write whose end nobody tells of, and lets its tags be read again", async () => {
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        expect(invalidator.held.among(["t"])).not.equal(undefined)
        await pass(23 * DURATION)
        expect(await stateOf("t")).not.equal(FENCED)
        expect(invalidator.held.among(["t"])).equal(undefined)
    })

    it("keeps the fence of an unknown outcome until its deadline, and replaces the stamp then", async () => {
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        await fence.keep()
        await pass(DURATION - 1_000)
        expect(await stateOf("t")).equal(FENCED)
        expect(invalidator.held.among(["t"])).not.equal(undefined)
        await pass(2_000)
        expect(await stateOf("t")).a("string")
        expect(invalidator.held.among(["t"])).equal(undefined)
    })

    it("holds the tags of an invalidation that the store did not take, and retries until it does", async () => {
        const [before] = await store.stamp(["t"], "old", 600_000)
        store.fail("release")
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        await fence.release()
        expect(invalidator.hasUndelivered).equal(true)
        await pass(20_000)
        expect(invalidator.held.among(["t"])).not.equal(undefined)
        store.heal()
        await pass(6_000)
        expect(invalidator.hasUndelivered).equal(false)
        expect(invalidator.held.among(["t"])).equal(undefined)
        expect(await stateOf("t")).not.equal(before)
    })

    it("asks a store that is away only once at its end, however much waits", async () => {
        store.fail("release")
        for (let i = 0; i < 10; i++) await invalidator.invalidate([`t${i}`])
        store.reset()
        store.fail("release")
        await invalidator.close()
        expect(store.calls.filter(({ method }) => method === "release")).lengthOf(1)
    })

    it("refuses a commit that cannot be fenced, when told to", async () => {
        open({ onStoreFailure: "abort" })
        store.fail("fence")
        const fence = invalidator.newFence()
        fence.add(["t"])
        let refusal: unknown
        try {
            await fence.put()
        } catch (error) {
            refusal = error
        }
        expect(refusal).property("code", "E_COMMIT_REFUSED")
        expect((refusal as Error).cause).property("code", "E_STORE")
    })

    it("puts no fence with fence: false, and invalidates all the same", async () => {
        open({ fences: false })
        const [before] = await store.stamp(["t"], "old", 600_000)
        const fence = invalidator.newFence()
        fence.add(["t"])
        await fence.put()
        expect(store.calls.map(({ method }) => method)).not.include("fence")
        await fence.release()
        expect(await stateOf("t")).not.equal(before)
    })
})
