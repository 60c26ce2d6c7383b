import type { Clock } from "../util/Clock"
import { PLAIN_FRESHNESS, type FreshnessSettings } from "../util/FreshnessOptions"
import { marksOf, type Entry, type Marks } from "./Entry"

/**
 * What an entry is good for: an answer; one that had better be loaded anew, before the end of its ttl or behind it; or
 * what is left when a load fails.
 */
export type Age = "fresh" | "due" | "stale" | "spare"

/**
 * Tells how old an entry is. Only its ttl is stretched: an entry that a commit has invalidated is none, whatever its age.
 */
export class Freshness {
    /** What holds where a read says nothing else. */
    readonly settings: FreshnessSettings
    readonly #clock: Clock

    constructor(clock: Clock, settings: FreshnessSettings = PLAIN_FRESHNESS) {
        this.#clock = clock
        this.settings = settings
    }

    /** How long the store keeps an entry of this ttl, and when it is of what age. */
    of(
        ttl: number | undefined,
        { staleWhileRevalidate, earlyRefresh, staleOnError }: FreshnessSettings = this.settings,
    ): { readonly ttl: number | undefined; readonly marks?: Marks } {
        const isPlain = staleWhileRevalidate === 0 && earlyRefresh === 1 && staleOnError === 0
        if (isPlain || ttl === undefined) return { ttl }
        const end = this.#now() + ttl
        return {
            ttl: ttl + Math.max(staleWhileRevalidate, staleOnError),
            marks: [
                Math.round(end - ttl * (1 - earlyRefresh)),
                Math.round(end),
                Math.round(end + staleWhileRevalidate),
            ],
        }
    }

    ageOf(entry: Entry): Age {
        const marks = marksOf(entry)
        if (marks === undefined) return "fresh"
        const now = this.#now()
        if (now < marks[0]) return "fresh"
        if (now < marks[1]) return "due"
        return now < marks[2] ? "stale" : "spare"
    }

    /** Entries are read in other processes, too. */
    #now(): number {
        return this.#clock.date?.() ?? Date.now()
    }
}
