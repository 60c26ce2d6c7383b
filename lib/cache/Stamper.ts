import { CacheError } from "../error/CacheError"
import type { TagState } from "../store/CacheStore"
import { isPromise } from "../util/Awaitable"
import { newToken } from "../util/token"
import type { HeldTags } from "./HeldTags"
import { STAMP_TTL } from "./Invalidator"
import type { StoreGate } from "./StoreGate"

/** Something that waits for stamps: its tags and what is known of them. */
interface Stamped {
    readonly tags: readonly string[]
    states: readonly TagState[]
}

/** Makes the stamps that readers need before they load. */
export class Stamper {
    readonly #gate: StoreGate
    readonly #held: HeldTags

    constructor(gate: StoreGate, held: HeldTags) {
        this.#gate = gate
        this.#held = held
    }

    /** The stamps of tags, made where there are none; `undefined` when one has no stamp to be had now. */
    async of(tags: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
        if (tags.length === 0) return new Map()
        const held = this.#held.among(tags)
        const answer = await this.#gate.stamp(tags, newToken(), STAMP_TTL)
        if (answer instanceof CacheError) return undefined
        const states = this.#held.cover(tags, answer, held)
        return hasStamps(states) ? new Map(tags.map((tag, i) => [tag, states[i]!])) : undefined
    }

    /** Gives stamps to the tags that have none. Whoever sets a stamp first, all readers read the same one back. */
    async stamp(misses: readonly Stamped[]): Promise<void> {
        const missing = new Set<string>()
        for (const { tags, states } of misses)
            states.forEach((state, i) => {
                if (state === undefined) missing.add(tags[i]!)
            })
        if (missing.size === 0) return
        const tags = [...missing]
        const answer = this.#gate.stamp(tags, newToken(), STAMP_TTL)
        const states = isPromise(answer) ? await answer : answer
        if (states instanceof CacheError) return
        const made = new Map<string, TagState>(tags.map((tag, i) => [tag, states[i]]))
        for (const miss of misses)
            miss.states = miss.states.map((state, i): TagState =>
                state === undefined ? made.get(miss.tags[i]!) : state,
            )
    }

    /**
     * Stamps of narrow tags that became known with a load. Read now, the narrow stamps first and the wide ones after
     * them, they are as good as any: where the wide stamps are still those from before the SELECT, no write to their
     * tables has ended in between. `undefined` otherwise.
     */
    async late(
        narrow: readonly string[],
        wide: readonly string[],
        before: readonly TagState[],
    ): Promise<readonly TagState[] | undefined> {
        if (narrow.length === 0 || !hasStamps(before)) return undefined
        const stamps = await this.#gate.stamp(narrow, newToken(), STAMP_TTL)
        if (stamps instanceof CacheError) return undefined
        const again = await this.#gate.read([], wide)
        if (again instanceof CacheError || this.#held.among([...narrow, ...wide]) !== undefined) return undefined
        return before.some((stamp, i) => again.tags[i] !== stamp) ? undefined : stamps
    }
}

/** Whether each of them is a stamp: only then may something be stored under them. */
export function hasStamps(states: readonly TagState[]): states is readonly string[] {
    return states.length > 0 && states.every((state) => typeof state === "string")
}
