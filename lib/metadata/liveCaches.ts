import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"

const LIVE = Symbol.for("typeorm-second-level-cache.live-caches")

/** The caches of this process that are open. On the global scope, so that two copies of this package agree. */
export function liveCaches(): Set<object> {
    const scope = globalThis as { [LIVE]?: Set<object> }
    return (scope[LIVE] ??= new Set())
}

/**
 * The cache that a decorator means: the one that it was given, the one that a function answers, or the only one.
 *
 * @throws CacheError `E_OPTION` when there is none, or more than one
 */
export function cacheFor<Cache extends object>(given: Cache | (() => Cache) | undefined, owner: string): Cache {
    const found: unknown = typeof given === "function" ? given() : given
    if (typeof found === "object" && found !== null) return found as Cache
    if (given !== undefined)
        throw new CacheError("E_OPTION", `${owner}: the function for cache answers ${describe(found)}.`)
    const [only, second] = liveCaches()
    if (only === undefined)
        throw new CacheError("E_OPTION", `${owner}: there is no SecondLevelCache in this process.`, {
            advice: "Make one before the first call, or name it: cache: () => myCache.",
        })
    if (second !== undefined)
        throw new CacheError("E_OPTION", `${owner}: there are several caches in this process.`, {
            advice: "Say which: cache: () => myCache.",
        })
    return only as Cache
}
