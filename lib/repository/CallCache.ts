import { CacheError } from "../error/CacheError"
import { describe, toMilliseconds } from "../util/duration"

/** What TypeORM's `cache` option of one call asks for. */
export interface CallCache {
    /** Milliseconds, when the call says so. */
    readonly ttl: number | undefined
    /** Name of the entry, when the call gives one. */
    readonly id: string | undefined
    /** True when the call asks to be cached, whatever the entity says. */
    readonly asked: boolean
}

const SILENT: CallCache = { ttl: undefined, id: undefined, asked: false }
const ASKED: CallCache = { ttl: undefined, id: undefined, asked: true }

/**
 * Reads the `cache` option of a call: `undefined` leaves it to the entity, `false` and `0` answer `undefined` (do not
 * cache), `true` asks for caching, a number is a ttl in milliseconds, an object names the entry.
 *
 * @throws CacheError `E_OPTION`
 */
export function callCacheOf(option: unknown): CallCache | undefined {
    if (option === undefined || option === null) return SILENT
    if (option === false || option === 0) return undefined
    if (option === true) return ASKED
    if (typeof option === "number" || typeof option === "string")
        return { ttl: toMilliseconds(option, "cache"), id: undefined, asked: true }
    const { id, milliseconds } = option as { id?: unknown; milliseconds?: unknown }
    if (typeof option !== "object" || (id !== undefined && (typeof id !== "string" || id === "")))
        throw new CacheError("E_OPTION", `cache is ${describe(option)}.`, {
            advice: "Give true, false, milliseconds, or { id, milliseconds }.",
        })
    const ttl = milliseconds === undefined ? undefined : toMilliseconds(milliseconds as number, "cache.milliseconds")
    return { ttl, id, asked: true }
}
