import type {
    InvalidationChannel,
    InvalidationListener,
    SharedStore,
    StoreEntry,
    StoreReadWithLives,
} from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import type { FakeClock } from "../../../lib/testing/FakeClock"

/** A far store in this process, whose messages come when the spec lets them, and whose answers can be held. */
export class SharedMemory extends MemoryStore implements SharedStore {
    // Texts are objects as any other to a MemoryStore.
    override readonly keeps = "strings" as never
    readonly calls: string[] = []
    listener: InvalidationListener | undefined
    /** Where every answer waits before it arrives. */
    delay: () => Promise<void> = () => Promise.resolve()
    /** What becomes of a look at the line. */
    sync: () => Promise<void> = () => Promise.resolve()
    isClosed = false
    readonly #clock: FakeClock
    readonly #deadlines = new Map<string, number>()

    constructor(clock: FakeClock) {
        super({ clock })
        this.#clock = clock
    }

    override read(keys: readonly string[], tags: readonly string[]): never {
        this.calls.push("read")
        const answer = super.read(keys, tags)
        return this.delay().then(() => answer) as never
    }

    readWithLives(keys: readonly string[], tags: readonly string[]): Promise<StoreReadWithLives> {
        this.calls.push("readWithLives")
        const now = this.#clock.now()
        const lives = keys.map((key) => {
            const deadline = this.#deadlines.get(key)
            return deadline === undefined ? undefined : deadline - now
        })
        const answer = { ...super.read(keys, tags), lives }
        return this.delay().then(() => answer)
    }

    override write(entries: readonly StoreEntry[]): void {
        this.calls.push("write")
        for (const { key, ttl } of entries)
            if (ttl === undefined) this.#deadlines.delete(key)
            else this.#deadlines.set(key, this.#clock.now() + ttl)
        super.write(entries)
    }

    listen(listener: InvalidationListener): InvalidationChannel {
        this.listener = listener
        return { sync: () => this.sync(), close: () => void (this.isClosed = true) }
    }
}
