import { CacheError } from "../error/CacheError"
import { JsonSerializer } from "../serializer/JsonSerializer"
import type { AnySerializer } from "../serializer/Serializer"
import type { Encoded } from "../serializer/ValueCodec"
import { asText } from "../serializer/asText"
import { serializeWith } from "../serializer/serializeWith"
import { checkOptions, isCount, isDuration, type OptionCheck } from "../util/checkOptions"
import type { Awaitable } from "../util/Awaitable"
import { systemClock, type Clock } from "../util/Clock"
import { toMilliseconds, type Duration } from "../util/duration"
import type {
    CacheStore,
    InvalidationChannel,
    LoadLocks,
    Payload,
    SharedStore,
    StoreEntry,
    StoreRead,
    StoreReadWithLives,
    TagState,
} from "./CacheStore"
import { ChannelWatch } from "./ChannelWatch"
import { MemoryStore, MOST_ENTRIES } from "./MemoryStore"
import { RecentChanges } from "./RecentChanges"

/** The tier in this process, of a {@link TieredStore}. */
export interface NearOptions {
    /** How many entries are kept; the least recently used go first. Default 10 000. */
    maxEntries?: number
    /** How many bytes they may take together, as what the far store keeps. Default: no bound but `maxEntries`. */
    maxBytes?: number
    /** How long they live at most, and so how old what a writer changed that tells nobody. Default `"1m"`. */
    ttl?: Duration
}

/** Options of {@link TieredStore}. */
export interface TieredStoreOptions {
    /** The store that all processes share: a `RedisStore`. Closed with this one. */
    far: SharedStore
    /** The tier in this process. */
    near?: NearOptions
    /** Time between two looks whether the line of invalidations is up to date. Default `"500ms"`. */
    heartbeat?: Duration
    /** How far that line may be behind before the near tier is switched off. Default `"2s"`, more than `heartbeat`. */
    maxLag?: Duration
    /** Where the time comes from. For tests. */
    clock?: Clock
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null

const CHECKS: Readonly<Record<keyof TieredStoreOptions, OptionCheck>> = {
    far: (value) =>
        isObject(value) &&
        typeof (value as Partial<SharedStore>).listen === "function" &&
        typeof (value as Partial<SharedStore>).readWithLives === "function"
            ? undefined
            : "takes a store that processes share, such as new RedisStore()",
    near: (value) => {
        if (!isObject(value)) return "takes { maxEntries, maxBytes, ttl }"
        checkOptions(value, { maxEntries: isCount, maxBytes: isCount, ttl: isDuration }, "TieredStore.near")
        return undefined
    },
    heartbeat: isDuration,
    maxLag: isDuration,
    clock: (value) =>
        isObject(value) && typeof (value as Partial<Clock>).schedule === "function"
            ? undefined
            : "takes a clock with methods now() and schedule()",
}

/** Tags whose last change is remembered for the answers that are under way. */
const CHANGES = 10_000

/**
 * A tier in this process in front of a store that processes share. What is near is answered at once, without a trip, and
 * is dropped when a message tells that somebody has changed it: it may lag behind by one message, never by more than
 * `maxLag` (on a cluster: `near.ttl`), and never behind this process's own writes. While the messages stay away the near
 * tier is off and empty.
 *
 * Stamps are made, compared and replaced in the far store alone; only hits may come from the near tier.
 *
 * @example
 * new TieredStore({ near: { maxEntries: 10_000, ttl: "30s" }, far: new RedisStore({ client }) })
 */
export class TieredStore implements CacheStore {
    readonly name = "tiered"
    readonly keeps = "copies"
    readonly orderedReads: boolean

    readonly #far: SharedStore
    readonly #clock: Clock
    readonly #ttl: number
    readonly #payloads: MemoryStore
    /** The stamps of tags, kept like entries: here they are never compared, only given back and dropped. */
    readonly #stamps: MemoryStore
    readonly #changes = new RecentChanges(CHANGES)
    readonly #channel: InvalidationChannel
    readonly #watch: ChannelWatch
    #serializer: AnySerializer = new JsonSerializer()
    /** How many caches use it. */
    #users = 0

