/** Where the library takes the time from. Specs pass their own. */
export interface Clock {
    /** Milliseconds that never run backwards, from any starting point. */
    now(): number
}

/** The process's monotonic clock. */
export const systemClock: Clock = { now: () => performance.now() }
