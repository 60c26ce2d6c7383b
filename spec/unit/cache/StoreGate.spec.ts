import { expect } from "chai"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog, type CacheLogEvent } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"

describe("StoreGate", () => {
    it("warns those who want warnings only of a store that fails, and not with each read", () => {
        const clock = new FakeClock()
        const store = new FaultyStore(new MemoryStore({ clock }))
        const log = new CacheLog()
        const told: CacheLogEvent[] = []
        log.add({ log: (event) => void told.push(event) }, false)
        const stats = new StatsCounter()
        const gate = new StoreGate(store, 500, clock, log, stats)
        const read = (): unknown => gate.read(["k"], [])

        read()
        expect(told).to.deep.equal([])
        store.fail("read")
        for (let i = 0; i < 5; i++) read()
        expect(told.map(({ level, action, subject }) => [level, action, subject])).to.deep.equal([
            ["warn", "error", "memory"],
        ])
        expect(stats.errors).to.equal(5)
        clock.advance(10_000)
        read()
        expect(told).to.have.length(2)
    })
})
