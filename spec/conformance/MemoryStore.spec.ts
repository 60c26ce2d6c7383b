import { MemoryStore } from "../../lib/store/MemoryStore"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { FakeClock } from "../../lib/testing/FakeClock"

const clock = new FakeClock()

describeCacheStore("MemoryStore", () => new MemoryStore({ clock }), { advance: (ms) => clock.advance(ms) })
describeCacheStore("MemoryStore with a bound of bytes", () => new MemoryStore({ clock, maxBytes: 100_000_000 }), {
    advance: (ms) => clock.advance(ms),
})
// a store need not list them
describeCacheStore("MemoryStore without keys()", () => Object.assign(new MemoryStore({ clock }), { keys: undefined }), {
    advance: (ms) => clock.advance(ms),
})
