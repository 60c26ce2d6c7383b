import { CacheError } from "../error/CacheError"
import { lockKey } from "../key/lockKey"
import type { LoadLocks, TagState } from "../store/CacheStore"
import type { Clock } from "../util/Clock"
import { newToken } from "../util/token"
import { isCurrent, lateTagsOf, type Entry } from "./Entry"
import type { EntryCodec } from "./EntryCodec"
import type { Freshness } from "./Freshness"
import type { HeldTags } from "./HeldTags"
import type { Miss } from "./Miss"
import { hasStamps } from "./Stamper"
import type { StoreGate } from "./StoreGate"

/** Milliseconds between two looks whether the other process is done: the first, and the most. */
const FIRST_PAUSE = 10
const LONGEST_PAUSE = 100

/** What a process is to load itself, and what another one is loading. */
export interface Claim {
    readonly own: readonly Miss[]
    readonly others: readonly Miss[]
    /** Gives back the locks. */
    end(): void
}

/**
 * Single flight across processes: who loads a key takes its lock, and who finds it taken waits for the entry. What comes
 * out of the wait is an entry like any other, current by its stamps when it was read; a lock that is lost, or never given
 * back, costs a load or a wait and nothing else.
 */
export class LoadLock {
    readonly #locks: LoadLocks
    readonly #gate: StoreGate
    readonly #codec: EntryCodec
    readonly #held: HeldTags
    readonly #clock: Clock
    readonly #freshness: Freshness

    constructor(
        locks: LoadLocks,
        gate: StoreGate,
        codec: EntryCodec,
        held: HeldTags,
        clock: Clock,
        freshness: Freshness,
    ) {
        this.#locks = locks
        this.#gate = gate
        this.#codec = codec
        this.#held = held
        this.#clock = clock
        this.#freshness = freshness
    }

    /** Takes the locks that are free. What has no stamps could not be stored, and is loaded without one. */
    async claim(misses: readonly Miss[]): Promise<Claim> {
        const names = misses.map(lockOf)
        const asked = [...new Set(names.filter((name) => name !== undefined))]
        const owner = newToken()
        const answer = asked.length === 0 ? [] : await this.#gate.lock(this.#locks, asked, owner)
        if (answer instanceof CacheError) return { own: misses, others: [], end: () => undefined }
        const taken = new Set(asked.filter((_, i) => answer[i] === true))
        return {
            own: misses.filter((_, i) => names[i] === undefined || taken.has(names[i])),
            others: misses.filter((_, i) => names[i] !== undefined && !taken.has(names[i])),
            end: () => void (taken.size > 0 && this.#gate.unlock(this.#locks, [...taken], owner)),
        }
    }

    /**
     * Waits for what others load.
     *
     * @param take is handed each entry that has come; false when it cannot be used
     * @returns what has not come, because its lock is gone, is too old, or the store has failed
     */
    async wait(misses: readonly Miss[], take: (miss: Miss, entry: Entry) => boolean): Promise<readonly Miss[]> {
        const end = this.#clock.now() + this.#locks.ttl
        const left: Miss[] = []
        let waiting = misses.map((miss) => ({ miss, lock: lockOf(miss)! }))
        for (let pause = FIRST_PAUSE; waiting.length > 0; pause = Math.min(LONGEST_PAUSE, pause * 1.5)) {
            await new Promise<void>((resolve) => void this.#clock.schedule(pause, resolve))
            const found = await this.#look(waiting)
            if (found === undefined) break
            waiting = waiting.filter(({ miss, lock }, i) => {
                // newer than those from before, and as good: the load, if it comes to that, is yet to begin
                miss.states = miss.tags.map((tag) => found.states.get(tag))
                const entry = found.entries[i]
                if (entry !== undefined && take(miss, entry)) return false
                if (found.states.get(lock) !== undefined) return true
                left.push(miss)
                return false
            })
            if (this.#clock.now() >= end) break
        }
        return [...left, ...waiting.map(({ miss }) => miss)]
    }

    /** The entries that are current by now, and the states of all tags and locks. */
    async #look(waiting: readonly { readonly miss: Miss; readonly lock: string }[]) {
        const states = new Map<string, TagState>()
        const tags = waiting.flatMap(({ miss, lock }) => [...miss.tags, lock])
        const payloads = await this.#read(
            waiting.map(({ miss }) => miss.key),
            tags,
            states,
        )
        if (payloads === undefined) return undefined
        const entries = waiting.map(({ miss: { key } }, i) => this.#decode(payloads[i], key))
        const late = entries.flatMap((entry) => (entry === undefined ? [] : lateTagsOf(entry)))
        if (late.length > 0 && (await this.#read([], late, states)) === undefined) return undefined
        const stateOf = (tag: string): TagState => states.get(tag)
        return {
            states,
            entries: entries.map((entry, i) => {
                if (entry === undefined) return undefined
                const known = waiting[i]!.miss.tags.map(stateOf)
                const age = this.#freshness.ageOf(entry)
                if (age === "stale" || age === "spare") return undefined
                return isCurrent(entry, known, lateTagsOf(entry).map(stateOf)) ? entry : undefined
            }),
        }
    }

    async #read(keys: readonly string[], names: readonly string[], states: Map<string, TagState>) {
        const tags = [...new Set(names)]
        const held = this.#held.among(tags)
        const answer = await this.#gate.shared.read(keys, tags)
        if (answer instanceof CacheError) return undefined
        this.#held.cover(tags, answer.tags, held).forEach((state, i) => states.set(tags[i]!, state))
        return answer.payloads
    }

    #decode(payload: unknown, key: string): Entry | undefined {
        if (payload === undefined) return undefined
        try {
            return this.#codec.decode(payload, key)
        } catch (error) {
            if (error instanceof CacheError) return undefined
            throw error
        }
    }
}

function lockOf({ key, states }: Miss): string | undefined {
    return hasStamps(states) ? lockKey(key, states) : undefined
}
