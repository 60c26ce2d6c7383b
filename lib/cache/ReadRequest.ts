import type { CacheError } from "../error/CacheError"
import type { Encoded } from "../serializer/ValueCodec"
import type { StoreRead, TagState } from "../store/CacheStore"
import type { StatsCounter } from "../telemetry/StatsCounter"
import type { Awaitable } from "../util/Awaitable"
import type { FreshnessSettings } from "../util/FreshnessOptions"

/** Where a read looks: the store, or what was read of it in advance. */
export interface ReadSource {
    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead | CacheError>
}

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
    /**
     * Narrow tags that became known with the load, on which the value depends as well. The request's tags behind
     * `tagCount` must be such that every write to one of these replaces one of those, too.
     */
    readonly lateTags?: readonly string[]
    /** Tags on which the value depends as well, with the stamps that they had before they were read. Instead of `lateTags`. */
    readonly noted?: ReadonlyMap<string, string>
    /** False when the value may be given to this reader but not shared (read beside an open transaction). Default true. */
    readonly shareable?: boolean
}

/** A read of one key. */
export interface ReadRequest<T> {
    readonly key: string
    readonly tags: readonly string[]
    /**
     * Those of the tags that stand for the whole answer, for a function whose reads are noted: the fewest. Default all
     * tags, and those that the entry names.
     */
    readonly covering?: readonly string[]
    readonly stats: StatsCounter
    /** Name for the log. */
    readonly subject: string
    /** Default the store. */
    readonly source?: ReadSource | undefined
    /** True for a reader who must not wait for the load of another. */
    readonly alone?: boolean
    /** Default the cache's. */
    readonly freshness?: FreshnessSettings
    /** Makes a fresh result of a stored value. @throws CacheError `E_CORRUPT_ENTRY` */
    decode(value: Encoded): T
    /** @param before what the store said of the tags before the load: only what is older may be filled under it */
    load(before: readonly TagState[]): Promise<Loaded<T>>
}

/** What somebody says that a key holds. */
export type PutRequest = Pick<ReadRequest<unknown>, "key" | "tags" | "stats" | "freshness">

/** A read of several keys that share all tags but their first. */
export interface ReadManyRequest<T> {
    readonly keys: readonly string[]
    /** The narrow tag of each key, first among its tags. */
    readonly ownTags: readonly string[]
    readonly sharedTags: readonly string[]
    /**
     * Those of the tags that stand for the whole answer, for a function whose reads are noted: the fewest. Default all
     * tags, and those that the entry names.
     */
    readonly covering?: readonly string[]
    /** The narrow tag of each key counts beside the covering ones. */
    readonly ownCounts?: boolean
    /**
     * The tags do not stand for all that an answer depends on: the rest is known with the load. Who joins a load looks
     * whether it is still current; it may have begun before a write that he knows of.
     */
    readonly checksJoined?: boolean
    readonly stats: StatsCounter
    readonly subject: string
    /** Default the store. */
    readonly source?: ReadSource | undefined
    /** True for a reader who must not wait for the load of another. */
    readonly alone?: boolean
    /** Default the cache's. */
    readonly freshness?: FreshnessSettings
    decode(value: Encoded, position: number): T
    /** Loads the keys at these positions, in one query; answers in their order. */
    loadMany(positions: readonly number[]): Promise<readonly Loaded<T>[]>
}

/** An entry whose narrow tag became known with the load of something else. */
export interface LateFill {
    readonly key: string
    readonly ownTag: string
    /** Tags that were known before, a part of the wide ones. */
    readonly sharedTags: readonly string[]
    readonly value: Encoded
    readonly ttl: number | undefined
    /** Default the cache's. */
    readonly freshness?: FreshnessSettings
}
