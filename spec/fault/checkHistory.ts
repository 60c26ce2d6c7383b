/** What a process saw or did, on the clock that all processes share. */
export interface HistoryEvent {
    readonly type: "read" | "write"
    /** Of a read: of which kind. */
    readonly kind?: string
    readonly row: number
    /** What a read found, what a write has committed: 1 more than the row had. */
    readonly state: number
    /** Milliseconds: before the call, and when it had resolved. */
    readonly start: number
    readonly end: number
}

/** What a {@link checkHistory} has found. */
export interface HistoryReport {
    readonly reads: number
    readonly writes: number
    /** Reads that found something older than what was acknowledged before they began. */
    readonly stale: readonly HistoryEvent[]
    /** How late each of them was: since the write that it missed was acknowledged, milliseconds. Ascending. */
    readonly lags: readonly number[]
    /** Reads that found what nobody had committed, nor was about to. */
    readonly uncommitted: readonly HistoryEvent[]
}

/**
 * Looks for reads that no database would have answered so: older than a write acknowledged before they began, or of a
 * write that had not begun when they ended, or was taken back (a negative state).
 *
 * @param killed rows whose writer was killed: what it did last may have been committed, and nobody has told
 */
export function checkHistory(events: readonly HistoryEvent[], killed: ReadonlySet<number> = new Set()): HistoryReport {
    const writes = new Map<number, Map<number, HistoryEvent>>()
    for (const event of events) {
        if (event.type !== "write") continue
        let own = writes.get(event.row)
        if (own === undefined) writes.set(event.row, (own = new Map()))
        own.set(event.state, event)
    }
    const reads = events.filter(({ type }) => type === "read")
    const stale: HistoryEvent[] = []
    const lags: number[] = []
    const uncommitted: HistoryEvent[] = []
    for (const read of reads) {
        const own = writes.get(read.row) ?? new Map<number, HistoryEvent>()
        const missed = nextOf(own, read.state)
        if (missed !== undefined && missed.end < read.start) {
            stale.push(read)
            lags.push(read.start - missed.end)
        }
        const write = own.get(read.state)
        const isKnown = read.state === 0 || (write !== undefined && write.start < read.end)
        if (!isKnown && !(killed.has(read.row) && read.state > 0)) uncommitted.push(read)
    }
    lags.sort((a, b) => a - b)
    return { reads: reads.length, writes: events.length - reads.length, stale, lags, uncommitted }
}

/** The write that came behind a state: a number may be left out by a write that was taken back. */
function nextOf(writes: ReadonlyMap<number, HistoryEvent>, state: number): HistoryEvent | undefined {
    for (let next = state + 1; next < state + 100; next++) {
        const write = writes.get(next)
        if (write !== undefined) return write
    }
    return undefined
}
