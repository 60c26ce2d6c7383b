import { CacheError } from "../error/CacheError"
import { describe } from "./describe"
import { toMilliseconds, type Duration } from "./duration"

/** Says what is wrong with an option's value, or `undefined` when it is right. */
export type OptionCheck = (value: unknown, name: string) => string | undefined

/**
 * Checks every option that was given; `undefined` counts as not given.
 *
 * @param owner whose options they are, for the message: `@Cached on Author`
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 */
export function checkOptions(options: unknown, checks: Readonly<Record<string, OptionCheck>>, owner: string): void {
    if (options === null || typeof options !== "object" || Array.isArray(options))
        throw new CacheError("E_OPTION", `${owner}: the options are ${describe(options)}, not an object.`)
    for (const [name, value] of Object.entries(options)) {
        const check = Object.hasOwn(checks, name) ? checks[name] : undefined
        if (check === undefined)
            throw new CacheError("E_OPTION", `${owner}: there is no option ${describe(name)}.`, {
                advice: `Options are ${Object.keys(checks).join(", ")}.`,
            })
        if (value === undefined) continue
        const wrong = check(value, name)
        if (wrong !== undefined)
            throw new CacheError("E_OPTION", `${owner}: ${name} is ${describe(value)}, but ${wrong}.`)
    }
}

/** A length of time, see {@link Duration}. */
export const isDuration: OptionCheck = (value, name) => {
    if (typeof value !== "number" && typeof value !== "string") return `takes milliseconds or a string such as "5m"`
    try {
        toMilliseconds(value, name)
        return undefined
    } catch {
        return `takes milliseconds above 0 or a string such as "30s", "5m", "1h"`
    }
}

/** A length of time, or `null` for no expiry. */
export const isDurationOrNull: OptionCheck = (value, name) =>
    value === null ? undefined : isDuration(value, name) && `${isDuration(value, name)}, or null for no expiry`

/** `true` or `false`. */
export const isBoolean: OptionCheck = (value) => (typeof value === "boolean" ? undefined : "takes true or false")

/** A whole number of at least 1. */
export const isCount: OptionCheck = (value) =>
    Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : "takes a whole number of at least 1"

/** A string or a finite number. */
export const isVersion: OptionCheck = (value) =>
    typeof value === "string" || Number.isFinite(value) ? undefined : "takes a string or a number"

/** A string that is not empty. */
export const isName: OptionCheck = (value) =>
    typeof value === "string" && value.length > 0 ? undefined : "takes a string that is not empty"

/** An object with these methods. */
export const hasMethods =
    (what: string, ...methods: readonly string[]): OptionCheck =>
    (value) =>
        value !== null &&
        typeof value === "object" &&
        methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function")
            ? undefined
            : `takes ${what}`

/** One of the given values. */
export const isOneOf =
    (...values: readonly unknown[]): OptionCheck =>
    (value) =>
        values.includes(value) ? undefined : `takes ${values.map((it) => JSON.stringify(it)).join(" or ")}`
