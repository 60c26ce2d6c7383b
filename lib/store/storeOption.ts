import { CacheError } from "../error/CacheError"
import { describe } from "../util/duration"

/**
 * Refuses options that a store does not know, so that a slip of the pen is no silent default.
 *
 * @throws CacheError `E_OPTION`
 */
export function checkOptionNames(store: string, options: unknown, names: readonly string[]): void {
    if (options === null || typeof options !== "object" || Array.isArray(options))
        throw new CacheError("E_OPTION", `${store} was given ${describe(options)} for its options.`, {
            advice: `Give an object with any of: ${names.join(", ")}.`,
        })
    for (const name of Object.keys(options))
        if (!names.includes(name))
            throw new CacheError("E_OPTION", `${store} has no option ${describe(name)}.`, {
                advice: `It knows: ${names.join(", ")}.`,
            })
}

/**
 * A whole number above zero.
 *
 * @throws CacheError `E_OPTION`
 */
export function toCount(value: unknown, option: string, most: number): number {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= most) return value
    throw new CacheError("E_OPTION", `${option} is ${describe(value)}.`, {
        advice: `Give a whole number from 1 to ${most}.`,
    })
}
