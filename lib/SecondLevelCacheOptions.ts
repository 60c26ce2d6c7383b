import type { BreakerSettings } from "./cache/StoreBreaker"
import type { AnySerializer } from "./serializer/Serializer"
import { isSerializer } from "./serializer/isSerializer"
import type { CacheStore } from "./store/CacheStore"
import type { CacheLogger } from "./telemetry/CacheLogger"
import { CacheError } from "./error/CacheError"
import type { Clock } from "./util/Clock"
import {
    checkOptions,
    hasMethods,
    isBoolean,
    isCount,
    isDuration,
    isDurationOrNull,
    isName,
    isOneOf,
    isVersion,
    type OptionCheck,
} from "./util/checkOptions"
import { toMilliseconds, type Duration } from "./util/duration"
import { FRESHNESS_CHECKS, type FreshnessOptions } from "./util/FreshnessOptions"

/** Options of {@link SecondLevelCache}; all may be left out. */
export interface SecondLevelCacheOptions extends FreshnessOptions {
    /** Where entries live. Default: a `MemoryStore` in this process. */
    store?: CacheStore
    /** How long entries live where nothing nearer says so; `null` for until invalidated. Default `"5m"`. */
    ttl?: Duration | null
    /** Each ttl is shortened by a random part of it, up to this one, so that entries made together do not end together. From 0 to 1, default 0.1. */
    ttlJitter?: number
    /** First part of every key; a function is asked on every read and write, for tenants. Default `"slc"`. */
    prefix?: string | (() => string)
    /** `false` starts with the cache switched off: reads go to the database, writes still invalidate. Default true. */
    enabled?: boolean
    /** Lists longer than this are not stored. Default: no limit. */
    maxSize?: number
    /** Makes entries written under another version unreadable. Default: none. */
    version?: string | number
    /** How entries become text or bytes, for stores outside this process. Default: a `JsonSerializer`. */
    serializer?: AnySerializer
    /**
     * `false` puts no fence before COMMIT: one trip less for a writing transaction, and a writer that is killed between
     * COMMIT and invalidation leaves old entries until their ttl. A length of time says when the fence of a writer that
     * died falls. Default `"30s"`.
     */
    fence?: boolean | Duration
    /** What to do when the store cannot be told of a write before its COMMIT: go on, or refuse the commit. Default `"continue"`. */
    onStoreFailure?: "continue" | "abort"
    /**
     * Reads inside a transaction: go to the database, or use the cache for what the transaction has not written, at READ
     * COMMITTED only. A transaction that has written anything fills nothing. Default `"bypass"`.
     */
    transactionReads?: "bypass" | "until-dirty"
    /** What to do with a statement that may write and names no table: invalidate everything, refuse it, or nothing. Default `"invalidate"`. */
    rawSql?: "invalidate" | "throw" | "ignore"
    /** Milliseconds or a string after which a call to the store counts as failed. Default `"500ms"`. */
    storeTimeout?: Duration
    /**
     * When a store is taken for broken: once more than half of the last calls have failed, and at least `failures` (5)
     * were made. It is then not called, so that nobody waits for it, and looked at every `retryAfter` (`"1s"`).
     * `false` calls it always.
     */
    circuitBreaker?: false | CircuitBreakerOptions
    /** Told of every decision, besides `DEBUG=typeorm-second-level-cache:*`. */
    logger?: CacheLogger
    /** Where the time comes from. For tests. */
    clock?: Clock
}

/** When a store is taken for broken. */
export interface CircuitBreakerOptions {
    /** How many calls must have been made. Default 5. */
    failures?: number
    /** Time between two looks whether the store is back. Default `"1s"`. */
    retryAfter?: Duration
}

const CHECKS: Readonly<Record<keyof SecondLevelCacheOptions, OptionCheck>> = {
    store: hasMethods(
        "a store such as new MemoryStore()",
        "read",
        "stamp",
        "write",
        "fence",
        "release",
        "delete",
        "clear",
        "close",
    ),
    ttl: isDurationOrNull,
    ttlJitter: (value) =>
        typeof value === "number" && value >= 0 && value <= 1 ? undefined : "takes a number from 0 to 1",
    prefix: (value, name) =>
        typeof value === "function"
            ? undefined
            : isName(value, name) && "takes a string that is not empty, or a function",
    enabled: isBoolean,
    maxSize: isCount,
    version: isVersion,
    serializer: isSerializer,
    fence: (value, name) =>
        typeof value === "boolean"
            ? undefined
            : isDuration(value, name) && `takes true, false or a length of time such as "30s"`,
    onStoreFailure: isOneOf("continue", "abort"),
    transactionReads: isOneOf("bypass", "until-dirty"),
    rawSql: isOneOf("invalidate", "throw", "ignore"),
    storeTimeout: isDuration,
    ...FRESHNESS_CHECKS,
    circuitBreaker: (value) => {
        if (value === false) return undefined
        if (value === null || typeof value !== "object") return "takes false or { failures, retryAfter }"
        checkOptions(value, { failures: isCount, retryAfter: isDuration }, "SecondLevelCache.circuitBreaker")
        return undefined
    },
    logger: hasMethods("an object with a method log(event)", "log"),
    clock: hasMethods("a clock", "now", "schedule"),
}

/** @throws CacheError `E_OPTION` for an unknown or ill-typed option, or two that exclude each other */
export function checkSecondLevelCacheOptions(options: SecondLevelCacheOptions): void {
    checkOptions(options, CHECKS, "SecondLevelCache")
    if (options.fence === false && options.onStoreFailure === "abort")
        throw new CacheError(
            "E_OPTION",
            `SecondLevelCache: onStoreFailure "abort" needs the fence that fence: false leaves out.`,
            {
                advice: "Leave out one of them.",
            },
        )
}

/** When the store is taken for broken; `undefined` for never. */
export function breakerOf({ circuitBreaker = {} }: SecondLevelCacheOptions): BreakerSettings | undefined {
    if (circuitBreaker === false) return undefined
    const { failures = 5, retryAfter = 1_000 } = circuitBreaker
    return { failures, retryAfter: toMilliseconds(retryAfter, "retryAfter") }
}
