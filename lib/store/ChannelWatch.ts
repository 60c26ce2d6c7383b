import type { Clock } from "../util/Clock"

/** What a {@link ChannelWatch} works with. */
export interface ChannelWatchParts {
    readonly clock: Clock
    /** Milliseconds between two looks whether the line is up to date. */
    readonly heartbeat: number
    /** How far the line may be behind, in milliseconds. */
    readonly maxLag: number
    /** Resolves when everything that was done before the call has been told. */
    readonly sync: () => Promise<void>
    /** Told when the line, up to date until now, is not any more. */
    readonly onLate: () => void
}

/**
 * Knows whether a line of invalidations is up to date: at most `maxLag` ago a look at it began that was answered behind
 * everything told before. A line that is only silent cannot be told from a dead one in any other way.
 */
export class ChannelWatch {
    readonly #parts: ChannelWatchParts
    /** When the newest look began that was answered; what was done before it has been told. */
    #provenAt = -Infinity
    /** When the look began that is under way. */
    #lookingSince: number | undefined
    /** Counts the times that the line was up: an answer to a look of another time says nothing. */
    #time = 0
    #wasFresh = false
    #cancel: (() => void) | undefined

    constructor(parts: ChannelWatchParts) {
        this.#parts = parts
    }

    get isFresh(): boolean {
        return this.#parts.clock.now() - this.#provenAt <= this.#parts.maxLag
    }

    /** The line is up from here on. */
    start(): void {
        this.stop()
        this.#beat()
    }

    /** The line is down. */
    stop(): void {
        this.#time++
        this.#cancel?.()
        this.#cancel = undefined
        this.#provenAt = -Infinity
        this.#lookingSince = undefined
        this.#wasFresh = false
    }

    #beat(): void {
        const { clock, heartbeat, maxLag, onLate } = this.#parts
        this.#cancel = clock.schedule(heartbeat, () => this.#beat())
        if (this.#wasFresh && !this.isFresh) {
            this.#wasFresh = false
            onLate()
        }
        const now = clock.now()
        // One at a time, so that they do not pile up. One that stays away so long is lost.
        if (this.#lookingSince !== undefined && now - this.#lookingSince < maxLag) return
        this.#lookingSince = now
        void this.#look(now, this.#time)
    }

    async #look(since: number, time: number): Promise<void> {
        const isProven = await this.#parts.sync().then(
            () => true,
            () => false,
        )
        if (time !== this.#time) return
        if (this.#lookingSince === since) this.#lookingSince = undefined
        if (!isProven || since < this.#provenAt) return
        this.#provenAt = since
        this.#wasFresh = true
    }
}
