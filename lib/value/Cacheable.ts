/* eslint-disable @typescript-eslint/no-explicit-any -- the parameters and results are those of anybody's methods */
import { CacheError } from "../error/CacheError"
import { cacheFor } from "../metadata/liveCaches"
import { checkOptions, isDurationOrNull, isName, type OptionCheck } from "../util/checkOptions"
import type { Duration } from "../util/duration"
import type { CacheRegion, GetOrSetOptions } from "./CacheRegion"
import { automaticKey, compileTemplate, type KeyTemplate } from "./keyTemplate"

/** What a decorated method asks of its cache. */
export interface FunctionCache {
    definedRegion(name: string | undefined): CacheRegion
    invalidateTags(tags: readonly string[]): Promise<void>
}

/** Options of {@link Cacheable}. */
export interface CacheableOptions<Args extends unknown[] = any[], Result = any> {
    /** A template such as `"posts:{page}:{size}"`, or a function of the arguments. Default: class, method and all arguments. */
    key?: string | ((...args: Args) => string)
    /** How long a result lives; `null` for until it is invalidated. Default: the region's, else the cache's `ttl`. */
    ttl?: Duration | null
    /** Names under which `invalidateTags` finds it: templates, or a function of the arguments. */
    tags?: readonly string[] | ((...args: Args) => readonly string[])
    /** Whether a call is cached at all. Default: every call. */
    when?: (...args: Args) => boolean
    /** True for a result that is not to be stored. Default: every result is. */
    unless?: (result: Result, ...args: Args) => boolean
    /** One that `cache.region()` has made. Default: the cache's own values. */
    region?: string
    /** Which cache. Default: the only one of the process, asked when the method is called. */
    cache?: FunctionCache | (() => FunctionCache)
}

type Method = (...args: any[]) => Promise<unknown>
type MethodDecoratorOf = <T extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
) => TypedPropertyDescriptor<T>

const isFunction: OptionCheck = (value) => (typeof value === "function" ? undefined : "takes a function")
const isKey: OptionCheck = (value, name) =>
    typeof value === "function" ? undefined : isName(value, name) && "takes a template or a function"
const isTags: OptionCheck = (value) =>
    typeof value === "function" || (Array.isArray(value) && value.every((it) => typeof it === "string" && it !== ""))
        ? undefined
        : "takes a list of templates or a function"
const isCache: OptionCheck = (value) =>
    typeof value === "function" || (typeof value === "object" && value !== null)
        ? undefined
        : "takes a SecondLevelCache or a function that answers one"

/**
 * Caches what an asynchronous method returns, instance or static. A result depends on every table that the method read
 * through the DataSource, and on its tags; errors are not stored. Callers at the same time share a call. The key knows
 * nothing of `this`: where the result depends on it, put that into the key.
 *
 * @throws CacheError `E_OPTION` when it is declared wrongly; a call throws it for an argument that cannot be part of the key
 *
 * @example
 * class Posts {
 *     @Cacheable({ key: "posts:{page}:{size}", ttl: "2m", tags: ["posts"], when: (page) => page < 10 })
 *     async page(page: number, size: number) { … }
 * }
 */
export function Cacheable(options: CacheableOptions = {}): MethodDecoratorOf {
    return (target, name, descriptor) => {
        const { owner, method } = decorated(
            "Cacheable",
            target,
            name,
            (descriptor as typeof descriptor | undefined)?.value,
        )
        checkOptions(
            options,
            {
                key: isKey,
                ttl: isDurationOrNull,
                tags: isTags,
                when: isFunction,
                unless: isFunction,
                region: isName,
                cache: isCache,
            },
            owner,
        )
        const { when, unless, region, ttl } = options
        const keyOf =
            options.key === undefined
                ? automaticKey(className(target, name), method)
                : templateOf(options.key, method, owner)
        const tagsOf = listOf(options.tags, method, owner)
        const wrapper = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
            if (when !== undefined && !when(...args)) return method.apply(this, args)
            const values = cacheFor(options.cache, owner).definedRegion(region)
            const how: GetOrSetOptions = { tags: tagsOf(args) }
            if (ttl !== undefined) how.ttl = ttl
            if (unless !== undefined) how.unless = (result) => unless(result, ...args)
            return values.getOrSet(keyOf(args), () => method.apply(this, args), how)
        }
        return { ...descriptor, value: named(wrapper, method) as typeof descriptor.value } as typeof descriptor
    }
}

