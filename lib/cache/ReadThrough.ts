import { LRUCache } from "lru-cache"
import { CacheError } from "../error/CacheError"
import type { Encoded } from "../serializer/ValueCodec"
import type { AnySerializer } from "../serializer/Serializer"
import type { StoreRead, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { Clock } from "../util/Clock"
import { Memo } from "../util/Memo"
import { isCurrent, lateTagsOf, type Entry } from "./Entry"
import { EntryCodec } from "./EntryCodec"
import { Filler } from "./Filler"
import { Freshness, type Age } from "./Freshness"
import { DependencyScope } from "./DependencyScope"
import type { HeldTags } from "./HeldTags"
import { noteEntry, type Covered } from "./noteRead"
import type { Miss } from "./Miss"
import { MissLoader } from "./MissLoader"
import { ReadAhead, type Asked } from "./ReadAhead"
import type { LateFill, Loaded, PutRequest, ReadManyRequest, ReadRequest, ReadSource } from "./ReadRequest"
import { Stamper } from "./Stamper"
import type { StoreGate } from "./StoreGate"

/** Keys whose late tags are remembered. */
const LATE_KEYS = 5_000

/** Keys and tags that are remembered of calls whose reads follow from each other. */
const MOST_LEARNT = 200_000

/** What a read found, and what it has to load. */
interface Found<T> {
    readonly results: T[]
    readonly misses: Miss[]
    /** Answered, and to be loaded anew. */
    readonly due: Miss[]
    /** How many of the answers are behind their ttl. */
    staleHits: number
    readonly storeAnswers: boolean
}

/** Not in the cache; any other answer is a result. */
const MISS: unique symbol = Symbol("miss")

/**
 * The reader's side of the protocol, above any store: entries are read together with the stamps of their tags in one
 * round trip. What is missing is the business of the {@link MissLoader}.
 */
export class ReadThrough {
    readonly #gate: StoreGate
    readonly #codec: EntryCodec
    readonly #held: HeldTags
    readonly #log: CacheLog
    readonly #filler: Filler
    readonly #misses: MissLoader
    readonly #stamper: Stamper
    readonly #freshness: Freshness
    /** The late tags that an entry had when it was last seen: asked for along with it, it takes one trip instead of two. */
    readonly #lateTags = new Memo<string, readonly string[]>(LATE_KEYS)
    readonly #lessons = new LRUCache<string, Asked>({
        maxSize: MOST_LEARNT,
        sizeCalculation: ({ keys, tags }) => keys.length + tags.length + 1,
    })

    constructor(
        gate: StoreGate,
        serializer: AnySerializer,
        held: HeldTags,
        clock: Clock,
        log: CacheLog,
        freshness = new Freshness(clock),
    ) {
        this.#freshness = freshness
        this.#gate = gate
        this.#codec = new EntryCodec(gate.store, serializer)
        this.#held = held
        this.#log = log
        this.#stamper = new Stamper(gate, held)
        const parts = { gate, codec: this.#codec, held, clock, log, freshness, stamper: this.#stamper }
        this.#filler = new Filler(parts, this.#lateTags)
        this.#misses = new MissLoader(parts, this.#filler)
    }

    /** One key. A store in this process answers a hit without a promise. */
    read<T>(request: ReadRequest<T>): Awaitable<T> {
        // looked at on both sides of the read: an invalidation may be delivered while the answer is under way
        const held = this.#held.among(request.tags)
        const answer = (request.source ?? this.#gate).read([request.key], request.tags)
        return isPromise(answer)
            ? answer.then((arrived) => this.#answer(request, arrived, held))
            : this.#answer(request, answer, held)
    }

    /** Several keys in one round trip, the missing ones in one load. */
    async readMany<T>(request: ReadManyRequest<T>): Promise<T[]> {
        const { keys, ownTags, sharedTags, stats } = request
        const tags = [...ownTags, ...sharedTags]
        const held = this.#held.among(tags)
        const answer = await (request.source ?? this.#gate).read(keys, tags)
        const usable = answer instanceof CacheError ? undefined : answer
        const covered: readonly TagState[] = usable === undefined ? [] : this.#held.cover(tags, usable.tags, held)
        const shared = covered.slice(ownTags.length)
        const found = nothingFound<T>(usable !== undefined)
        for (let position = 0; position < keys.length; position++) {
            const key = keys[position]!
            const states: readonly TagState[] = usable === undefined ? [] : [covered[position], ...shared]
            const entry = this.#entryOf(key, usable?.payloads[position], stats)
            const hit = entry === undefined ? MISS : this.#hit(key, entry, states, [], request, position)
            const age = hit === MISS ? undefined : this.#ageOf(entry!, request)
            // the usual way makes nothing that it does not need
            if (age === "fresh" && !DependencyScope.isOpen) found.results[position] = hit as T
            else {
                const tags = [ownTags[position]!, ...sharedTags]
                this.#sort(found, request, { position, key, tags, states, spare: spareOf(entry, hit) }, age)
            }
        }
        if (found.misses.length > 0 && this.#mayLag(usable, request)) return this.readMany(this.#shared(request))
        return this.#finish(request, found)
    }

    /** As {@link readMany}, for entries that name late tags: one trip where they are those of the last time, else two. */
    async readManyLate<T>(request: ReadManyRequest<T>): Promise<T[]> {
        return this.#finish(request, await this.#findLate(request))
    }

    /** What the store has under the keys of such entries; nothing is loaded. */
    async peekLate<T>(request: Omit<ReadManyRequest<T>, "loadMany">): Promise<(T | undefined)[]> {
        const { results, misses } = await this.#findLate(request, true)
        request.stats.hits += request.keys.length - misses.length
        request.stats.misses += misses.length
        return request.keys.map((_, position) => results[position])
    }

    /** Readers who wait for other processes load themselves. */
    close(): void {
        this.#misses.close()
    }

    /** See {@link Filler.fillLate}. */
    fillLate(
        fills: readonly LateFill[],
        wide: readonly string[],
        before: readonly TagState[],
        stats: StatsCounter,
    ): Promise<void> {
        return this.#filler.fillLate(fills, wide, before, stats)
    }

    /** See {@link Filler.put}. */
    put<T>(request: PutRequest, loaded: Loaded<T>): Promise<boolean> {
        return this.#filler.put(request, loaded)
    }

    /** The stamps of tags, made where there are none; `undefined` when one has no stamp to be had now. */
    async stampsOf(tags: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
        return this.#stamper.of(tags)
    }

    /** Removes entries. What depends on their tags stays. */
    async forget(keys: readonly string[]): Promise<number> {
        const removed = await this.#gate.delete(keys)
        return removed instanceof CacheError ? 0 : removed
    }

    /**
     * A source for a call whose reads follow from each other: what such a call asked for the last time is read at once.
     *
     * @param name of the kind of call; `undefined` for one that is not remembered
     */
    readAhead(name: string | undefined): ReadAhead {
        const before = name === undefined ? undefined : this.#lessons.get(name)
        return new ReadAhead(this.#gate, this.#held, before, (key) => this.#lateTags.get(key) ?? [])
    }

    /** Remembers what a call asked for, at its end. */
    learn(name: string | undefined, source: ReadAhead): void {
        const lesson = name === undefined ? undefined : source.lesson
        if (lesson !== undefined) this.#lessons.set(name!, lesson)
    }

    #answer<T>(
        request: ReadRequest<T>,
        answer: StoreRead | CacheError,
        held: ReadonlySet<number> | undefined,
    ): Awaitable<T> {
        if (answer instanceof CacheError) return this.#readMissing(request, undefined)
        const { key } = request
        const states: readonly TagState[] = this.#held.cover(request.tags, answer.tags, held)
        const entry = this.#entryOf(key, answer.payloads[0], request.stats)
        const hit = entry === undefined ? MISS : this.#hit(key, entry, states, [], request, 0)
        const age = hit === MISS ? "spare" : this.#ageOf(entry!, request)
        if (age !== "spare") {
            request.stats.hits++
            if (age === "stale") request.stats.staleHits++
            if (age !== "fresh") {
                const miss: Miss = { position: 0, key, tags: request.tags, states }
                this.#revalidate(batchOf(request, miss), [miss])
            }
            if (this.#log.enabled("read"))
                this.#log.write("read", { level: "debug", action: "hit", subject: request.subject, key })
            noteEntry(this.#gate, request, entry!, request.tags, states)
            return hit as T
        }
        if (this.#mayLag(answer, request)) return this.read(this.#shared(request))
        return this.#readMissing(request, states, spareOf(entry, hit))
    }

    /** @param states `undefined` when the store failed: the answer is then kept from everybody else */
    async #readMissing<T>(
        request: ReadRequest<T>,
        states: readonly TagState[] | undefined,
        spare?: Miss["spare"],
    ): Promise<T> {
        const results: T[] = []
        const miss: Miss = { position: 0, key: request.key, tags: request.tags, states: states ?? [], spare }
        await this.#misses.load(batchOf(request, miss), [miss], states !== undefined, results)
        return results[0]!
    }

    /** Has what is due loaded anew, behind the answer. */
    #revalidate(request: Parameters<MissLoader["refresh"]>[0], due: readonly Miss[]): void {
        if (due.length > 0) this.#misses.refresh(request, due)
    }

    /** @param isPeek true when nothing is loaded, so that what is behind its ttl is no answer */
    async #findLate<T>(request: Omit<ReadManyRequest<T>, "loadMany">, isPeek = false): Promise<Found<T>> {
        const { keys, ownTags, sharedTags, stats, source = this.#gate } = request
        const late = await this.#readLate(source, keys, [...ownTags, ...sharedTags], stats)
        const found = nothingFound<T>(late !== undefined)
        const stateOf = (tag: string): TagState => late?.states.get(tag)
        keys.forEach((key, position) => {
            const tags = [ownTags[position]!, ...sharedTags]
            const states = late === undefined ? [] : tags.map(stateOf)
            const entry = late?.entries[position]
            const hit =
                entry === undefined
                    ? MISS
                    : this.#hit(key, entry, states, lateTagsOf(entry).map(stateOf), request, position)
            const age = hit === MISS ? undefined : this.#ageOf(entry!, request)
            const miss: Miss = { position, key, tags, states, spare: spareOf(entry, hit) }
            this.#sort(found, request, miss, isPeek && age === "stale" ? "spare" : age)
        })
        if (found.misses.length > 0 && this.#mayLag(late, request)) return this.#findLate(this.#shared(request), isPeek)
        return found
    }

    /** Puts one key where the age of its entry has it; `undefined` where there is none that is current. */
    #sort<T>(found: Found<T>, request: Covered, miss: Miss, age: Age | undefined): void {
        if (age === undefined || age === "spare") return void found.misses.push(miss)
        const { entry, result } = miss.spare!
        found.results[miss.position] = result as T
        noteEntry(this.#gate, request, entry, miss.tags, miss.states)
        if (age === "fresh") return
        found.due.push(miss)
        if (age === "stale") found.staleHits++
    }

    /** Counts, has loaded anew what is due, and loads what is missing. */
    async #finish<T>(request: ReadManyRequest<T>, found: Found<T>): Promise<T[]> {
        const { results, misses, due, staleHits, storeAnswers } = found
        request.stats.hits += request.keys.length - misses.length
        request.stats.staleHits += staleHits
        this.#revalidate(request, due)
        if (misses.length > 0) await this.#misses.load(request, misses, storeAnswers, results)
        return results
    }

    /** Whether what is missing in an answer may be in the store that all share: nothing is loaded before that was asked. */
    #mayLag(answer: Pick<StoreRead, "isNear"> | undefined, { source }: Pick<ReadRequest<unknown>, "source">): boolean {
        return answer?.isNear === true && source !== this.#gate.shared
    }

    /** The same, asked of the store that all share. */
    #shared<R extends { readonly source?: ReadSource | undefined }>(request: R): R {
        return { ...request, source: this.#gate.shared }
    }

    /** The entries under some keys and the states of these tags and of all that the entries name. */
    async #readLate(source: ReadSource, keys: readonly string[], known: readonly string[], stats: StatsCounter) {
        const tags = new Set(known)
        for (const key of keys) for (const tag of this.#lateTags.get(key) ?? []) tags.add(tag)
        const states = new Map<string, TagState>()
        const answer = await this.#readStates(source, keys, [...tags], states)
        if (answer === undefined) return undefined
        const unknown = new Set<string>()
        const entries = keys.map((key, i) => {
            const entry = this.#entryOf(key, answer.payloads[i], stats)
            if (entry === undefined) return undefined
            const lateTags = lateTagsOf(entry)
            if (lateTags.length > 0) this.#lateTags.set(key, lateTags)
            for (const tag of lateTags) if (!tags.has(tag)) unknown.add(tag)
            return entry
        })
        // asked for later than the entry: a stamp that is the entry's now was so before
        if (unknown.size > 0) await this.#readStates(source, [], [...unknown], states)
        return { entries, states, isNear: answer.isNear }
    }

    async #readStates(
        source: ReadSource,
        keys: readonly string[],
        tags: readonly string[],
        into: Map<string, TagState>,
    ): Promise<StoreRead | undefined> {
        const held = this.#held.among(tags)
        const answer = await source.read(keys, tags)
        if (answer instanceof CacheError) return undefined
        this.#held.cover(tags, answer.tags, held).forEach((state, i) => into.set(tags[i]!, state))
        return answer
    }

    #entryOf(key: string, payload: unknown, stats: StatsCounter): Entry | undefined {
        if (payload === undefined) return undefined
        try {
            return this.#codec.decode(payload, key)
        } catch (error) {
            return this.#unreadable(key, error, stats)
        }
    }

    #hit<T>(
        key: string,
        entry: Entry,
        states: readonly TagState[],
        lateStates: readonly TagState[],
        request: Pick<ReadManyRequest<T>, "stats" | "decode">,
        position: number,
    ): T | typeof MISS {
        if (lateTagsOf(entry).length !== lateStates.length || !isCurrent(entry, states, lateStates)) return MISS
        try {
            return request.decode(entry[2], position)
        } catch (error) {
            this.#unreadable(key, error, request.stats)
            return MISS
        }
    }

    /** A reader in a transaction takes no part in what is done around the end of a ttl. */
    #ageOf(entry: Entry, { alone }: Pick<ReadRequest<unknown>, "alone">): Age {
        const age = this.#freshness.ageOf(entry)
        return age === "stale" && alone === true ? "spare" : age
    }

    #unreadable(key: string, error: unknown, stats: StatsCounter): undefined {
        if (!(error instanceof CacheError)) throw error
        stats.errors++
        this.#log.write("read", { level: "warn", action: "error", subject: "entry", key, error })
    }
}

function nothingFound<T>(storeAnswers: boolean): Found<T> {
    return { results: [], misses: [], due: [], staleHits: 0, storeAnswers }
}

function spareOf(entry: Entry | undefined, hit: unknown): Miss["spare"] {
    return entry === undefined || hit === MISS ? undefined : { entry, result: hit }
}

/** A read of one key as one of several, for its {@link Miss}. */
function batchOf<T>(
    request: ReadRequest<T>,
    miss: Miss,
): Parameters<MissLoader["load"]>[0] & { decode: (value: Encoded) => T } {
    return {
        stats: request.stats,
        subject: request.subject,
        ...(request.covering !== undefined && { covering: request.covering }),
        ...(request.alone !== undefined && { alone: request.alone }),
        ...(request.freshness !== undefined && { freshness: request.freshness }),
        decode: request.decode,
        loadMany: async () => [await request.load(miss.states)],
    }
}
