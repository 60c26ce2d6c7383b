import type { AnySerializer } from "../serializer/Serializer"
import type { Awaitable } from "../util/Awaitable"

/** What a store says of a tag that a writer has fenced: it has no usable stamp. */
export const FENCED: unique symbol = Symbol("fenced")

/**
 * The state of a tag: its stamp (a random token), {@link FENCED} while at least one writer's fence stands on it,
 * or `undefined` when the store has neither (never made, evicted, expired).
 */
export type TagState = string | typeof FENCED | undefined

/**
 * What a store keeps under a key. A store that says `keeps: "objects"` is handed frozen-by-agreement trees and must give
 * back the same reference; one that says `keeps: "copies"` may give back an equal tree; one that says `keeps: "strings"`
 * is handed strings (any, the empty one too, but no lone surrogates), or `Uint8Array`s if it {@link CacheStore.takesBytes}
 * and the serializer makes such. Never `undefined`, which is the answer for a key that is not there.
 */
export type Payload = unknown

/** The answer to {@link CacheStore.read}, in the order asked. */
export interface StoreRead {
    /** `undefined` for a key that is not there. */
    readonly payloads: readonly (Payload | undefined)[]
    readonly tags: readonly TagState[]
    /** True for an answer that may lag behind the store that all share. Who does not find in it what he needs asks that one. */
    readonly isNear?: boolean | undefined
}

/** One entry to be stored. */
export interface StoreEntry {
    readonly key: string
    readonly payload: Payload
    /** Milliseconds above zero until it expires; `undefined` for never. */
    readonly ttl: number | undefined
    /** The tags that the entry depends on and the stamps it was loaded under: their lives are extended to outlast it. */
    readonly stamps: readonly (readonly [tag: string, stamp: string])[]
    /** About how many bytes the payload takes, where the engine knows. */
    readonly size: number
}

/**
 * Where entries and the state of tags live: the port that every store implements. Everything about *when* to call it
 * (the consistency protocol) is in `lib/cache`; a store only keeps each call atomic **per tag** and takes its own clock
 * for every deadline. Prove a store of your own with `describeCacheStore` from `typeorm-second-level-cache/testing`.
 *
 * Keys and tags are any strings; a key of an entry is never also a tag. Proposals and owners are tokens as `newToken()`
 * makes them (letters, digits, `-`, `_`), different for each caller. Every method takes any number of keys, none as well,
 * and makes one round trip (`clear` excepted). A method may throw or reject: the caller treats the
 * store as failing and goes to the database.
 */
export interface CacheStore {
    /** Short name for messages and statistics: `memory`, `redis`. */
    readonly name: string

    /** Whether payloads are kept as references, may come back as copies, or must be strings. */
    readonly keeps: "objects" | "copies" | "strings"

    /** For a store that keeps `"strings"`: whether it takes bytes as well. Default false: it gets them as base64. */
    readonly takesBytes?: boolean

    /** Told, before anything else, how the cache makes text or bytes of trees. */
    useSerializer?(serializer: AnySerializer): void

    /**
     * Reads payloads and the states of tags in one round trip. No ordering between keys is promised, except: a tag named
     * earlier is read no later than a tag named after it, or `orderedReads` is false.
     */
    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead>

    /** As {@link read}, and never a near answer. There when `read` may give one. */
    readonly readShared?: ((keys: readonly string[], tags: readonly string[]) => Awaitable<StoreRead>) | undefined

    /** False when the tags of one `read` may be read in any order (a cluster): late stamps then take two reads. Default true. */
    readonly orderedReads?: boolean

    /**
     * Gives each tag that has neither a stamp nor a fence the proposed stamp (set if absent, atomically), then reads all
     * of them back: the answer is what stands in the store now, whoever put it there.
     *
     * @param ttl milliseconds that a new stamp lives
     */
    stamp(tags: readonly string[], proposal: string, ttl: number): Awaitable<readonly TagState[]>

    /**
     * Stores entries. For each of their tags: if its stamp is still the given one and would not outlive the entry, its
     * life is extended; a fence is never touched, neither lengthened nor shortened.
     */
    write(entries: readonly StoreEntry[]): Awaitable<void>

