import type { TagState } from "../store/CacheStore"
import type { Entry } from "./Entry"

/** A key that has to be loaded, with what the store said of its tags. */
export interface Miss {
    readonly position: number
    readonly key: string
    readonly tags: readonly string[]
    states: readonly TagState[]
    /** What the store has under the key, current and long behind its ttl: the answer when the load fails. */
    readonly spare?: { readonly entry: Entry; readonly result: unknown } | undefined
}
