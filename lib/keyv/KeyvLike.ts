import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"

/**
 * What {@link KeyvStore} needs of a Keyv. It is a shape and not a class, so that any copy of keyv in the process will do.
 */
export interface KeyvLike {
    getMany(keys: string[]): Promise<unknown[]>
    set(key: string, value: unknown, ttl?: number): Promise<unknown>
    deleteMany(keys: string[]): Promise<unknown>
    clear(): Promise<unknown>
    disconnect(): Promise<unknown>
    on(event: "error", listener: (error: unknown) => void): unknown
    off?(event: "error", listener: (error: unknown) => void): unknown
    /** Its type differs with each adapter; not there where the adapter cannot list its keys. */
    readonly iterator?: unknown
}

/** What {@link KeyvStore} needs of a cache of cache-manager 7. */
export interface CacheManagerLike {
    readonly stores: readonly KeyvLike[]
}

const METHODS = ["getMany", "set", "deleteMany", "clear", "disconnect", "on"] as const

/**
 * The Keyv that is given, or the one of a cache.
 *
 * @throws CacheError `E_OPTION` for anything else, or a cache of several stores
 */
export function toKeyv(value: unknown): KeyvLike {
    if (isKeyv(value)) return value
    const stores = (value as Partial<CacheManagerLike> | null | undefined)?.stores
    if (!Array.isArray(stores) || !stores.every(isKeyv) || stores.length === 0)
        throw new CacheError("E_OPTION", `KeyvStore was given ${describe(value)}.`, {
            advice: `Give "new Keyv(…)" of keyv 5, or a cache of cache-manager 7.`,
        })
    if (stores.length > 1)
        // The first would answer with what another process has long invalidated in the last.
        throw new CacheError("E_OPTION", `KeyvStore was given a cache of ${stores.length} stores.`, {
            advice: "Give the one that the processes share. A near tier that is told of invalidations is TieredStore.",
        })
    return stores[0] as KeyvLike
}

function isKeyv(value: unknown): value is KeyvLike {
    return (
        typeof value === "object" &&
        value !== null &&
        METHODS.every((method) => typeof (value as Partial<KeyvLike>)[method] === "function")
    )
}
