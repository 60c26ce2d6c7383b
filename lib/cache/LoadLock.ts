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
import { hasStamps, type Stamper } from "./Stamper"
import type { StoreGate } from "./StoreGate"

/** Milliseconds between two looks whether the other process is done: the first, and the most. */
const FIRST_PAUSE = 10
const LONGEST_PAUSE = 100

/** What another process is loading, and the lock that it holds. */
export interface Awaited {
    readonly miss: Miss
    readonly lock: string
}

interface LoadLockParts {
    readonly locks: LoadLocks
    readonly gate: StoreGate
    readonly codec: EntryCodec
    readonly held: HeldTags
    readonly clock: Clock
    readonly freshness: Freshness
    readonly stamper: Stamper
}

/**
 * Single flight across processes: who loads a key takes its lock, and who finds it taken waits for the entry. What comes
 * out of the wait is an entry like any other, current by its stamps when it was read; a lock that is lost, or never given
 * back, costs a load or a wait and nothing else.
 */
export class LoadLock {
    readonly #parts: LoadLockParts
    readonly #sleepers = new Set<() => void>()
    #isClosed = false

    constructor(parts: LoadLockParts) {
        this.#parts = parts
    }

    /** The locks of one read, none yet. */
    claim(): Claim {
        return new Claim(this.#parts, this)
    }

    /** Nobody waits any more. */
    close(): void {
        this.#isClosed = true
        for (const wake of this.#sleepers) wake()
    }

    /** False when it was closed meanwhile. */
    async sleep(milliseconds: number): Promise<boolean> {
        if (this.#isClosed) return false
        await new Promise<void>((resolve) => {
            const cancel = this.#parts.clock.schedule(milliseconds, () => wake())
            const wake = (): void => {
                cancel()
                this.#sleepers.delete(wake)
                resolve()
            }
            this.#sleepers.add(wake)
        })
        return !this.#isClosed
    }
}

/** The locks that one read has taken, and what it waits for. */
export class Claim {
    readonly #parts: LoadLockParts
    readonly #lock: LoadLock
    readonly #owner = newToken()
    readonly #taken = new Set<string>()
    #isOver = false

    constructor(parts: LoadLockParts, lock: LoadLock) {
        this.#parts = parts
        this.#lock = lock
    }

    /** Takes the locks that are free. What has no stamps could not be stored, and is loaded without one. */
    async take(
        misses: readonly Miss[],
    ): Promise<{ readonly own: readonly Miss[]; readonly others: readonly Awaited[] }> {
        const { gate, locks } = this.#parts
        const own: Miss[] = []
        const asked: Awaited[] = []
        for (const miss of misses) {
            const { key, states } = miss
            if (hasStamps(states)) asked.push({ miss, lock: lockKey(key, states) })
            else own.push(miss)
        }
        if (asked.length === 0) return { own, others: [] }
        const names = [...new Set(asked.map(({ lock }) => lock))]
        const answer = await gate.lock(locks, names, this.#owner)
        if (answer instanceof CacheError) {
            // it may have been done all the same
            void gate.unlock(locks, names, this.#owner)
            return { own: misses, others: [] }
        }
        if (this.#isOver) {
            void gate.unlock(locks, names, this.#owner)
            return { own: [], others: [] }
        }
        names.forEach((name, i) => answer[i] && this.#taken.add(name))
        for (const { miss, lock } of asked) if (this.#taken.has(lock)) own.push(miss)
        return { own, others: asked.filter(({ lock }) => !this.#taken.has(lock)) }
    }

    /** Gives back the locks that were taken until now. */
    release(): void {
        if (this.#taken.size > 0) void this.#parts.gate.unlock(this.#parts.locks, [...this.#taken], this.#owner)
        this.#taken.clear()
    }

    /** The same, and whatever still waits comes to nothing. */
    end(): void {
        this.#isOver = true
        this.release()
    }

    /**
     * Waits for what others load.
     *
     * @param take is handed each entry that has come; false when it cannot be used
     * @returns what is to be loaded here: its lock is gone or too old, the store has failed, the cache was closed, or it
     * was invalidated meanwhile and nobody has begun to load it anew
     */
    async wait(others: readonly Awaited[], take: (miss: Miss, entry: Entry) => boolean): Promise<readonly Miss[]> {
        const { clock, locks, stamper } = this.#parts
        const end = clock.now() + locks.ttl
        const left: Miss[] = []
        let waiting = others
        for (let pause = FIRST_PAUSE; waiting.length > 0; pause = Math.min(LONGEST_PAUSE, pause * 1.5)) {
            const goesOn = (await this.#lock.sleep(pause)) && clock.now() < end
            const found = goesOn && !this.#isOver ? await this.#look(waiting) : undefined
            if (found === undefined) break
            const invalidated: Miss[] = []
            waiting = waiting.filter(({ miss, lock }, i) => {
                const before = miss.states
                // newer than those from before, and as good: the load, if it comes to that, is yet to begin
                miss.states = miss.tags.map((tag) => found.states.get(tag))
                const entry = found.entries[i]
                if (entry !== undefined && take(miss, entry)) return false
                const isSame = miss.states.every((state, at) => state === before[at])
                if (isSame && found.states.get(lock) !== undefined) return true
                ;(isSame ? left : invalidated).push(miss)
                return false
            })
            if (invalidated.length === 0 || this.#isOver) continue
            // the load that was waited for is of no use any more
            await stamper.stamp(invalidated)
            if (this.#isOver) break
            const again = await this.take(invalidated)
            left.push(...again.own)
            waiting = [...waiting, ...again.others]
        }
        return this.#isOver ? [] : [...left, ...waiting.map(({ miss }) => miss)]
    }

    /** The entries that are current by now, and the states of all tags and locks. */
    async #look(waiting: readonly Awaited[]) {
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
                const age = this.#parts.freshness.ageOf(entry)
                if (age === "stale" || age === "spare") return undefined
                return isCurrent(entry, known, lateTagsOf(entry).map(stateOf)) ? entry : undefined
            }),
        }
    }

    async #read(keys: readonly string[], names: readonly string[], states: Map<string, TagState>) {
        const { gate, held } = this.#parts
        const tags = [...new Set(names)]
        const before = held.among(tags)
        const answer = await gate.shared.read(keys, tags)
        if (answer instanceof CacheError) return undefined
        held.cover(tags, answer.tags, before).forEach((state, i) => states.set(tags[i]!, state))
        return answer.payloads
    }

    #decode(payload: unknown, key: string): Entry | undefined {
        if (payload === undefined) return undefined
        try {
            return this.#parts.codec.decode(payload, key)
        } catch (error) {
            if (error instanceof CacheError) return undefined
            throw error
        }
    }
}
