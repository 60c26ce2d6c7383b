import { LRUCache } from "lru-cache"
import { checkOptions, isCount, type OptionCheck } from "../util/checkOptions"
import { systemClock, type Clock } from "../util/Clock"
import { newToken } from "../util/token"
import { FENCED, type CacheStore, type Payload, type StoreEntry, type StoreRead, type TagState } from "./CacheStore"
import { FenceTable } from "./FenceTable"

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
    /** How many entries are kept; the least recently used go first. Default 10 000. */
    maxEntries?: number
    /** How many bytes the entries may take together, as estimated by the cache. Default: no bound but `maxEntries`. */
    maxBytes?: number
    /** Where the time comes from. Default: the process's monotonic clock. */
    clock?: Pick<Clock, "now">
}

/** lru-cache sets aside the room for all of them at once. */
export const MOST_ENTRIES = 100_000_000

const CHECKS: Readonly<Record<keyof MemoryStoreOptions, OptionCheck>> = {
    maxEntries: (value, name) =>
        isCount(value, name) ?? ((value as number) <= MOST_ENTRIES ? undefined : `takes at most ${MOST_ENTRIES}`),
    maxBytes: isCount,
    clock: (value) =>
        typeof (value as Partial<Clock> | null)?.now === "function" ? undefined : "takes an object with a method now()",
}

/**
 * Keeps the table of stamps from ever being empty: lru-cache wipes the room of all its slots when the last one goes, and a
 * fence on the only stamps would cost a millisecond.
 */
const KEEPER = Symbol("keeper")

/** A value and the moment it expires at. `expiresAt` moves: a stamp that is used again lives longer. */
class Slot<T> {
    constructor(
        readonly value: T,
        public expiresAt: number,
    ) {}
}

/**
 * Keeps entries in this process, least recently used out first. Payloads are kept as references. Every method answers at
 * once, never with a promise.
 *
 * The stamps of tags are bounded as well (4 × `maxEntries` + 10 000; a stamp that is lost is a miss). Fences are never
 * evicted: they go when their owner releases them or their deadline has passed.
 *
 * @example
 * new MemoryStore({ maxEntries: 50_000, maxBytes: 64 * 1024 * 1024 })
 */
export class MemoryStore implements CacheStore {
    readonly name = "memory"
    readonly keeps = "objects"

    readonly #clock: Pick<Clock, "now">
    readonly #entries: LRUCache<string, Slot<Payload>>
    readonly #stamps: LRUCache<string | typeof KEEPER, Slot<string>>
    readonly #fences = new FenceTable()

    /** @throws CacheError `E_OPTION` for an unknown option or a bound that is no whole number above zero, or a clock that is none */
    constructor(options: MemoryStoreOptions = {}) {
        checkOptions(options, CHECKS, "MemoryStore")
        const { maxEntries = 10_000, maxBytes, clock = systemClock } = options
        this.#clock = clock
        this.#entries = new LRUCache({ max: maxEntries, ...(maxBytes === undefined ? {} : { maxSize: maxBytes }) })
        this.#stamps = new LRUCache({ max: 4 * maxEntries + 10_000 })
        this.#stamps.set(KEEPER, new Slot("", Infinity))
    }

    read(keys: readonly string[], tags: readonly string[]): StoreRead {
        const now = this.#clock.now()
        const payloads = new Array<Payload>(keys.length)
        for (let i = 0; i < keys.length; i++) {
            const key = keys[i]!
            const slot = this.#entries.get(key)
            if (slot === undefined) payloads[i] = undefined
            else if (slot.expiresAt > now) payloads[i] = slot.value
            else {
                payloads[i] = undefined
                this.#entries.delete(key)
            }
        }
        const states = new Array<TagState>(tags.length)
        for (let i = 0; i < tags.length; i++) states[i] = this.#state(tags[i]!, now)
        return { payloads, tags: states }
    }

    stamp(tags: readonly string[], proposal: string, ttl: number): readonly TagState[] {
        const now = this.#clock.now()
        const states = new Array<TagState>(tags.length)
        for (let i = 0; i < tags.length; i++) {
            const tag = tags[i]!
            let state = this.#state(tag, now)
            if (state === undefined) {
                this.#stamps.set(tag, new Slot(proposal, now + ttl))
                state = proposal
            }
            states[i] = state
        }
        return states
    }

    write(entries: readonly StoreEntry[]): void {
        const now = this.#clock.now()
        for (const entry of entries) {
            const expiresAt = entry.ttl === undefined ? Infinity : now + entry.ttl
            const slot = new Slot(entry.payload, expiresAt)
            if (this.#entries.maxSize === 0) this.#entries.set(entry.key, slot)
            // lru-cache wants whole sizes above zero; NaN and the like count as one byte.
            else this.#entries.set(entry.key, slot, { size: entry.size >= 1 ? Math.ceil(entry.size) : 1 })
            for (const [tag, stamp] of entry.stamps) {
                const mark = this.#stamps.get(tag)
                // A stamp that has expired must not come back to life: others may have been told that it is gone.
                if (mark !== undefined && mark.value === stamp && mark.expiresAt > now && mark.expiresAt < expiresAt)
                    mark.expiresAt = expiresAt
            }
        }
    }

    fence(tags: readonly string[], owner: string, duration: number): void {
        const now = this.#clock.now()
        for (const tag of tags) {
            this.#fences.put(tag, owner, now + duration, now)
            this.#stamps.delete(tag)
        }
    }

    release(tags: readonly string[], owner: string, ttl: number): void {
        const now = this.#clock.now()
        const stamp = newToken()
        for (const tag of tags)
            if (!this.#fences.take(tag, owner, now)) this.#stamps.set(tag, new Slot(stamp, now + ttl))
    }

    delete(keys: readonly string[]): number {
        const now = this.#clock.now()
        let found = 0
        for (const key of keys) {
            const slot = this.#entries.peek(key)
            if (slot === undefined) continue
            if (slot.expiresAt > now) found++
            this.#entries.delete(key)
        }
        return found
    }

    clear(prefix: string): void {
        for (const key of [...this.#entries.keys()]) if (key.startsWith(prefix)) this.#entries.delete(key)
        for (const tag of [...this.#stamps.keys()])
            if (typeof tag === "string" && tag.startsWith(prefix)) this.#stamps.delete(tag)
    }

    *keys(prefix: string): Generator<readonly string[]> {
        yield [...this.#entries.keys()].filter((key) => key.startsWith(prefix))
    }

    /** Does nothing: the store has opened nothing, and another cache may be using it. */
    close(): void {}

    #state(tag: string, now: number): TagState {
        if (this.#fences.size !== 0 && this.#fences.has(tag, now)) return FENCED
        const slot = this.#stamps.get(tag)
        if (slot === undefined) return undefined
        if (slot.expiresAt > now) return slot.value
        this.#stamps.delete(tag)
        return undefined
    }
}
