import { FENCED, type TagState } from "../store/CacheStore"

/**
 * Tags that this process must not read from the cache for now, because a write of its own on them is under way or its
 * invalidation has not reached the store. Counted, since several writers may hold one tag.
 */
export class HeldTags {
    readonly #counts = new Map<string, number>()

    /** Which of the tags are held, by position; `undefined` for none, the usual answer. */
    among(tags: readonly string[]): ReadonlySet<number> | undefined {
        if (this.#counts.size === 0) return undefined
        const positions = new Set<number>()
        tags.forEach((tag, i) => {
            if (this.#counts.has(tag)) positions.add(i)
        })
        return positions.size === 0 ? undefined : positions
    }

    /** The states as this process may use them: a held tag counts as fenced. */
    cover(
        tags: readonly string[],
        states: readonly TagState[],
        before: ReadonlySet<number> | undefined,
    ): readonly TagState[] {
        const now = this.among(tags)
        if (before === undefined && now === undefined) return states
        return states.map((state, i) => (before?.has(i) || now?.has(i) ? FENCED : state))
    }

    hold(tag: string): void {
        this.#counts.set(tag, (this.#counts.get(tag) ?? 0) + 1)
    }

    letGo(tags: Iterable<string>): void {
        for (const tag of tags) {
            const count = this.#counts.get(tag)
            if (count === undefined || count <= 1) this.#counts.delete(tag)
            else this.#counts.set(tag, count - 1)
        }
    }
}
