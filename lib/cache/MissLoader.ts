import { CacheError } from "../error/CacheError"
import type { StoreEntry, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import type { Clock } from "../util/Clock"
import type { FreshnessSettings } from "../util/FreshnessOptions"
import { isLate } from "../util/isLate"
import type { Memo } from "../util/Memo"
import { DependencyScope } from "./DependencyScope"
import { entryOf, lateTagsOf, type Entry } from "./Entry"
import type { EntryCodec } from "./EntryCodec"
import type { Freshness } from "./Freshness"
import type { HeldTags } from "./HeldTags"
import { LoadLock, type Claim } from "./LoadLock"
import type { Miss } from "./Miss"
import { noteEntry, noteRead } from "./noteRead"
import type { LateFill, Loaded, PutRequest, ReadManyRequest } from "./ReadRequest"
import { isPartOfFlight, outsideFlights, SingleFlight, type Landing } from "./SingleFlight"
import { SpareAnswers } from "./SpareAnswers"
import { hasStamps, type Stamper } from "./Stamper"
import type { StoreGate } from "./StoreGate"

type Request<T> = Pick<
    ReadManyRequest<T>,
    "stats" | "subject" | "covering" | "ownCounts" | "checksJoined" | "alone" | "freshness" | "decode" | "loadMany"
>

/** The flights that misses have begun; none for what could not be shared. */
type Landings = ReadonlyMap<Miss, Landing<Entry> | undefined>

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
    readonly #stamper: Stamper
    readonly #lock: LoadLock | undefined
    readonly #spares: SpareAnswers
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
        stamper: Stamper,
    ) {
        this.#stamper = stamper
        this.#freshness = freshness
        this.#lateTags = lateTags
        this.#gate = gate
        this.#codec = codec
        this.#held = held
        this.#clock = clock
        this.#log = log
        this.#flights = new SingleFlight(gate.store.keeps !== "objects")
        this.#spares = new SpareAnswers(gate, held, log)
        const { locks } = gate.store
        if (locks !== undefined) this.#lock = new LoadLock(locks, gate, codec, held, clock, freshness)
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
        await this.#stamper.stamp(misses)
        // what nobody could store need not be loaded
        const fit = misses.filter(({ key, states }) => hasStamps(states) && !this.#flights.has(key, states))
        if (fit.length === 0) return
        request.stats.refreshes++
        await this.#loadAndFill(request, fit, [], false)
    }

    /**
     * @param storeAnswers false when the store failed: the answers are then kept from everybody else
     * @throws whatever the load throws, where not every one of the misses has a spare answer; CacheError `E_LOAD_TIMEOUT`
     */
    async load<T>(request: Request<T>, misses: readonly Miss[], storeAnswers: boolean, results: T[]): Promise<void> {
        const { softTimeout, hardTimeout } = request.freshness ?? this.#freshness.settings
        const isBounded = softTimeout < Infinity || hardTimeout < Infinity
        // what comes too late must not change what has been handed out
        const own: T[] = isBounded ? [] : results
        const loading = this.#loadAll(request, misses, storeAnswers, own)
        try {
            if (!isBounded) return await loading
            const start = this.#clock.now()
            const hasSpares = misses.every(({ spare }) => spare !== undefined)
            if (hasSpares && softTimeout < Infinity && (await isLate(this.#clock, loading, softTimeout)))
                if (await this.#spares.answer(request, misses, results, "not loaded yet")) return
            const left = start + hardTimeout - this.#clock.now()
            if (await isLate(this.#clock, loading, left)) throw loadTimeout(request.subject, hardTimeout)
            for (const { position } of misses) results[position] = own[position]!
        } catch (error) {
            if (error instanceof CacheError && error.code !== "E_LOAD_TIMEOUT") throw error
            if (!(await this.#spares.answer(request, misses, results, error))) throw error
        }
    }

    async #loadAll<T>(
        request: Request<T>,
        misses: readonly Miss[],
        storeAnswers: boolean,
        results: T[],
    ): Promise<void> {
        request.stats.misses += misses.length
        if (storeAnswers) await this.#stamper.stamp(misses)
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
        const narrow = await this.#stamper.late(
            fills.map((fill) => fill.ownTag),
            wide,
            before,
        )
        if (narrow === undefined) return
        const entries: StoreEntry[] = []
        fills.forEach(({ key, ownTag, sharedTags, value, ttl, freshness }, i) => {
            const states: readonly TagState[] = [narrow[i], ...sharedTags.map((tag) => before[wide.indexOf(tag)])]
            const entry = this.#entry(
                { position: i, key, tags: [ownTag, ...sharedTags], states },
                { result: value, value, ttl },
                freshness,
                undefined,
            )
            if (entry !== undefined) entries.push(entry)
        })
        await this.#write(entries, stats)
    }

    /** Stores what somebody says that a key holds, under the stamps of this moment. True when it was stored. */
    async put<T>({ key, tags, stats, freshness }: PutRequest, loaded: Loaded<T>): Promise<boolean> {
        const read = await this.#gate.read([], tags)
        if (read instanceof CacheError || this.#held.among(tags) !== undefined) return false
        const miss: Miss = { position: 0, key, tags, states: read.tags }
        await this.#stamper.stamp([miss])
        const entry = this.#entry(
            miss,
            loaded,
            freshness,
            hasLateTags(loaded) ? await this.#stampsBehind([miss], [loaded]) : undefined,
        )
        return entry !== undefined && (await this.#write([entry], stats))
    }

    /** @param waits false for who needs no answer: what another process loads is left to it */
    async #loadAndFill<T>(
        request: Request<T>,
        misses: readonly Miss[],
        results: T[],
        waits = true,
    ): Promise<undefined> {
        const landings: Landings = new Map(
            misses.map((miss) => [
                miss,
                hasStamps(miss.states) ? this.#flights.start(miss.key, miss.states) : undefined,
            ]),
        )
        let claim: Claim | undefined
        try {
            // two loads that wait for what the other one has begun would wait for each other
            if (this.#lock !== undefined && request.alone !== true && !isPartOfFlight())
                claim = await this.#lock.claim(misses)
            const { own, others } = claim ?? { own: misses, others: [] }
            const waiting = others.length > 0 && waits ? this.#awaitOthers(request, others, landings, results) : others
            if (own.length > 0) await this.#fill(request, own, landings, results)
            for (const miss of await waiting) landings.get(miss)?.resolve(undefined)
        } catch (error) {
            for (const landing of landings.values()) landing?.reject(error)
            throw error
        } finally {
            for (const landing of landings.values()) landing?.end()
            claim?.end()
        }
        return undefined
    }

    /** Takes what other processes load, and loads what they do not bring. */
    async #awaitOthers<T>(
        request: Request<T>,
        others: readonly Miss[],
        landings: Landings,
        results: T[],
    ): Promise<readonly Miss[]> {
        const left = await this.#lock!.wait(others, (miss, entry) => {
            try {
                results[miss.position] = request.decode(entry[2], miss.position)
            } catch (error) {
                if (error instanceof CacheError) return false
                throw error
            }
            noteEntry(this.#gate, request, entry, miss.tags, miss.states)
            landings.get(miss)?.resolve(entry)
            return true
        })
        if (left.length > 0) await this.#fill(request, left, landings, results)
        return []
    }

    async #fill<T>(request: Request<T>, misses: readonly Miss[], landings: Landings, results: T[]): Promise<void> {
        const first = landings.get(misses[0]!)
        // code of somebody's own, which may read what is being loaded
        const load = (): Promise<readonly Loaded<T>[]> => this.#load(request, misses)
        const loaded = await (request.checksJoined === true && first !== undefined ? first.run(load) : load())
        const lateStamps = loaded.some(hasLateTags) ? await this.#stampsBehind(misses, loaded) : undefined
        const entries: StoreEntry[] = []
        loaded.forEach((it, i) => {
            const miss = misses[i]!
            results[miss.position] = it.result
            const entry = this.#entry(miss, it, request.freshness, lateStamps)
            landings.get(miss)?.resolve(entry?.entry)
            if (it.shareable === false) DependencyScope.refuse(this.#gate, "it read beside an open transaction")
            if (entry === undefined) request.stats.rejectedFills++
            else entries.push(entry)
        })
        await this.#write(entries, request.stats)
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
        const stamps = await this.#stamper.late(names, [...guards.keys()], [...guards.values()])
        return stamps === undefined ? undefined : new Map(names.map((tag, i) => [tag, stamps[i]]))
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
        freshness: FreshnessSettings | undefined,
        lateStamps: ReadonlyMap<string, TagState> | undefined = noted,
    ): (StoreEntry & { readonly entry: Entry }) | undefined {
        if (value === undefined || !shareable) return undefined
        const known = miss.states.slice(0, tagCount)
        const states = lateTags.length === 0 ? known : [...known, ...lateTags.map((tag) => lateStamps?.get(tag))]
        if (known.length !== tagCount || !hasStamps(states)) return undefined
        if (lateTags.length > 0) this.#lateTags.set(miss.key, lateTags)
        const tagAt = (i: number): string => (i < tagCount ? miss.tags[i]! : lateTags[i - tagCount]!)
        const { ttl: life, marks } = this.#freshness.of(ttl, freshness)
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
}

function hasLateTags<T>(loaded: Loaded<T>): loaded is Loaded<T> & { readonly lateTags: readonly string[] } {
    return loaded.lateTags !== undefined && loaded.lateTags.length > 0
}

function loadTimeout(subject: string, milliseconds: number): CacheError {
    return new CacheError("E_LOAD_TIMEOUT", `${subject} was not loaded in ${milliseconds} ms.`, {
        advice: "The load goes on; see what is slow, raise hardTimeout, or allow old answers with staleOnError.",
    })
}
