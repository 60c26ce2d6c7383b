/** What was counted, frozen at the moment of asking. Times are milliseconds. */
export interface StatsSnapshot {
    /** Reads answered from the cache. */
    readonly hits: number
    /** Reads that looked into the cache and had to go to the database. */
    readonly misses: number
    /** `hits / (hits + misses)`; 0 before the first read. */
    readonly hitRatio: number
    /** Loads from the database. Fewer than misses where readers shared a load in flight. */
    readonly loads: number
    /** Answers behind their ttl: by `staleWhileRevalidate`, and by `staleOnError` where the load had failed. */
    readonly staleHits: number
    /** Loads in the background, of what was or would soon be behind its ttl; among the loads. */
    readonly refreshes: number
    /** Loads that ended in an error. */
    readonly loadFailures: number
    /** Time spent in loads. */
    readonly loadTime: number
    /** Entries written to the store. */
    readonly fills: number
    /** Loaded values that were not stored: a writer's fence stood on a tag, a stamp was lost, or the value cannot be stored. */
    readonly rejectedFills: number
    /** Invalidations that touched it. */
    readonly invalidations: number
    /** Reads that did not look into the cache: inside a transaction, locks, `cache: false`, switched off. */
    readonly bypasses: number
    /** Store failures, time-outs and entries that could not be read. */
    readonly errors: number
}

type Count = Exclude<keyof StatsSnapshot, "hitRatio">

/** Counts for one scope: an entity's rows, an entity's lists, a region. Incremented in place on the hit path. */
export class StatsCounter implements Record<Count, number> {
    hits = 0
    misses = 0
    loads = 0
    staleHits = 0
    refreshes = 0
    loadFailures = 0
    loadTime = 0
    fills = 0
    rejectedFills = 0
    invalidations = 0
    bypasses = 0
    errors = 0

    /** Back to zero. */
    reset(): void {
        Object.assign(this, new StatsCounter())
    }
}

const COUNTS = Object.keys(new StatsCounter()) as Count[]

/** The sum of some counters, as a snapshot that no longer moves. */
export function snapshotOf(counters: Iterable<StatsCounter>): StatsSnapshot {
    const sum = new StatsCounter()
    for (const counter of counters) addStats(sum, counter)
    const reads = sum.hits + sum.misses
    return Object.freeze({ ...sum, hitRatio: reads === 0 ? 0 : sum.hits / reads })
}

/** Adds the counts of one counter to another. */
export function addStats(to: StatsCounter, from: StatsCounter): void {
    for (const count of COUNTS) to[count] += from[count]
}
