import type { CacheStore, StoreEntry } from "typeorm-second-level-cache"

/** Counts the calls to a store: each is a round trip. */
export class CountingStore implements CacheStore {
    readonly name: string
    readonly keeps: CacheStore["keeps"]
    readonly orderedReads: boolean
    readonly #store: CacheStore
    trips = 0

    constructor(store: CacheStore) {
        this.#store = store
        this.name = store.name
        this.keeps = store.keeps
        this.orderedReads = store.orderedReads ?? true
    }

    read(keys: readonly string[], tags: readonly string[]) {
        this.trips++
        return this.#store.read(keys, tags)
    }

    stamp(tags: readonly string[], proposal: string, ttl: number) {
        this.trips++
        return this.#store.stamp(tags, proposal, ttl)
    }

    write(entries: readonly StoreEntry[]) {
        this.trips++
        return this.#store.write(entries)
    }

    fence(tags: readonly string[], owner: string, duration: number) {
        this.trips++
        return this.#store.fence(tags, owner, duration)
    }

    release(tags: readonly string[], owner: string, ttl: number) {
        this.trips++
        return this.#store.release(tags, owner, ttl)
    }

    delete(keys: readonly string[]) {
        this.trips++
        return this.#store.delete(keys)
    }

    clear(prefix: string) {
        return this.#store.clear(prefix)
    }

    close() {
        return this.#store.close()
    }
}
