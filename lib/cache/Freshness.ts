import type { Clock } from "../util/Clock"
import { marksOf, type Entry, type Marks } from "./Entry"

/** How entries are served around the end of their ttl; milliseconds. */
export interface FreshnessSettings {
    /** How long behind its ttl an entry is still an answer, while it is loaded anew. */
    readonly staleWhileRevalidate: number
    /** From which part of its ttl on a reader has an entry loaded anew; 1 for not before its end. */
    readonly earlyRefresh: number
    /** How long behind its ttl an entry is an answer when it cannot be loaded. */
    readonly staleOnError: number
}

/**
 * What an entry is good for: an answer; one that had better be loaded anew, before the end of its ttl or behind it; or
 * what is left when a load fails.
 */
export type Age = "fresh" | "due" | "stale" | "spare"

const NONE: FreshnessSettings = { staleWhileRevalidate: 0, earlyRefresh: 1, staleOnError: 0 }

/**
 * Tells how old an entry is. Only its ttl is stretched: an entry that a commit has invalidated is none, whatever its age.
 */
export class Freshness {
    readonly #clock: Clock
    readonly #settings: FreshnessSettings
    readonly #isOn: boolean

    constructor(clock: Clock, settings: FreshnessSettings = NONE) {
        this.#clock = clock
        this.#settings = settings
        const { staleWhileRevalidate, earlyRefresh, staleOnError } = settings
        this.#isOn = staleWhileRevalidate > 0 || earlyRefresh < 1 || staleOnError > 0
    }

    /** How long the store keeps an entry of this ttl, and when it is of what age. */
    of(ttl: number | undefined): { readonly ttl: number | undefined; readonly marks?: Marks } {
        if (!this.#isOn || ttl === undefined) return { ttl }
        const { staleWhileRevalidate, earlyRefresh, staleOnError } = this.#settings
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