    /**
     * Puts the owner's fence on each tag, or renews it: the stamp is gone from this moment, and the tag has none until
     * every owner has released it or its deadline has passed. Several owners may fence one tag. Owners whose deadline
     * has passed are pruned. A renewal never shortens the owner's fence. A fence is never evicted where the store can
     * help it.
     *
     * @param duration milliseconds until the fence falls by itself, judged by the store's clock
     */
    fence(tags: readonly string[], owner: string, duration: number): Awaitable<void>

    /**
     * Invalidates each tag and takes away the owner's own fence, if any: where no other owner's fence stands the tag gets
     * a fresh random stamp; otherwise the others' fences stay as they are. A command that is run twice (a client may
     * resend one whose answer was lost) must not make the same stamp twice. Owners whose deadline has passed are pruned.
     *
     * @param ttl milliseconds that the new stamp lives
     */
    release(tags: readonly string[], owner: string, ttl: number): Awaitable<void>

    /** Removes entries by key; the number that were there. */
    delete(keys: readonly string[]): Awaitable<number>

    /**
     * Removes every entry and every stamp whose key begins with the prefix; fences stay. Never blocks the store, never
     * touches other keys.
     */
    clear(prefix: string): Awaitable<void>

    /**
     * The keys of entries that begin with a prefix, in pieces of any size; one may come twice. What is written or deleted
     * meanwhile may be among them or not. Never blocks the store. A store without it has no `deletePattern`.
     *
     * @param prefix that no tag begins with
     */
    readonly keys?: ((prefix: string) => Iterable<readonly string[]> | AsyncIterable<readonly string[]>) | undefined

    /** Locks on loads, where the store was told to have them. */
    readonly locks?: LoadLocks | undefined

    /** Lets go of what the store itself opened (timers, a connection it made). A client passed in stays open. */
    close(): Awaitable<void>
}

/**
 * Locks that processes share, so that only one of them loads what many ask for. They are advice: one that is lost costs a
 * load. A lock that somebody has is read as a tag with a stamp, one that nobody has as a tag without.
 */
export interface LoadLocks {
    /** Milliseconds after which a lock is free again by itself, and after which nobody waits for it any more. */
    readonly ttl: number

    /** Takes those of the locks that nobody has; whether each is the owner's now. One round trip. */
    lock(names: readonly string[], owner: string): Awaitable<readonly boolean[]>

    /** Gives back those of the locks that are the owner's. One round trip. */
    unlock(names: readonly string[], owner: string): Awaitable<void>
}

/** A {@link StoreRead} with how long the payloads live on. */
export interface StoreReadWithLives extends StoreRead {
    /** Milliseconds from the moment of asking, or less; `undefined` for ever. Says nothing of a key that is not there. */
    readonly lives: readonly (number | undefined)[]
}

/** Told of what all users of a {@link SharedStore} do to it. */
export interface InvalidationListener {
    /** These tags have been fenced or invalidated, by whomever. */
    onTags(tags: readonly string[]): void
    /** Everything under a prefix has been removed. */
    onClear(prefix: string): void
    /** From here on everything is told, until {@link onLost}. Comes again after each loss. */
    onReady(): void
    /** Something may not be told. */
    onLost(): void
}

/** A line on which a {@link SharedStore} tells of invalidations. */
export interface InvalidationChannel {
    /** Resolves when everything that was done before this call has been told. Rejects when the line is cut. */
    sync(): Promise<void>
    close(): Awaitable<void>
}

/** A store that many processes share, and that tells each of them what the others invalidate. */
export interface SharedStore extends CacheStore {
    readonly keeps: "strings"
    readWithLives(keys: readonly string[], tags: readonly string[]): Awaitable<StoreReadWithLives>
    /**
     * Opens a line. Whoever fences or invalidates tags is told on every line *after* the tags have lost their stamps.
     *
     * @throws CacheError `E_OPTION` for a store that tells nothing
     */
    listen(listener: InvalidationListener): InvalidationChannel
}
