import { CircuitState, CountBreaker } from "cockatiel"
import type { Clock } from "../util/Clock"

/** When a store is taken for broken, and when it is looked at again. */
export interface BreakerSettings {
    /** Of the last calls, twice as many, more than half have failed, and so many were made. */
    readonly failures: number
    /** Milliseconds between two looks whether it is back. */
    readonly retryAfter: number
}

/** What a {@link StoreBreaker} works with. */
export interface StoreBreakerParts extends BreakerSettings {
    readonly clock: Clock
    /** Looks whether the store answers. Never rejects. */
    readonly probe: () => Promise<boolean>
    /** Told when the store is taken for broken, and when it is back. */
    readonly onChange: (isOpen: boolean) => void
}

/**
 * Counts what becomes of calls to the store. While most of them fail it is open: nobody calls, and nobody waits, until a
 * probe of its own has been answered. No reader pays for a probe.
 */
export class StoreBreaker {
    /** True while nobody should call. */
    isOpen = false
    readonly #parts: StoreBreakerParts
    #counts: CountBreaker
    #cancel: (() => void) | undefined
    #isClosed = false

    constructor(parts: StoreBreakerParts) {
        this.#parts = parts
        this.#counts = this.#newCounts()
    }

    succeeded(): void {
        if (!this.isOpen) this.#counts.success(CircuitState.Closed)
    }

    failed(): void {
        if (this.isOpen || this.#isClosed || !this.#counts.failure(CircuitState.Closed)) return
        this.isOpen = true
        this.#parts.onChange(true)
        this.#probeLater()
    }

    /** Looks no more, and keeps nobody from calling. */
    close(): void {
        this.#isClosed = true
        this.isOpen = false
        this.#cancel?.()
    }

    #probeLater(): void {
        if (this.#isClosed) return
        this.#cancel = this.#parts.clock.schedule(this.#parts.retryAfter, () => void this.#probe())
    }

    async #probe(): Promise<void> {
        const isBack = await this.#parts.probe()
        if (this.#isClosed) return
        if (!isBack) return this.#probeLater()
        this.#counts = this.#newCounts()
        this.isOpen = false
        this.#parts.onChange(false)
    }

    #newCounts(): CountBreaker {
        const { failures } = this.#parts
        return new CountBreaker({ threshold: 0.5, size: 2 * failures, minimumNumberOfCalls: failures })
    }
}
