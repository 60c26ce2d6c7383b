import { LRUCache } from "lru-cache"
import { DependencyScope } from "../cache/DependencyScope"
import type { Invalidator } from "../cache/Invalidator"
import type { ReadThrough } from "../cache/ReadThrough"
import type { Loaded } from "../cache/ReadRequest"
import type { StoreGate } from "../cache/StoreGate"
import { CacheError } from "../error/CacheError"
import type { EntityValueCodec } from "../hydration/EntityValueCodec"
import type { KeyScheme } from "../key/KeyScheme"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { checkOptions, isDurationOrNull, type OptionCheck } from "../util/checkOptions"
import { describe } from "../util/describe"
import { toMilliseconds, type Duration } from "../util/duration"
import type { FreshnessSettings } from "../util/FreshnessOptions"
import { Memo } from "../util/Memo"
import { matcherOf } from "./pattern"
import { nameOf, spellName } from "./spellName"

/** Names whose dependencies are remembered. */
const LEARNT = 5_000

/** How a value is stored. */
export interface ValueOptions {
    /** How long it lives; `null` for until it is invalidated. Default: the region's, else the cache's `ttl`. */
    ttl?: Duration | null
    /** Names under which `invalidateTags` finds it. */
    tags?: readonly string[]
}

/** How the value of a loader is stored. */
export interface GetOrSetOptions<T = unknown> extends ValueOptions {
    /** True for a value that is not to be stored. Default: every value is. */
    unless?: (value: T) => boolean
}

/** What a {@link CacheRegion} works with. */
export interface CacheRegionParts {
    readonly region: string
    readonly keys: KeyScheme
    readonly cache: ReadThrough
    readonly gate: StoreGate
    readonly invalidator: Invalidator
    readonly codec: EntityValueCodec
    readonly log: CacheLog
    readonly stats: StatsCounter
    /** Milliseconds; `undefined` for no expiry. */
    readonly ttl: number | undefined
    readonly freshness: FreshnessSettings
    readonly maxSize: number | undefined
    readonly version: string
    readonly jitter: (ttl: number | undefined) => number | undefined
    readonly isEnabled: () => boolean
}

const isListOfTags: OptionCheck = (value) =>
    Array.isArray(value) && value.every((it) => typeof it === "string" && it !== "")
        ? undefined
        : `takes a list of names such as ["home"]`

const isFunction: OptionCheck = (value) => (typeof value === "function" ? undefined : "takes a function")

/** @throws CacheError `E_OPTION` */
export function checkValueOptions(options: unknown, owner: string): void {
    checkOptions(options, { ttl: isDurationOrNull, tags: isListOfTags, unless: isFunction }, owner)
}

/**
 * Values by name: plain data and entities, with tags, and with what their loaders read of the database. From
 * `cache.region()`; the cache's own `get`, `set`, `getOrSet` and `delete` are those of a region without a name.
 *
 * @example
 * const users = cache.region("users", { ttl: "1m", maxSize: 1000 })
 * const names = await users.getOrSet("names", async () => (await repository.find()).map((it) => it.name))
 */
export class CacheRegion {
    /** Empty for the cache's own values. */
    readonly name: string
    readonly #parts: CacheRegionParts
    /** What the loader of a name read the last time: its stamps are read in one trip before it runs again. */
    readonly #learnt = new Memo<string, readonly string[]>(LEARNT)
    /** What this process has stored, where the region is bounded. */
    readonly #stored: LRUCache<string, true> | undefined

