import { CacheError } from "../error/CacheError"
import { isDuration, type OptionCheck } from "./checkOptions"
import { toMilliseconds, type Duration } from "./duration"

/**
 * How entries are served around the end of their ttl, and how long a reader waits for a load. The nearer setting wins:
 * entity or region over the cache's own; `null` switches one off there.
 */
export interface FreshnessOptions {
    /**
     * How long behind its ttl an entry is still an answer, while it is loaded anew in the background. What a commit has
     * invalidated is none. Default: not at all.
     */
    staleWhileRevalidate?: Duration | null
    /**
     * From which part of its ttl on a reader has an entry loaded anew in the background, above 0 and up to 1. Default 1:
     * not before its end.
     */
    earlyRefresh?: number
    /**
     * How long behind its ttl an entry is an answer when the load fails. What a commit has invalidated is none. Default:
     * not at all.
     */
    staleOnError?: Duration | null
    /**
     * How long a reader waits for a load when there is an entry that `staleOnError` would answer with: it is the answer
     * then, and the load goes on without him. Default: as long as it takes.
     */
    softTimeout?: Duration | null
    /**
     * How long a reader waits for a load at all: behind that an entry that `staleOnError` allows is the answer, else the
     * read rejects with `E_LOAD_TIMEOUT`. The load goes on and fills. Default: as long as it takes.
     */
    hardTimeout?: Duration | null
}

/** {@link FreshnessOptions} as numbers: milliseconds, 0 for no time, `Infinity` for no bound. */
export type FreshnessSettings = { readonly [Name in keyof FreshnessOptions]-?: number }

const isDurationOrNone: OptionCheck = (value, name) =>
    value === null ? undefined : isDuration(value, name) && `${isDuration(value, name)}, or null for none`

export const FRESHNESS_CHECKS: Readonly<Record<keyof FreshnessOptions, OptionCheck>> = {
    staleWhileRevalidate: isDurationOrNone,
    earlyRefresh: (value) =>
        typeof value === "number" && value > 0 && value <= 1 ? undefined : "takes a number above 0 and up to 1",
    staleOnError: isDurationOrNone,
    softTimeout: isDurationOrNone,
    hardTimeout: isDurationOrNone,
}

/** Fresh until the ttl, gone behind it. */
export const PLAIN_FRESHNESS: FreshnessSettings = {
    staleWhileRevalidate: 0,
    earlyRefresh: 1,
    staleOnError: 0,
    softTimeout: Infinity,
    hardTimeout: Infinity,
}

/**
 * What the options mean.
 *
 * @param otherwise what holds where they say nothing
 * @param owner whose options they are, for the message
 * @throws CacheError `E_OPTION` for options that make no sense together
 */
export function freshnessOf(options: FreshnessOptions, otherwise: FreshnessSettings, owner: string): FreshnessSettings {
    const time = (name: Exclude<keyof FreshnessOptions, "earlyRefresh">): number => {
        const option = options[name]
        if (option === undefined) return otherwise[name]
        return option === null ? PLAIN_FRESHNESS[name] : toMilliseconds(option, name)
    }
    const settings = {
        staleWhileRevalidate: time("staleWhileRevalidate"),
        earlyRefresh: options.earlyRefresh ?? otherwise.earlyRefresh,
        staleOnError: time("staleOnError"),
        softTimeout: time("softTimeout"),
        hardTimeout: time("hardTimeout"),
    }
    if (settings.softTimeout < Infinity && settings.staleOnError === 0)
        throw new CacheError("E_OPTION", `${owner}: softTimeout without staleOnError has no answer to give.`, {
            advice: "Say with staleOnError how old an answer may be, or take hardTimeout.",
        })
    if (settings.softTimeout < Infinity && settings.softTimeout >= settings.hardTimeout)
        throw new CacheError("E_OPTION", `${owner}: softTimeout is not shorter than hardTimeout.`, {
            advice: "Behind hardTimeout nobody waits any more: leave out softTimeout, or make it shorter.",
        })
    return settings
}