/** Options of {@link CacheInvalidate}; at least one of `keys` and `tags`. */
export interface CacheInvalidateOptions<Args extends unknown[] = any[]> {
    /** Names of values: templates as in `@Cacheable`, or a function of the arguments. */
    keys?: readonly string[] | ((...args: Args) => readonly string[])
    /** Tags, likewise. */
    tags?: readonly string[] | ((...args: Args) => readonly string[])
    region?: string
    cache?: FunctionCache | (() => FunctionCache)
}

/**
 * Invalidates values and tags when the method has succeeded: for changes that no table tells of.
 *
 * @throws CacheError `E_OPTION` when it is declared wrongly
 *
 * @example
 * class Posts {
 *     @CacheInvalidate({ keys: ["post:{id}"], tags: ["posts"] })
 *     async publish(id: number) { … }
 * }
 */
export function CacheInvalidate(options: CacheInvalidateOptions): MethodDecoratorOf {
    return (target, name, descriptor) => {
        const { owner, method } = decorated(
            "CacheInvalidate",
            target,
            name,
            (descriptor as typeof descriptor | undefined)?.value,
        )
        checkOptions(options, { keys: isTags, tags: isTags, region: isName, cache: isCache }, owner)
        if (options.keys === undefined && options.tags === undefined)
            throw new CacheError("E_OPTION", `${owner}: it has neither keys nor tags.`)
        const keysOf = listOf(options.keys, method, owner)
        const tagsOf = listOf(options.tags, method, owner)
        const wrapper = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
            const keys = keysOf(args)
            const tags = tagsOf(args)
            const cache = cacheFor(options.cache, owner)
            const values = cache.definedRegion(options.region)
            const result = await method.apply(this, args)
            if (keys.length > 0) await values.delete(keys)
            if (tags.length > 0) await cache.invalidateTags(tags)
            return result
        }
        return { ...descriptor, value: named(wrapper, method) as typeof descriptor.value } as typeof descriptor
    }
}

function decorated(
    decorator: string,
    target: object,
    name: string | symbol,
    method: unknown,
): { owner: string; method: Method } {
    const owner = `@${decorator} on ${className(target, name)}`
    if (typeof method !== "function") throw new CacheError("E_OPTION", `${owner}: it is no method.`)
    return { owner, method: method as Method }
}

function className(target: object, name: string | symbol): string {
    const type = typeof target === "function" ? target : target.constructor
    return `${type.name}.${String(name)}`
}

function templateOf(key: string | ((...args: any[]) => string), method: Function, owner: string): KeyTemplate {
    return typeof key === "string" ? compileTemplate(key, method, owner) : (args) => key(...args)
}

function listOf(
    given: readonly string[] | ((...args: any[]) => readonly string[]) | undefined,
    method: Function,
    owner: string,
): (args: readonly unknown[]) => readonly string[] {
    if (given === undefined) return () => []
    if (typeof given === "function") return (args) => given(...args)
    const templates = given.map((template) => compileTemplate(template, method, owner))
    return (args) => templates.map((template) => template(args))
}

/** Frameworks read names, and metadata that other decorators have put on the method. */
function named(wrapper: Function, method: Function): Function {
    Object.defineProperty(wrapper, "name", { value: method.name, configurable: true })
    Object.defineProperty(wrapper, "length", { value: method.length, configurable: true })
    const { getMetadataKeys, getMetadata, defineMetadata } = Reflect as typeof Reflect & Partial<MetadataApi>
    for (const key of getMetadataKeys?.(method) ?? []) defineMetadata?.(key, getMetadata?.(key, method), wrapper)
    return wrapper
}

interface MetadataApi {
    getMetadataKeys(target: object): unknown[]
    getMetadata(key: unknown, target: object): unknown
    defineMetadata(key: unknown, value: unknown, target: object): void
}