    /** @internal */
    constructor(parts: CacheRegionParts) {
        this.name = parts.region
        this.#parts = parts
        if (parts.maxSize !== undefined)
            this.#stored = new LRUCache({
                max: parts.maxSize,
                dispose: (_, key, reason) => {
                    if (reason === "evict") void parts.cache.forget([key])
                },
            })
    }

    /** What is stored under a name, or `undefined`. */
    async get<T>(name: string): Promise<T | undefined> {
        return (await this.#peek(name))?.value as T | undefined
    }

    /** True when something is stored under a name, be it `undefined`. */
    async has(name: string): Promise<boolean> {
        return (await this.#peek(name)) !== undefined
    }

    /**
     * Stores a value. Resolves when the store has it, or has failed: that is logged, not thrown.
     *
     * @throws CacheError `E_SERIALIZE` for what could not be made again, `E_OPTION`
     */
    async set(name: string, value: unknown, options: ValueOptions = {}): Promise<void> {
        checkValueOptions(options, `set(${describe(name)})`)
        const { codec, cache, invalidator, stats, freshness } = this.#parts
        const encoded = codec.encode(value, name)
        const key = this.#keyOf(name)
        if (!this.#parts.isEnabled()) return
        const tags = this.#tagsOf(name)
        // a load of the same name that is under way is older
        await invalidator.invalidate([tags[0]])
        const noted = await cache.stampsOf(this.#userTags(options.tags))
        if (noted === undefined) return
        const ttl = this.#ttl(options.ttl)
        if (await cache.put({ key, tags, stats, freshness }, { result: value, value: encoded, ttl, noted }))
            this.#stored?.set(key, true)
    }

    /**
     * What is stored under a name, or what the loader gives, which is then stored. Callers at the same time share a load.
     * It is invalidated with its tags and by writes to every table that the loader read through the DataSource.
     *
     * @throws whatever the loader throws, which is not stored; CacheError `E_OPTION`
     */
    async getOrSet<T>(name: string, loader: () => T | Promise<T>, options: GetOrSetOptions<T> = {}): Promise<T> {
        checkValueOptions(options, `getOrSet(${describe(name)})`)
        if (typeof loader !== "function")
            throw new CacheError("E_OPTION", `getOrSet(${describe(name)}) takes a function, not ${describe(loader)}.`)
        const key = this.#keyOf(name)
        if (!this.#parts.isEnabled()) {
            this.#parts.stats.bypasses++
            return loader()
        }
        const { codec } = this.#parts
        const [found] = await this.#parts.cache.readManyLate<T>({
            ...this.#request(name),
            decode: (value) => codec.decode(value) as T,
            loadMany: async () => [await this.#load(name, key, loader, options)],
        })
        return found as T
    }

    /** Removes values; the number of those that were there. */
    async delete(names: string | readonly string[]): Promise<number> {
        const list = typeof names === "string" ? [names] : names
        const keys = list.map((name) => this.#keyOf(name))
        await this.#parts.invalidator.invalidate(list.map((name) => this.#tagsOf(name)[0]))
        for (const key of keys) this.#stored?.delete(key)
        return this.#parts.cache.forget(keys)
    }

    /**
     * Removes the values whose names match a pattern: `*` for any text, `?` for one character. Goes through the whole
     * store piece by piece, never blocking it.
     *
     * @returns how many there were
     * @throws CacheError `E_OPTION` for a pattern that is none, or a store that cannot list its keys
     */
    async deletePattern(pattern: string): Promise<number> {
        const matches = matcherOf(pattern)
        const prefix = this.#prefix()
        let removed = 0
        for await (const keys of this.#parts.gate.keys(prefix)) {
            const names = keys
                .map((key) => nameOf(key.slice(prefix.length)))
                .filter((name) => name !== undefined && matches(name))
            if (names.length > 0) removed += await this.delete(names as string[])
        }
        return removed
    }

    /** Removes every value of the region. */
    async clear(): Promise<void> {
        await this.#parts.invalidator.invalidate([this.#parts.keys.region(this.#parts.region)])
        this.#stored?.clear()
    }

    async #load<T>(
        name: string,
        key: string,
        loader: () => T | Promise<T>,
        { ttl, tags, unless }: GetOrSetOptions<T>,
    ): Promise<Loaded<T>> {
        const { gate, cache, codec, log } = this.#parts
        const own = this.#userTags(tags)
        const prepared = await cache.stampsOf([...own, ...(this.#learnt.get(key) ?? [])])
        const scope = new DependencyScope(gate, prepared ?? new Map())
        const result = await scope.run(() => {
            DependencyScope.note(
                gate,
                own,
                own.map((tag) => prepared?.get(tag)),
            )
            return loader()
        })
        const read = [...scope.stamps.keys()].filter((tag) => !own.includes(tag))
        if (read.length > 0) this.#learnt.set(key, read)
        const reason = unless?.(result) === true ? "unless" : scope.refusal
        const loaded = { result, ttl: this.#ttl(ttl), noted: scope.stamps }
        try {
            if (reason === undefined) {
                const value = codec.encode(result, name)
                this.#stored?.set(key, true)
                return { ...loaded, value }
            }
            if (log.enabled("read")) log.write("read", { level: "debug", action: "not stored", subject: name, reason })
        } catch (error) {
            if (!(error instanceof CacheError)) throw error
            log.write("read", { level: "warn", action: "not stored", subject: name, error })
        }
        return { ...loaded, value: undefined }
    }

    async #peek(name: string): Promise<{ readonly value: unknown } | undefined> {
        const request = this.#request(name)
        if (!this.#parts.isEnabled()) return undefined
        const { cache, codec } = this.#parts
        const [found] = await cache.peekLate({ ...request, decode: (value) => ({ value: codec.decode(value) }) })
        return found
    }

    #request(name: string) {
        const [own, region] = this.#tagsOf(name)
        return {
            keys: [this.#keyOf(name)],
            ownTags: [own],
            sharedTags: [region],
            checksJoined: true,
            stats: this.#parts.stats,
            subject: name,
            freshness: this.#parts.freshness,
        }
    }

    #tagsOf(name: string): readonly [own: string, region: string] {
        const { keys, region } = this.#parts
        return [keys.value(region, name), keys.region(region)]
    }

    #userTags(tags: readonly string[] | undefined): readonly string[] {
        return (tags ?? []).map((tag) => this.#parts.keys.user(tag))
    }

    #ttl(option: Duration | null | undefined): number | undefined {
        if (option === null) return undefined
        return this.#parts.jitter(option === undefined ? this.#parts.ttl : toMilliseconds(option, "ttl"))
    }

    #prefix(): string {
        const { keys, region, version } = this.#parts
        return keys.values(region, version)
    }

    #keyOf(name: string): string {
        if (typeof name !== "string" || name === "")
            throw new CacheError("E_OPTION", `A value's name is ${describe(name)}.`, {
                advice: "Give a string that is not empty.",
            })
        return this.#prefix() + spellName(name)
    }
}
