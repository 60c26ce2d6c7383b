import { LRUCache } from "lru-cache"
import { createHash } from "node:crypto"
import { CacheError } from "../error/CacheError"
import { FENCED, type CacheStore, type StoreEntry, type StoreRead, type TagState } from "../store/CacheStore"
import { checkOptions, isBoolean, isDuration } from "../util/checkOptions"
import { describe } from "../util/describe"
import { toMilliseconds, type Duration } from "../util/duration"
import { newToken } from "../util/token"
import { toKeyv, type CacheManagerLike, type KeyvLike } from "./KeyvLike"

/** Options of {@link KeyvStore}. */
export interface KeyvStoreOptions {
    /**
     * How long a stamp lives at least; entries that are asked to live longer end with it. Up to 30 days. Default `"1d"`.
     */
    stampTtl?: Duration
    /**
     * Nothing but this cache is in the Keyv, so that `clear()` may empty all of it where the adapter cannot list its keys
     * (memcached). Default false: `clear()` is refused there.
     */
    exclusive?: boolean
}

const FENCE_MARK = "!"
/** Some stores take a longer life for a date. */
const LONGEST = 30 * 86_400_000
/** Keys that every store takes as they are: memcached allows 250 bytes with the namespace. */
const PLAIN_KEY = /^[\w.:@/-]{1,180}$/
/** Keys that are listed at a time. */
const PIECE = 500
/** How often all keys are gone through when something comes in between. */
const WALKS = 50
/** Milliseconds that a change of tags waits for the one before it. */
const PATIENCE = 1_000

/** The owners of a fence and their deadlines, by the clock of this machine. */
type Owners = Map<string, number>

/**
 * Keeps entries in any Keyv 5, or behind any cache of cache-manager 7: memcached, SQLite, a file, memory.
 *
 * Such a store has no atomic change. So the promises are: a read that begins after a commit has been *acknowledged* gets
 * nothing older (P1 from there, not from COMMIT on); nothing uncommitted is shared (P2); a writer that is killed leaves
 * nothing old unless another one touched the same tags in the same moment (P3). Fences end by the clocks of the hosts,
 * which must agree to some seconds. For more, take Redis.
 *
 * @example
 * new KeyvStore(new Keyv({ store: new KeyvMemcache("localhost:11211") }))
 */
export class KeyvStore implements CacheStore {
    readonly name = "keyv"
    readonly keeps = "strings"
    readonly orderedReads = false

    readonly #keyv: KeyvLike
    readonly #stampTtl: number
    readonly #isExclusive: boolean
    #errors = 0
    #lastError: unknown
    /** The last change of each tag that is under way. */
    readonly #changing = new Map<string, Promise<unknown>>()
    /** The tags that are being given a stamp. */
    readonly #stamping = new Map<string, Promise<unknown>>()
    /**
     * Owners that this process has released: where one still stands, another process has written it back that had read it
     * before.
     */
    readonly #released = new LRUCache<string, true>({ max: 10_000 })

    /** @throws CacheError `E_OPTION` for what is neither a Keyv nor a cache with one, and for an unknown option */
    constructor(store: KeyvLike | CacheManagerLike, options: KeyvStoreOptions = {}) {
        checkOptions(options, { stampTtl: isDuration, exclusive: isBoolean }, "KeyvStore")
        this.#keyv = toKeyv(store)
        this.#stampTtl = Math.min(LONGEST, toMilliseconds(options.stampTtl ?? "1d", "stampTtl"))
        this.#isExclusive = options.exclusive ?? false
        // A Keyv tells of failures as events and answers as if nothing were there.
        this.#keyv.on("error", this.#onError)
    }

