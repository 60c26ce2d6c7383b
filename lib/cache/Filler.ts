import { CacheError } from "../error/CacheError"
import type { StoreEntry, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import type { Clock } from "../util/Clock"
import type { FreshnessSettings } from "../util/FreshnessOptions"
import type { Memo } from "../util/Memo"
import { DependencyScope } from "./DependencyScope"
import { entryOf, type Entry } from "./Entry"
import type { EntryCodec } from "./EntryCodec"
import type { Freshness } from "./Freshness"
import type { HeldTags } from "./HeldTags"
import type { Miss } from "./Miss"
import { noteRead } from "./noteRead"
import type { LateFill, Loaded, PutRequest, ReadManyRequest } from "./ReadRequest"
import type { Landing } from "./SingleFlight"
import { hasStamps, type Stamper } from "./Stamper"
import type { StoreGate } from "./StoreGate"

/** Why a function is not stored that was given something by a load beside an open transaction. */
export const BESIDE_TRANSACTION = "it read beside an open transaction"

/** What a load needs to know of a read. */
export type LoadRequest<T> = Pick<
    ReadManyRequest<T>,
    "stats" | "subject" | "covering" | "ownCounts" | "checksJoined" | "alone" | "freshness" | "decode" | "loadMany"
>

/** The flights that misses have begun; none for what could not be shared. */
export type Landings = ReadonlyMap<Miss, Landing<Entry> | undefined>

export interface FillerParts {
    readonly gate: StoreGate
    readonly codec: EntryCodec
    readonly held: HeldTags
    readonly clock: Clock
    readonly log: CacheLog
    readonly freshness: Freshness
    readonly stamper: Stamper
}

/** Loads from the database and stores: a fill carries the stamps that were read before its SELECT was sent. */
export class Filler {
    readonly #gate: StoreGate
    readonly #codec: EntryCodec
    readonly #held: HeldTags
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #stamper: Stamper
    readonly #freshness: Freshness
    readonly #lateTags: Memo<string, readonly string[]>

    /** @param lateTags where the late tags of entries are noted */
    constructor(
        { gate, codec, held, clock, log, freshness, stamper }: FillerParts,
        lateTags: Memo<string, readonly string[]>,
    ) {
        this.#gate = gate
        this.#codec = codec
        this.#held = held
        this.#clock = clock
        this.#log = log
        this.#freshness = freshness
        this.#stamper = stamper
        this.#lateTags = lateTags
    }

    /** Loads the misses in one query, hands what may be shared to who has joined, and stores it. */
    async fill<T>(request: LoadRequest<T>, misses: readonly Miss[], landings: Landings, results: T[]): Promise<void> {
        const first = landings.get(misses[0]!)
        // code of somebody's own, which may read what is being loaded
        const load = (): Promise<readonly Loaded<T>[]> => this.load(request, misses)
        const loaded = await (request.checksJoined === true && first !== undefined ? first.run(load) : load())
        const lateStamps = loaded.some(hasLateTags) ? await this.#stampsBehind(misses, loaded) : undefined
        const entries: StoreEntry[] = []
        loaded.forEach((it, i) => {
            const miss = misses[i]!
            results[miss.position] = it.result
            const entry = this.#entry(miss, it, request.freshness, lateStamps)
            landings.get(miss)?.resolve(entry?.entry)
            if (it.shareable === false) DependencyScope.refuse(this.#gate, BESIDE_TRANSACTION)
            if (entry === undefined) request.stats.rejectedFills++
            else entries.push(entry)
        })
        await this.#write(entries, request.stats)
    }

    /** Loads the misses in one query. */
    async load<T>(request: LoadRequest<T>, misses: readonly Miss[]): Promise<readonly Loaded<T>[]> {
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
        const encoded = this.#encode(entry, miss.key)
        if (encoded === undefined) return undefined
        return {
            entry,
            key: miss.key,
            ...encoded,
            ttl: life,
            stamps: states.map((stamp, i) => [tagAt(i), stamp as string] as const),
        }
    }

    #encode(entry: Entry, key: string): ReturnType<EntryCodec["encode"]> | undefined {
        try {
            return this.#codec.encode(entry)
        } catch (error) {
            this.#log.write("read", { level: "warn", action: "not stored", subject: "entry", key, error })
            return undefined
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
