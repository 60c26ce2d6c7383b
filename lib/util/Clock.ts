/** Where the library takes the time from. Specs pass their own. */
export interface Clock {
    /** Milliseconds that never run backwards, from any starting point. */
    now(): number
    /** Milliseconds since 1970, for what other processes read as well. Default `Date.now()`. */
    date?(): number
    /** Runs the task once, after the delay; the answer calls it off. Never keeps the process alive. */
    schedule(delay: number, task: () => void): () => void
}

/** The process's monotonic clock. */
export const systemClock: Clock = {
    now: () => performance.now(),
    schedule: (delay, task) => {
        // beyond this a timer runs at once
        const timer = setTimeout(task, Math.min(delay, 0x7fff_ffff))
        timer.unref()
        return () => clearTimeout(timer)
    },
}