    /** @throws CacheError `E_OPTION` for an unknown or ill-typed option, or a far store that announces nothing */
    constructor(options: TieredStoreOptions) {
        checkOptions(options, CHECKS, "TieredStore")
        const { far, near = {}, clock = systemClock } = options
        if ((far as SharedStore | undefined) === undefined)
            throw new CacheError("E_OPTION", "TieredStore was given no far store.", {
                advice: "Give a store that processes share: far: new RedisStore({ client }).",
            })
        const heartbeat = toMilliseconds(options.heartbeat ?? 500, "heartbeat")
        const maxLag = toMilliseconds(options.maxLag ?? 2_000, "maxLag")
        if (maxLag <= heartbeat)
            throw new CacheError("E_OPTION", "TieredStore's maxLag is not longer than its heartbeat.", {
                advice: "The line is looked at once a heartbeat: give maxLag some of them.",
            })
        const { maxEntries = 10_000, maxBytes } = near
        this.#far = far
        this.orderedReads = far.orderedReads ?? true
        this.#clock = clock
        this.#ttl = toMilliseconds(near.ttl ?? 60_000, "near.ttl")
        this.#payloads = new MemoryStore({ maxEntries, clock, ...(maxBytes !== undefined && { maxBytes }) })
        this.#stamps = new MemoryStore({ maxEntries: Math.min(MOST_ENTRIES, 4 * maxEntries + 10_000), clock })
        this.#watch = new ChannelWatch({
            clock,
            heartbeat,
            maxLag,
            sync: async () => this.#channel.sync(),
            onLate: () => this.#empty(),
        })
        this.#channel = far.listen({
            onTags: (tags) => this.#drop(tags),
            onClear: () => this.#empty(),
            onReady: () => {
                this.#empty()
                this.#watch.start()
            },
            onLost: () => {
                this.#watch.stop()
                this.#empty()
            },
        })
    }

    /** False while the line of invalidations is down or late: every read goes to the far store then. */
    get isNearOn(): boolean {
        return this.#watch.isFresh
    }

    /** @throws CacheError `E_OPTION` when another cache makes its texts in another way */
    useSerializer(serializer: AnySerializer): void {
        if (this.#users > 0 && this.#serializer.name !== serializer.name)
            throw new CacheError("E_OPTION", "Two caches with different serializers share a TieredStore.", {
                advice: "Give each cache a TieredStore of its own; they may share the client of Redis.",
            })
        this.#far.useSerializer?.(serializer)
        this.#users++
        this.#serializer = this.#far.takesBytes === true ? serializer : asText(serializer)
    }

    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead> {
        // Who asks for tags alone compares them with what was before: only the far store knows.
        const near = keys.length > 0 && this.#watch.isFresh ? this.#readNear(keys, tags) : undefined
        return near ?? this.readShared(keys, tags)
    }

    async readShared(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
        if (keys.length === 0 || !this.#watch.isFresh) {
            const { payloads, tags: states } = await this.#far.read(keys, tags)
            return { payloads: payloads.map((payload) => this.#toTree(payload)), tags: states }
        }
        const asked = this.#clock.now()
        const mark = this.#changes.mark()
        const read = await this.#far.readWithLives(keys, tags)
        const payloads = read.payloads.map((payload) => this.#toTree(payload))
        if (this.#watch.isFresh) {
            this.#keepPayloads(keys, payloads, read, asked)
            this.#keepStamps(tags, read.tags, asked, mark)
        }
        return { payloads, tags: read.tags }
    }

    stamp(tags: readonly string[], proposal: string, ttl: number): Awaitable<readonly TagState[]> {
        return this.#far.stamp(tags, proposal, ttl)
    }

    async write(entries: readonly StoreEntry[]): Promise<void> {
        const keys = entries.map((entry) => entry.key)
        try {
            await this.#far.write(
                entries.map((entry) => {
                    const payload = serializeWith(this.#serializer, entry.payload as Encoded)
                    return { ...entry, payload, size: payload.length }
                }),
            )
        } finally {
            // Not kept here: their stamps may have been replaced since they were read. The next read brings both.
            this.#payloads.delete(keys)
        }
    }

    fence(tags: readonly string[], owner: string, duration: number): Promise<void> {
        return this.#change(tags, () => this.#far.fence(tags, owner, duration))
    }

    release(tags: readonly string[], owner: string, ttl: number): Promise<void> {
        return this.#change(tags, () => this.#far.release(tags, owner, ttl))
    }

    async delete(keys: readonly string[]): Promise<number> {
        try {
            return await this.#far.delete(keys)
        } finally {
            this.#payloads.delete(keys)
        }
    }

    async clear(prefix: string): Promise<void> {
        try {
            await this.#far.clear(prefix)
        } finally {
            this.#empty()
        }
    }

    get locks(): LoadLocks | undefined {
        return this.#far.locks
    }

    get keys(): CacheStore["keys"] {
        return this.#far.keys?.bind(this.#far)
    }

    /** Closes the line and the far store, once the last of the caches that use it is closed. */
    async close(): Promise<void> {
        if (--this.#users > 0) return
        this.#watch.stop()
        this.#empty()
        await this.#channel.close()
        await this.#far.close()
    }

    #readNear(keys: readonly string[], tags: readonly string[]): StoreRead | undefined {
        const { payloads } = this.#payloads.read(keys, [])
        if (payloads.includes(undefined)) return undefined
        const { payloads: states } = this.#stamps.read(tags, [])
        return states.includes(undefined) ? undefined : { payloads, tags: states as string[], isNear: true }
    }

    #keepPayloads(keys: readonly string[], trees: readonly Payload[], read: StoreReadWithLives, asked: number): void {
        const kept: StoreEntry[] = []
        keys.forEach((key, i) => {
            const text = read.payloads[i]
            if (text === undefined) return
            const ttl = this.#lifeFrom(asked, read.lives[i])
            if (ttl > 0)
                kept.push({ key, payload: trees[i], ttl, stamps: [], size: (text as string | Uint8Array).length })
        })
        this.#payloads.write(kept)
    }

    /** An answer may be older than a message that came before it. */
    #keepStamps(tags: readonly string[], states: readonly TagState[], asked: number, mark: number): void {
        const ttl = this.#lifeFrom(asked)
        if (ttl <= 0) return
        const kept: StoreEntry[] = []
        tags.forEach((tag, i) => {
            const state = states[i]
            if (typeof state === "string" && !this.#changes.hasChanged(tag, mark))
                kept.push({ key: tag, payload: state, ttl, stamps: [], size: 1 })
        })
        this.#stamps.write(kept)
    }

    /** What is left of a life that was told from the moment of asking. */
    #lifeFrom(asked: number, life = Infinity): number {
        return Math.min(life, this.#ttl) - (this.#clock.now() - asked)
    }

    /** This process does not see what it has changed itself: dropped before, and again behind it for who read meanwhile. */
    async #change(tags: readonly string[], act: () => Awaitable<void>): Promise<void> {
        this.#drop(tags)
        try {
            await act()
        } finally {
            this.#drop(tags)
        }
    }

    #drop(tags: readonly string[]): void {
        this.#changes.note(tags)
        this.#stamps.delete(tags)
    }

    #empty(): void {
        this.#changes.noteAll()
        this.#stamps.clear("")
        this.#payloads.clear("")
    }

    /** What is none of the serializer's goes on to the reader as it is, who knows how to tell of it. */
    #toTree(payload: Payload): Payload {
        if (typeof payload !== "string" && !(payload instanceof Uint8Array)) return payload
        try {
            return this.#serializer.deserialize(payload as never)
        } catch {
            return payload
        }
    }
}
