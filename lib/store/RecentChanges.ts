import { LRUCache } from "lru-cache"

/**
 * Which tags have changed lately, so that an answer that was asked for before a change is not kept after it. Bounded: a
 * tag that has been forgotten counts as changed with the newest that was.
 */
export class RecentChanges {
    readonly #changes: LRUCache<string, number>
    #count = 0
    /** Whatever was asked for before this counts as changed. */
    #floor = 0

    /** @param bound how many tags are remembered */
    constructor(bound: number) {
        this.#changes = new LRUCache({
            max: bound,
            dispose: (change, _, reason) => {
                if (reason === "evict") this.#floor = Math.max(this.#floor, change)
            },
        })
    }

    /** This moment, for {@link hasChanged}. */
    mark(): number {
        return this.#count
    }

    note(tags: readonly string[]): void {
        const change = ++this.#count
        for (const tag of tags) this.#changes.set(tag, change)
    }

    /** Everything may have changed. */
    noteAll(): void {
        this.#floor = ++this.#count
        this.#changes.clear()
    }

    hasChanged(tag: string, since: number): boolean {
        return since < this.#floor || (this.#changes.peek(tag) ?? 0) > since
    }
}
