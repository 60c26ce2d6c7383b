import { CacheError } from "../error/CacheError"
import type { StoreEntry, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { isPromise } from "../util/Awaitable"
import type { Clock } from "../util/Clock"
import type { Memo } from "../util/Memo"
import { newToken } from "../util/token"
import { DependencyScope } from "./DependencyScope"
import { entryOf, isCurrent, lateTagsOf, type Entry } from "./Entry"
import type { EntryCodec } from "./EntryCodec"
import type { Freshness } from "./Freshness"
import type { HeldTags } from "./HeldTags"
import { noteEntry, noteRead } from "./noteRead"
import { STAMP_TTL } from "./Invalidator"
import type { LateFill, Loaded, ReadManyRequest } from "./ReadRequest"
import { outsideFlights, SingleFlight } from "./SingleFlight"
import type { StoreGate } from "./StoreGate"

/** A key that has to be loaded, with what the store said of its tags. */
export interface Miss {
    readonly position: number
    readonly key: string
    readonly tags: readonly string[]
    states: readonly TagState[]
    /** What the store has under the key, current and long behind its ttl: the answer when the load fails. */
    readonly spare?: { readonly entry: Entry; readonly result: unknown } | undefined
}

type Request<T> = Pick<
    ReadManyRequest<T>,
    "stats" | "subject" | "covering" | "ownCounts" | "checksJoined" | "alone" | "decode" | "loadMany"
>

/**
 * What happens to the keys that a read did not find: their tags get stamps, loads are shared only between readers who saw
 * the same stamps, and a fill carries the stamps that were read before its SELECT was sent.
 */
export class MissLoader {
    readonly #gate: StoreGate
    readonly #codec: EntryCodec
    readonly #held: HeldTags
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #flights: SingleFlight<Entry>

    readonly #lateTags: Memo<string, readonly string[]>
    readonly #freshness: Freshness
    readonly #refreshing = new Set<string>()

    /** @param lateTags where the late tags of entries are noted */
    constructor(
        gate: StoreGate,
        codec: EntryCodec,
        held: HeldTags,
        clock: Clock,
        log: CacheLog,
        lateTags: Memo<string, readonly string[]>,
        freshness: Freshness,
    ) {
        this.#freshness = freshness
        this.#lateTags = lateTags
        this.#gate = gate
        this.#codec = codec
        this.#held = held
        this.#clock = clock
        this.#log = log
        this.#flights = new SingleFlight(gate.store.keeps !== "objects")
    }

    /**
     * Loads what is there already anew, in the background: a fill like any other. One at a time for each key; one that
     * fails is logged.
     */
    refresh<T>(request: Request<T>, due: readonly Miss[]): void {
        const misses = due.filter(({ key }) => !this.#refreshing.has(key))
        if (misses.length === 0 || request.alone === true) return
        for (const { key } of misses) this.#refreshing.add(key)
        const refreshing = outsideFlights(() => DependencyScope.outside(() => this.#refresh(request, misses)))
        refreshing
            .catch((error: unknown) =>
                this.#log.write("read", { level: "warn", action: "not refreshed", subject: request.subject, error }),
            )
            .finally(() => {
                for (const { key } of misses) this.#refreshing.delete(key)
            })
    }

    async #refresh<T>(request: Request<T>, misses: readonly Miss[]): Promise<void> {
        await this.#stamp(misses)
        // what nobody could store need not be loaded
        const fit = misses.filter(({ key, states }) => hasStamps(states) && !this.#flights.has(key, states))
        if (fit.length === 0) return
        request.stats.refreshes++
        await this.#loadAndFill(request, fit, [])
    }

    /**
     * @param storeAnswers false when the store failed: the answers are then kept from everybody else
     * @throws whatever the load throws, where not every one of the misses has a spare answer
     */
    async load<T>(request: Request<T>, misses: readonly Miss[], storeAnswers: boolean, results: T[]): Promise<void> {
        try {
            await this.#loadAll(request, misses, storeAnswers, results)
        } catch (error) {
            if (error instanceof CacheError || !(await this.#areStillCurrent(misses))) throw error
            request.stats.staleHits += misses.length
            for (const { position, spare, tags, states } of misses) {
                results[position] = spare!.result as T
                noteEntry(this.#gate, request, spare!.entry, tags, states)
            }
            this.#log.write("read", { level: "warn", action: "stale", subject: request.subject, error })
        }
    }

    /** Whether all of them have a spare answer that nothing has invalidated meanwhile. */
    async #areStillCurrent(misses: readonly Miss[]): Promise<boolean> {
        if (misses.some(({ spare }) => spare === undefined)) return false
        const tags = [...new Set(misses.flatMap(({ tags: own, spare }) => [...own, ...lateTagsOf(spare!.entry)]))]
        const held = this.#held.among(tags)
        const read = await this.#gate.read([], tags)
        if (read instanceof CacheError) return false
        const states = this.#held.cover(tags, read.tags, held)
        const stateOf = (tag: string): TagState => states[tags.indexOf(tag)]
        return misses.every(({ tags: own, spare }) =>
            isCurrent(spare!.entry, own.map(stateOf), lateTagsOf(spare!.entry).map(stateOf)),
        )
    }

    async #loadAll<T>(
        request: Request<T>,
        misses: readonly Miss[],
        storeAnswers: boolean,
        results: T[],
    ): Promise<void> {
        request.stats.misses += misses.length
        if (storeAnswers) await this.#stamp(misses)
        const joined: [Miss, Promise<Entry | undefined>][] = []
        const toLoad: Miss[] = []
        for (const miss of misses) {
            const flight =
                storeAnswers && request.alone !== true && hasStamps(miss.states)
                    ? this.#flights.find(miss.key, miss.states)
                    : undefined
            if (flight === undefined) toLoad.push(miss)
            else joined.push([miss, flight])
        }
        const left = await Promise.all([
            toLoad.length === 0 ? undefined : this.#loadAndFill(request, toLoad, results),
            ...joined.map(async ([miss, flight]) => {
                const entry = await flight
                if (entry === undefined) return miss
                if (request.checksJoined && !(await this.#isStillCurrent(entry))) return miss
                results[miss.position] = request.decode(entry[2], miss.position)
                noteEntry(this.#gate, request, entry, miss.tags, miss.states)
                return undefined
            }),
        ])
        // what another reader loaded but could not share is loaded again, for these readers alone
        const unshared = left.filter((miss) => miss !== undefined)
        if (unshared.length === 0) return
        const loaded = await this.#load(request, unshared)
        unshared.forEach((miss, i) => (results[miss.position] = loaded[i]!.result))
    }

    /**
     * Stores what a load brought beside what it was asked for.
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
        if (fills.length === 0) return
        const narrow = await this.#lateStamps(
            fills.map((fill) => fill.ownTag),
            wide,
            before,
        )
        if (narrow === undefined) return
        const entries: StoreEntry[] = []
        fills.forEach(({ key, ownTag, sharedTags, value, ttl }, i) => {
            const states: readonly TagState[] = [narrow[i], ...sharedTags.map((tag) => before[wide.indexOf(tag)])]
            const entry = this.#entry(
                { position: i, key, tags: [ownTag, ...sharedTags], states },
                { result: value, value, ttl },
                undefined,
            )
            if (entry !== undefined) entries.push(entry)
        })
        await this.#write(entries, stats)
    }

    /** Stores what somebody says that a key holds, under the stamps of this moment. True when it was stored. */
    async put<T>(key: string, tags: readonly string[], loaded: Loaded<T>, stats: StatsCounter): Promise<boolean> {
        const read = await this.#gate.read([], tags)
        if (read instanceof CacheError || this.#held.among(tags) !== undefined) return false
        const miss: Miss = { position: 0, key, tags, states: read.tags }
        await this.#stamp([miss])
        const entry = this.#entry(
            miss,
            loaded,
            hasLateTags(loaded) ? await this.#stampsBehind([miss], [loaded]) : undefined,
        )
        return entry !== undefined && (await this.#write([entry], stats))
    }

    /** The stamps of tags, made where there are none; `undefined` when one has no stamp to be had now. */
    async stampsOf(tags: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
        if (tags.length === 0) return new Map()
        const held = this.#held.among(tags)
        const answer = await this.#gate.stamp(tags, newToken(), STAMP_TTL)
        if (answer instanceof CacheError) return undefined
        const states = this.#held.cover(tags, answer, held)
        return hasStamps(states) ? new Map(tags.map((tag, i) => [tag, states[i]!])) : undefined
    }

    async #loadAndFill<T>(request: Request<T>, misses: readonly Miss[], results: T[]): Promise<undefined> {
        const landings = misses.map((miss) =>
            hasStamps(miss.states) ? this.#flights.start(miss.key, miss.states) : undefined,
        )
        try {
            const [first] = landings
            // code of somebody's own, which may read what is being loaded
            const load = (): Promise<readonly Loaded<T>[]> => this.#load(request, misses)
            const loaded = await (request.checksJoined === true && first !== undefined ? first.run(load) : load())
            const lateStamps = loaded.some(hasLateTags) ? await this.#stampsBehind(misses, loaded) : undefined
            const entries: StoreEntry[] = []
            loaded.forEach((it, i) => {
                const miss = misses[i]!
                results[miss.position] = it.result
                const entry = this.#entry(miss, it, lateStamps)
                landings[i]?.resolve(entry?.entry)
                if (it.shareable === false) DependencyScope.refuse(this.#gate, "it read beside an open transaction")
                if (entry === undefined) request.stats.rejectedFills++
                else entries.push(entry)
            })
            await this.#write(entries, request.stats)
        } catch (error) {
            for (const landing of landings) landing?.reject(error)
            throw error
        } finally {
            for (const landing of landings) landing?.end()
        }
        return undefined
    }

    async #load<T>(request: Request<T>, misses: readonly Miss[]): Promise<readonly Loaded<T>[]> {
        const { stats } = request
        const start = this.#clock.now()
        stats.loads++
        // before the SQL is sent, so that nobody asks for their stamps once more
        for (const { tags, states } of misses) noteRead(this.#gate, request, tags, states)
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

    /** The stamps of all late tags of a load; `undefined` when it may be older than one of them. */
    async #stampsBehind(
        misses: readonly Miss[],
        loaded: readonly Loaded<unknown>[],
    ): Promise<ReadonlyMap<string, TagState> | undefined> {
        const lateTags = new Set<string>()
        const guards = new Map<string, TagState>()
        loaded.forEach((it, i) => {
            const { tags, states } = misses[i]!
            if (!hasLateTags(it) || it.value === undefined) return
            for (const tag of it.lateTags) lateTags.add(tag)
            for (let at = it.tagCount ?? tags.length; at < tags.length; at++) guards.set(tags[at]!, states[at])
        })
        const names = [...lateTags]
        const stamps = await this.#lateStamps(names, [...guards.keys()], [...guards.values()])
        return stamps === undefined ? undefined : new Map(names.map((tag, i) => [tag, stamps[i]]))
    }

    /**
     * Stamps of narrow tags that became known with a load. Read now, the narrow stamps first and the wide ones after
     * them, they are as good as any: where the wide stamps are still those from before the SELECT, no write to their
     * tables has ended in between. `undefined` otherwise.
     */
    async #lateStamps(
        narrow: readonly string[],
        wide: readonly string[],
        before: readonly TagState[],
    ): Promise<readonly TagState[] | undefined> {
        if (narrow.length === 0 || !hasStamps(before)) return undefined
        const stamps = await this.#gate.stamp(narrow, newToken(), STAMP_TTL)
        if (stamps instanceof CacheError) return undefined
        const again = await this.#gate.read([], wide)
        if (again instanceof CacheError || this.#held.among([...narrow, ...wide]) !== undefined) return undefined
        return before.some((stamp, i) => again.tags[i] !== stamp) ? undefined : stamps
    }

    /** Whether the late tags of an entry that has just been made have its stamps now. */
    async #isStillCurrent(entry: Entry): Promise<boolean> {
        const lateTags = lateTagsOf(entry)
        if (lateTags.length === 0) return true
        const held = this.#held.among(lateTags)
        const read = await this.#gate.read([], lateTags)
        if (read instanceof CacheError) return false
        const stamps = entry[1].slice(-lateTags.length)
        return this.#held.cover(lateTags, read.tags, held).every((state, i) => state === stamps[i])
    }

    /** The entry that may be stored, or `undefined`: it depends on a tag that had no stamp before the SELECT was sent. */
    #entry<T>(
        miss: Miss,
        {
            value,
            ttl,
            tagCount = miss.tags.length,
            noted,
            lateTags = [...(noted?.keys() ?? [])],
            shareable = true,
        }: Loaded<T>,
        lateStamps: ReadonlyMap<string, TagState> | undefined = noted,
    ): (StoreEntry & { readonly entry: Entry }) | undefined {
        if (value === undefined || !shareable) return undefined
        const known = miss.states.slice(0, tagCount)
        const states = lateTags.length === 0 ? known : [...known, ...lateTags.map((tag) => lateStamps?.get(tag))]
        if (known.length !== tagCount || !hasStamps(states)) return undefined
        if (lateTags.length > 0) this.#lateTags.set(miss.key, lateTags)
        const tagAt = (i: number): string => (i < tagCount ? miss.tags[i]! : lateTags[i - tagCount]!)
        const { ttl: life, marks } = this.#freshness.of(ttl)
        const entry = entryOf(states, value, lateTags, marks)
        return {
            entry,
            key: miss.key,
            ...this.#codec.encode(entry),
            ttl: life,
            stamps: states.map((stamp, i) => [tagAt(i), stamp as string] as const),
        }
    }

    async #write(entries: readonly StoreEntry[], stats: StatsCounter): Promise<boolean> {
        if (entries.length === 0 || (await this.#gate.write(entries)) instanceof CacheError) return false
        stats.fills += entries.length
        return true
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

function hasLateTags<T>(loaded: Loaded<T>): loaded is Loaded<T> & { readonly lateTags: readonly string[] } {
    return loaded.lateTags !== undefined && loaded.lateTags.length > 0
}

function hasStamps(states: readonly TagState[]): states is readonly string[] {
    return states.length > 0 && states.every((state) => typeof state === "string")
}
