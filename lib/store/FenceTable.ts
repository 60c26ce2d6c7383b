/** Below so many tags a sweep is not worth its time. */
const SWEEP_FROM = 1024

/**
 * The fences of a store in this process: which owners stand on which tag, and until when. Nothing is ever evicted; an
 * owner whose deadline has passed counts for nothing and is pruned by whoever touches its tag, or by a sweep when the
 * table has doubled since the last one. There is no timer.
 */
export class FenceTable {
    readonly #owners = new Map<string, Map<string, number>>()
    #sweepAt = SWEEP_FROM

    /** How many tags are in the table, with those whose fences have fallen but were not yet pruned. */
    get size(): number {
        return this.#owners.size
    }

    /** Whether a live fence stands on the tag. */
    has(tag: string, now: number): boolean {
        const owners = this.#owners.get(tag)
        if (owners === undefined) return false
        for (const deadline of owners.values()) if (deadline > now) return true
        this.#owners.delete(tag)
        return false
    }

    /** Puts the owner's fence on the tag, or renews it; a renewal never shortens it. */
    put(tag: string, owner: string, deadline: number, now: number): void {
        const owners = this.#owners.get(tag)
        if (owners === undefined) {
            if (this.#owners.size >= this.#sweepAt) this.#sweep(now)
            this.#owners.set(tag, new Map([[owner, deadline]]))
            return
        }
        prune(owners, now)
        owners.set(owner, Math.max(deadline, owners.get(owner) ?? deadline))
    }

    /** Takes the owner's fence away; true when a live fence of another owner is left. */
    take(tag: string, owner: string, now: number): boolean {
        const owners = this.#owners.get(tag)
        if (owners === undefined) return false
        owners.delete(owner)
        prune(owners, now)
        if (owners.size > 0) return true
        this.#owners.delete(tag)
        return false
    }

    #sweep(now: number): void {
        for (const [tag, owners] of this.#owners) {
            prune(owners, now)
            if (owners.size === 0) this.#owners.delete(tag)
        }
        this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#owners.size)
    }
}

function prune(owners: Map<string, number>, now: number): void {
    for (const [owner, deadline] of owners) if (deadline <= now) owners.delete(owner)
}