    readonly #onError = (error: unknown): void => {
        this.#errors++
        this.#lastError = error
    }

    async read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
        const texts = await this.#get([...keys, ...tags])
        const now = Date.now()
        return {
            payloads: texts.slice(0, keys.length),
            tags: texts.slice(keys.length).map((text) => this.#toState(text, now)),
        }
    }

    /**
     * Without "set if absent" the last of several proposals stands, and is read back: what is loaded behind that is loaded
     * under a stamp that was there before.
     */
    async stamp(tags: readonly string[], proposal: string, ttl: number): Promise<readonly TagState[]> {
        const { tags: states } = await this.read([], tags)
        const missing = [...new Set(tags.filter((_, i) => states[i] === undefined))]
        if (missing.length === 0) return states
        const own = missing.filter((tag) => !this.#stamping.has(tag))
        const made = own.length === 0 ? undefined : this.#makeStamps(own, proposal, Math.max(ttl, this.#stampTtl))
        await Promise.all([made, ...missing.map((tag) => this.#stamping.get(tag))])
        return (await this.read([], tags)).tags
    }

    /** Many readers miss one tag at a time: one of them makes its stamp. */
    async #makeStamps(tags: readonly string[], proposal: string, ttl: number): Promise<void> {
        const making = this.#alone(tags, async () => {
            const { tags: states } = await this.read([], tags)
            await this.#set(tags.filter((_, i) => states[i] === undefined).map((tag) => [tag, proposal, ttl] as const))
        })
        for (const tag of tags) this.#stamping.set(tag, making)
        try {
            await making
        } finally {
            for (const tag of tags) if (this.#stamping.get(tag) === making) this.#stamping.delete(tag)
        }
    }

    /** Leaves the stamps alone: to lengthen their life would be to write them once more, over those of other writers. */
    async write(entries: readonly StoreEntry[]): Promise<void> {
        await this.#set(
            entries.map(({ key, payload, ttl = LONGEST }) => {
                if (typeof payload === "string") return [key, payload, ttl]
                throw new CacheError(
                    "E_STORE",
                    `KeyvStore was handed ${describe(payload)} to keep, which is no string.`,
                    {
                        key,
                    },
                )
            }),
        )
    }

    fence(tags: readonly string[], owner: string, duration: number): Promise<void> {
        this.#released.delete(owner)
        return this.#change(tags, (owners, now) => {
            owners.set(owner, Math.max(now + duration, owners.get(owner) ?? 0))
            return undefined
        })
    }

    release(tags: readonly string[], owner: string, ttl: number): Promise<void> {
        const stamp = newToken()
        this.#released.set(owner, true)
        return this.#change(tags, (owners) => {
            owners.delete(owner)
            return owners.size > 0 ? undefined : [stamp, Math.max(ttl, this.#stampTtl)]
        })
    }

    async delete(keys: readonly string[]): Promise<number> {
        if (keys.length === 0) return 0
        const there = keys.filter(uniquely(await this.#get(keys)))
        if (there.length > 0) await this.#failing(() => this.#keyv.deleteMany(there.map(toPhysical)))
        return there.length
    }

    async clear(prefix: string): Promise<void> {
        if (this.keys === undefined) {
            if (this.#isExclusive) return void (await this.#failing(() => this.#keyv.clear()))
            throw new CacheError(
                "E_STORE",
                "The adapter of this Keyv cannot list its keys, so that nothing was cleared.",
                {
                    advice: "Give KeyvStore a Keyv of its own and exclusive: true, or clear by tags and regions.",
                },
            )
        }
        for await (const records of this.#records(prefix)) {
            const now = Date.now()
            const gone = records
                .filter(([, text]) => this.#toState(text, now) !== FENCED)
                .map(([key]) => toPhysical(key))
            if (gone.length > 0) await this.#failing(() => this.#keyv.deleteMany(gone))
        }
    }

    get keys(): CacheStore["keys"] {
        if (typeof this.#keyv.iterator !== "function") return undefined
        return (prefix) => this.#keys(prefix)
    }

    /** Listens no more. The Keyv was passed in, and stays as it is. */
    close(): void {
        this.#keyv.off?.("error", this.#onError)
    }

    async *#keys(prefix: string): AsyncGenerator<readonly string[]> {
        for await (const records of this.#records(prefix)) yield records.map(([key]) => key)
    }

    /** What is kept under a prefix, in pieces; one may come twice. A piece is taken before anything of it is deleted. */
    async *#records(prefix: string): AsyncGenerator<readonly Stored[]> {
        for (let walk = 1; ; walk++)
            try {
                yield* this.#walk(prefix)
                return
            } catch (cause) {
                // Keyv's own iterator fails where a key goes away between its listing and its reading.
                if (walk === WALKS) throw this.#failure(cause)
            }
    }

    async *#walk(prefix: string): AsyncGenerator<readonly Stored[]> {
        const iterate = this.#keyv.iterator as (namespace?: unknown) => AsyncIterable<readonly [string, unknown]>
        const { namespace } = this.#keyv as { namespace?: unknown }
        let piece: Stored[] = []
        for await (const [, value] of iterate.call(this.#keyv, namespace)) {
            if (!isStored(value) || !value[0].startsWith(prefix)) continue
            piece.push(value)
            if (piece.length < PIECE) continue
            yield piece
            piece = []
        }
        yield piece
    }

    /** @param next changes the owners; what it answers takes their place, with its life */
    #change(
        tags: readonly string[],
        next: (owners: Owners, now: number) => readonly [text: string, ttl: number] | undefined,
    ): Promise<void> {
        if (tags.length === 0) return Promise.resolve()
        return this.#alone(tags, async () => {
            const texts = await this.#get(tags)
            const now = Date.now()
            await this.#set(
                tags.map((tag, i) => {
                    const owners = this.#ownersIn(texts[i], now)
                    const [text, ttl] = next(owners, now) ?? [spell(owners), Math.max(...owners.values()) - now]
                    return [tag, text, ttl]
                }),
            )
        })
    }

    /** Changes of a tag read and write: one after another in this process. One that hangs does not hold up the others. */
    async #alone(tags: readonly string[], act: () => Promise<void>): Promise<void> {
        const before = tags.map((tag) => this.#changing.get(tag)).filter((it) => it !== undefined)
        const change = (async () => {
            if (before.length > 0) await settled(Promise.allSettled(before))
            await act()
        })()
        for (const tag of tags) this.#changing.set(tag, change)
        try {
            await change
        } finally {
            for (const tag of tags) if (this.#changing.get(tag) === change) this.#changing.delete(tag)
        }
    }

    #toState(text: string | undefined, now: number): TagState {
        if (text?.startsWith(FENCE_MARK) !== true) return text
        return this.#ownersIn(text, now).size > 0 ? FENCED : undefined
    }

    /** The owners whose deadline has not passed, but for those that this process has released. */
    #ownersIn(text: string | undefined, now: number): Owners {
        const owners: Owners = new Map()
        if (text?.startsWith(FENCE_MARK) !== true) return owners
        for (const part of text.slice(1).split(",")) {
            const [owner = "", deadline] = part.split(":")
            if (Number(deadline) > now && !this.#released.has(owner)) owners.set(owner, Number(deadline))
        }
        return owners
    }

    async #get(keys: readonly string[]): Promise<(string | undefined)[]> {
        if (keys.length === 0) return []
        const values = await this.#failing(() => this.#keyv.getMany(keys.map(toPhysical)))
        return keys.map((key, i) => {
            const value = values[i]
            return isStored(value) && value[0] === key ? value[1] : undefined
        })
    }

    async #set(records: readonly (readonly [key: string, text: string, ttl: number])[]): Promise<void> {
        const last = new Map(records.map((record) => [record[0], record]))
        if (last.size === 0) return
        const done = await this.#failing(() =>
            Promise.all(
                [...last.values()].map(([key, text, ttl]) => {
                    const life = Math.min(LONGEST, Math.max(1, Math.ceil(ttl)))
                    return this.#keyv.set(toPhysical(key), [key, text] satisfies Stored, life)
                }),
            ),
        )
        if (done.includes(false)) throw this.#failure()
    }

    /** What the Keyv answers; its failures are thrown, be they events or not. */
    async #failing<T>(act: () => Promise<T>): Promise<T> {
        const before = this.#errors
        let answer: T
        try {
            answer = await act()
        } catch (cause) {
            throw this.#failure(cause)
        }
        if (this.#errors !== before) throw this.#failure()
        return answer
    }

    #failure(cause: unknown = this.#lastError): CacheError {
        const text = cause instanceof Error ? cause.message : "it refused to store something"
        return new CacheError("E_STORE", `The Keyv failed: ${text}`, { cause })
    }
}

/** What lies under a key of the Keyv: the whole key, which may be too long or too odd to be one there, and the text. */
type Stored = [key: string, text: string]

function isStored(value: unknown): value is Stored {
    return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "string"
}

function toPhysical(key: string): string {
    // Keyv takes a key that begins with the namespace for one that has it already.
    return PLAIN_KEY.test(key) ? `=${key}` : `~${createHash("sha256").update(key).digest("base64url")}`
}

function spell(owners: Owners): string {
    return FENCE_MARK + [...owners].map(([owner, deadline]) => `${owner}:${deadline}`).join(",")
}

/** Whether a key is there, by the texts in the order of the keys; of one named twice the first only. */
function uniquely(
    texts: readonly (string | undefined)[],
): (key: string, index: number, keys: readonly string[]) => boolean {
    return (key, index, keys) => texts[index] !== undefined && keys.indexOf(key) === index
}

/** Resolves with the promise, whatever becomes of it, and not too late. */
async function settled(promise: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)))
    await Promise.race([promise, patience])
    clearTimeout(timer)
}
