import { MemoryStore } from "../../lib/store/MemoryStore"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { FakeClock } from "../../lib/testing/FakeClock"
import { FaultyStore } from "../../lib/testing/FaultyStore"

const clock = new FakeClock()

describeCacheStore("FaultyStore without faults", () => new FaultyStore(new MemoryStore({ clock })), {
    advance: (ms) => clock.advance(ms),
})
