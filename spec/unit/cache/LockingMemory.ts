import type { LoadLocks } from "../../../lib/store/CacheStore"
import { MemoryStore } from "../../../lib/store/MemoryStore"

/** A memory with the locks that a store of many processes has, for rules about time. */
export class LockingMemory extends MemoryStore {
    readonly locks: LoadLocks = {
        ttl: 3_000,
        lock: (names, owner) => {
            for (const name of names) this.#names.add(name)
            return this.stamp(names, owner, this.locks.ttl).map((state) => state === owner)
        },
        unlock: (names, owner) => {
            for (const name of names) if (this.read([], [name]).tags[0] === owner) this.clear(name)
        },
    }
    readonly #names = new Set<string>()

    /** The locks that somebody has. */
    locked(): string[] {
        const names = [...this.#names]
        const { tags } = this.read([], names)
        return names.filter((_, i) => tags[i] !== undefined)
    }
}
