import { CacheError } from "../error/CacheError"
import { estimateSize, type Encoded } from "../serializer/ValueCodec"
import type { Serializer } from "../serializer/Serializer"
import type { StoreEntry, StoreRead, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { Clock } from "../util/Clock"
import { newToken } from "../util/token"
import { entryOf, isCurrent, toEntry, type Entry } from "./Entry"
import type { HeldTags } from "./HeldTags"
import { STAMP_TTL } from "./Invalidator"
import { SingleFlight } from "./SingleFlight"
import type { StoreGate } from "./StoreGate"

/** What a load from the database brought for one key. */
export interface Loaded<T> {
    /** What the reader who loaded it gets. */
    readonly result: T
    /** What is stored and handed to the readers who joined; `undefined` when it must not be. */
    readonly value: Encoded | undefined
    /** Milliseconds; `undefined` for no expiry. */
    readonly ttl: number | undefined
    /** How many of the request's tags, from the first, the value depends on. Default all. */
    readonly tagCount?: number
    /** False when the value may be given to this reader but not shared (read beside an open transaction). Default true. */
    readonly shareable?: boolean
}

/** A read of one key. */
export interface ReadRequest<T> {
    readonly key: string
    readonly tags: readonly string[]
    readonly stats: StatsCounter
    /** Name for the log. */
    readonly subject: string
    /** Makes a fresh result of a stored value. @throws CacheError `E_CORRUPT_ENTRY` */
    decode(value: Encoded): T
    /** @param before what the store said of the tags before the load: only what is older may be filled under it */
    load(before: readonly TagState[]): Promise<Loaded<T>>
}

/** A read of several keys that share all tags but their first. */
export interface ReadManyRequest<T> {
    readonly keys: readonly string[]
    /** The narrow tag of each key, first among its tags. */
    readonly ownTags: readonly string[]
    readonly sharedTags: readonly string[]
    readonly stats: StatsCounter
    readonly subject: string
    decode(value: Encoded, position: number): T
    /** Loads the keys at these positions, in one query; answers in their order. */
    loadMany(positions: readonly number[]): Promise<readonly Loaded<T>[]>
}

/** An entry whose narrow tag became known with the load. */
export interface LateFill {
    readonly key: string
    readonly ownTag: string
    /** Tags that were known before, a part of the wide ones. */
    readonly sharedTags: readonly string[]
    readonly value: Encoded
    readonly ttl: number | undefined
}

/** Not in the cache; any other answer is a result. */
const MISS: unique symbol = Symbol("miss")

/** A key that has to be loaded, with what the store said of its tags. */
interface Miss {
    readonly position: number
    readonly key: string
    readonly tags: readonly string[]
    states: readonly TagState[]
}

/**
 * The reader's side of the protocol, above any store: entries are read together with the stamps of their tags in one
 * round trip, loads are shared only between readers who saw the same stamps, and a fill carries the stamps that were
 * read before its SELECT was sent.
 */
export class ReadThrough {
    readonly #gate: StoreGate
    readonly #serializer: Serializer | undefined
    readonly #held: HeldTags
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #flights: SingleFlight

    constructor(gate: StoreGate, serializer: Serializer, held: HeldTags, clock: Clock, log: CacheLog) {
        this.#gate = gate
        this.#flights = new SingleFlight(gate.store.keeps === "strings")
        this.#serializer = gate.store.keeps === "strings" ? serializer : undefined
        this.#held = held
        this.#clock = clock
        this.#log = log
    }

    /** One key. A store in this process answers a hit without a promise. */
    read<T>(request: ReadRequest<T>): Awaitable<T> {
        // looked at on both sides of the read: an invalidation may be delivered while the answer is under way
        const held = this.#held.among(request.tags)
        const answer = this.#gate.read([request.key], request.tags)
        return isPromise(answer)
            ? answer.then((arrived) => this.#answer(request, arrived, held))
            : this.#answer(request, answer, held)
    }

    /** Several keys in one round trip, the missing ones in one load. */
    async readMany<T>(request: ReadManyRequest<T>): Promise<T[]> {
        const { keys, ownTags, sharedTags } = request
        const tags = [...ownTags, ...sharedTags]
        const held = this.#held.among(tags)
        const answer = await this.#gate.read(keys, tags)
        const usable = answer instanceof CacheError ? undefined : answer
        const covered: readonly TagState[] = usable === undefined ? [] : this.#held.cover(tags, usable.tags, held)
        const shared = covered.slice(ownTags.length)
        const results: T[] = []
        const misses: Miss[] = []
        for (let position = 0; position < keys.length; position++) {
            const key = keys[position]!
            const states: readonly TagState[] = usable === undefined ? [] : [covered[position], ...shared]
            const hit = this.#hit(key, usable?.payloads[position], states, request, position)
            if (hit === MISS) misses.push({ position, key, tags: [ownTags[position]!, ...sharedTags], states })
            else results[position] = hit
        }
        if (misses.length > 0) await this.#loadMisses(request, misses, usable !== undefined, results)
        return results
    }

    /**
     * Stores what a load brought beside what it was asked for, whose narrow tags were not known before its SELECT. Read
     * now, the narrow stamps first and the wide ones after them, they are as good: where the wide stamps are still those
     * from before the SELECT, no write to their tables has ended in between.
     *
     * @param wide tags that any write to the loaded rows replaces
     * @param before their states before the SELECT
     */
    async fillLate(
        fills: readonly LateFill[],
        wide: readonly string[],
        before: readonly TagState[],
        stats: StatsCounter,
    ): Promise<void> {
        if (fills.length === 0 || !hasStamps(before)) return
        const ownTags = fills.map((fill) => fill.ownTag)
        const narrow = await this.#gate.stamp(ownTags, newToken(), STAMP_TTL)
        if (narrow instanceof CacheError) return
        const again = await this.#gate.read([], wide)
        if (again instanceof CacheError || this.#held.among([...ownTags, ...wide]) !== undefined) return
        if (before.some((stamp, i) => again.tags[i] !== stamp)) return
        const entries: StoreEntry[] = []
        fills.forEach(({ key, ownTag, sharedTags, value, ttl }, i) => {
            const states: readonly TagState[] = [narrow[i], ...sharedTags.map((tag) => before[wide.indexOf(tag)])]
            const entry = this.#entry(
                { position: i, key, tags: [ownTag, ...sharedTags], states },
                { result: value, value, ttl },
            )
            if (entry !== undefined) entries.push(entry)
        })
        if (entries.length > 0 && !((await this.#gate.write(entries)) instanceof CacheError))
            stats.fills += entries.length
    }

    /** Removes entries. What depends on their tags stays. */
    async forget(keys: readonly string[]): Promise<number> {
        const removed = await this.#gate.delete(keys)
        return removed instanceof CacheError ? 0 : removed
    }

    #answer<T>(
        request: ReadRequest<T>,
        answer: StoreRead | CacheError,
        held: ReadonlySet<number> | undefined,
    ): Awaitable<T> {
        if (answer instanceof CacheError) return this.#readMissing(request, undefined)
        const { key } = request
        const states: readonly TagState[] = this.#held.cover(request.tags, answer.tags, held)
        const hit = this.#hit(key, answer.payloads[0], states, request, 0)
        if (hit !== MISS) {
            if (this.#log.enabled("read"))
                this.#log.write("read", { level: "debug", action: "hit", subject: request.subject, key })
            return hit
        }
        return this.#readMissing(request, states)
    }

    /** @param states `undefined` when the store failed: the answer is then kept from everybody else */
    async #readMissing<T>(request: ReadRequest<T>, states: readonly TagState[] | undefined): Promise<T> {
        const results: T[] = []
        const miss: Miss = { position: 0, key: request.key, tags: request.tags, states: states ?? [] }
        const batch = {
            stats: request.stats,
            subject: request.subject,
            decode: request.decode,
            loadMany: async () => [await request.load(miss.states)],
        }
        await this.#loadMisses(batch, [miss], states !== undefined, results)
        return results[0]!
    }

    #hit<T>(
        key: string,
        payload: unknown,
        states: readonly TagState[],
        request: Pick<ReadManyRequest<T>, "stats" | "decode">,
        position: number,
    ): T | typeof MISS {
        if (payload === undefined) return MISS
        try {
            const entry =
                this.#serializer === undefined ? toEntry(payload, key) : this.#parse(this.#serializer, payload, key)
            if (!isCurrent(entry, states)) return MISS
            const result = request.decode(entry[2], position)
            request.stats.hits++
            return result
        } catch (error) {
            if (!(error instanceof CacheError)) throw error
            request.stats.errors++
            this.#log.write("read", { level: "warn", action: "error", subject: "entry", key, error })
            return MISS
        }
    }

    #parse(serializer: Serializer, payload: unknown, key: string): Entry {
        if (typeof payload !== "string")
            throw new CacheError("E_CORRUPT_ENTRY", "The store answered with no text.", { key })
        return toEntry(serializer.deserialize(payload), key)
    }

    async #loadMisses<T>(
        request: Pick<ReadManyRequest<T>, "stats" | "subject" | "decode" | "loadMany">,
        misses: readonly Miss[],
        storeAnswers: boolean,
        results: T[],
    ): Promise<void> {
        const { stats } = request
        stats.misses += misses.length
        if (storeAnswers) await this.#stamp(misses)
        const joined: [Miss, Promise<Encoded | undefined>][] = []
        const toLoad: Miss[] = []
        for (const miss of misses) {
            const flight =
                storeAnswers && hasStamps(miss.states) ? this.#flights.find(miss.key, miss.states) : undefined
            if (flight === undefined) toLoad.push(miss)
            else joined.push([miss, flight])
        }
        const left = await Promise.all([
            toLoad.length === 0 ? undefined : this.#loadAndFill(request, toLoad, results),
            ...joined.map(async ([miss, flight]) => {
                const value = await flight
                if (value === undefined) return miss
                results[miss.position] = request.decode(value, miss.position)
                return undefined
            }),
        ])
        // what another reader loaded but could not share is loaded again, for these readers alone
        const unshared = left.filter((miss) => miss !== undefined)
        if (unshared.length === 0) return
        const loaded = await this.#load(request, unshared)
        unshared.forEach((miss, i) => (results[miss.position] = loaded[i]!.result))
    }

    async #loadAndFill<T>(
        request: Pick<ReadManyRequest<T>, "stats" | "subject" | "loadMany">,
        misses: readonly Miss[],
        results: T[],
    ): Promise<undefined> {
        const landings = misses.map((miss) =>
            hasStamps(miss.states) ? this.#flights.start(miss.key, miss.states) : undefined,
        )
        try {
            const loaded = await this.#load(request, misses)
            const entries: StoreEntry[] = []
            loaded.forEach((it, i) => {
                const miss = misses[i]!
                results[miss.position] = it.result
                const entry = this.#entry(miss, it)
                landings[i]?.resolve(entry === undefined ? undefined : it.value)
                if (entry === undefined) request.stats.rejectedFills++
                else entries.push(entry)
            })
            if (entries.length > 0 && !((await this.#gate.write(entries)) instanceof CacheError))
                request.stats.fills += entries.length
        } catch (error) {
            for (const landing of landings) landing?.reject(error)
            throw error
        } finally {
            for (const landing of landings) landing?.end()
        }
        return undefined
    }

    async #load<T>(
        request: Pick<ReadManyRequest<T>, "stats" | "subject" | "loadMany">,
        misses: readonly Miss[],
    ): Promise<readonly Loaded<T>[]> {
        const { stats } = request
        const start = this.#clock.now()
        stats.loads++
        if (this.#log.enabled("read"))
            this.#log.write("read", {
                level: "debug",
                action: "miss",
                subject: request.subject,
                key: misses[0]!.key,
                reason: `${misses.length} loaded from the database`,
            })
        try {
            return await request.loadMany(misses.map((miss) => miss.position))
        } catch (error) {
            stats.loadFailures++
            throw error
        } finally {
            stats.loadTime += this.#clock.now() - start
        }
    }

    /** The entry that may be stored, or `undefined`: it depends on a tag that had no stamp before the SELECT was sent. */
    #entry<T>(
        miss: Miss,
        { value, ttl, tagCount = miss.tags.length, shareable = true }: Loaded<T>,
    ): StoreEntry | undefined {
        if (value === undefined || !shareable) return undefined
        const states = miss.states.slice(0, tagCount)
        if (states.length !== tagCount || !hasStamps(states)) return undefined
        const entry = entryOf(states, value)
        const payload = this.#serializer === undefined ? entry : this.#serializer.serialize(entry)
        const size = typeof payload === "string" ? payload.length : estimateSize(value)
        return {
            key: miss.key,
            payload,
            ttl,
            size,
            stamps: states.map((stamp, i) => [miss.tags[i]!, stamp as string] as const),
        }
    }

    /** Gives stamps to the tags that have none. Whoever sets a stamp first, all readers read the same one back. */
    async #stamp(misses: readonly Miss[]): Promise<void> {
        const missing = new Set<string>()
        for (const { tags, states } of misses)
            states.forEach((state, i) => {
                if (state === undefined) missing.add(tags[i]!)
            })
        if (missing.size === 0) return
        const tags = [...missing]
        const answer = this.#gate.stamp(tags, newToken(), STAMP_TTL)
        const states = isPromise(answer) ? await answer : answer
        if (states instanceof CacheError) return
        const made = new Map<string, TagState>(tags.map((tag, i) => [tag, states[i]]))
        for (const miss of misses)
            miss.states = miss.states.map((state, i): TagState =>
                state === undefined ? made.get(miss.tags[i]!) : state,
            )
    }
}

function hasStamps(states: readonly TagState[]): states is readonly string[] {
    return states.length > 0 && states.every((state) => typeof state === "string")
}
