import ms from "ms"
import { CacheError } from "../error/CacheError"
import { describe } from "./describe"

/**
 * A length of time: milliseconds as in TypeORM's own `cache` option, or a string such as `"30s"`, `"5m"`, `"1h"`.
 */
export type Duration = number | string

/**
 * The milliseconds of a duration.
 *
 * @param option name of the option, for the message
 * @throws CacheError `E_OPTION` when it is not a finite length of time above zero
 */
export function toMilliseconds(duration: Duration, option: string): number {
    const value = typeof duration === "string" ? parse(duration) : duration
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
        throw new CacheError("E_OPTION", `${option} is ${describe(duration)}, which is no length of time.`, {
            advice: `Give milliseconds above 0 or a string such as "30s", "5m", "1h".`,
        })
    return Math.max(1, Math.round(value))
}

function parse(text: string): number | undefined {
    if (text.length === 0 || text.length > 100) return undefined
    return ms(text as ms.StringValue)
}
