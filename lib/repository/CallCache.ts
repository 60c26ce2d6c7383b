import type { ReadSource } from "../cache/ReadRequest"
import { CacheError } from "../error/CacheError"
import type { TransactionView } from "./TransactionView"
import { describe } from "../util/describe"
import { toMilliseconds } from "../util/duration"

/** What TypeORM's `cache` option of one call asks for. */
export interface CallCache {
    /** Milliseconds, when the call says so. */
    readonly ttl: number | undefined
    /** Name of the entry, when the call gives one. */
    readonly id: string | undefined
    /** The transaction that the call is in, where the cache may be used there. */
    readonly within: TransactionView | undefined
    /** Where the store is read for this call; `undefined` for the store itself. */
    readonly source?: ReadSource | undefined
    /** True when the call asks to be cached, whatever the entity says. */
    readonly asked: boolean
}

const SILENT: CallCache = { ttl: undefined, id: undefined, within: undefined, asked: false }
const ASKED: CallCache = { ttl: undefined, id: undefined, within: undefined, asked: true }

/**
 * Reads the `cache` option of a call: `undefined` leaves it to the entity, `false` and `0` answer `undefined` (do not
 * cache), `true` asks for caching, a number is a ttl in milliseconds, an object names the entry.
 *
 * @throws CacheError `E_OPTION`
 */
export function callCacheOf(option: unknown, within?: TransactionView): CallCache | undefined {
    if (option === undefined || option === null) return within === undefined ? SILENT : { ...SILENT, within }
    if (option === false || option === 0) return undefined
    if (option === true) return within === undefined ? ASKED : { ...ASKED, within }
    if (typeof option === "number" || typeof option === "string")
        return { ttl: toMilliseconds(option, "cache"), id: undefined, within, asked: true }
    const { id, milliseconds } = option as { id?: unknown; milliseconds?: unknown }
    if (typeof option !== "object" || (id !== undefined && (typeof id !== "string" || id === "")))
        throw new CacheError("E_OPTION", `cache is ${describe(option)}.`, {
            advice: "Give true, false, milliseconds, or { id, milliseconds }.",
        })
    const ttl = milliseconds === undefined ? undefined : toMilliseconds(milliseconds as number, "cache.milliseconds")
    return { ttl, id, within, asked: true }
}
