import type { TagState } from "../store/CacheStore"
import { DependencyScope } from "./DependencyScope"
import { lateTagsOf, type Entry } from "./Entry"
import type { ReadManyRequest } from "./ReadRequest"

/** How an answer is noted. */
export type Covered = Pick<ReadManyRequest<unknown>, "covering" | "ownCounts">

/** Tells the functions around the caller what an answer depends on, see {@link DependencyScope}. */
export function noteRead(
    cache: object,
    { covering, ownCounts = false }: Covered,
    tags: readonly string[],
    states: readonly TagState[],
): void {
    if (!DependencyScope.isOpen) return
    if (covering === undefined) return DependencyScope.note(cache, tags, states)
    const counting = ownCounts ? [tags[0]!, ...covering] : covering
    DependencyScope.note(
        cache,
        counting,
        counting.map((tag) => states[tags.indexOf(tag)]),
    )
}

/** The same for an answer out of an entry that is current: it also depends on the tags that it names. */
export function noteEntry(
    cache: object,
    request: Covered,
    entry: Entry,
    tags: readonly string[],
    states: readonly TagState[],
): void {
    if (!DependencyScope.isOpen) return
    noteRead(cache, request, tags, states)
    const lateTags = lateTagsOf(entry)
    if (request.covering === undefined && lateTags.length > 0)
        DependencyScope.note(cache, lateTags, entry[1].slice(-lateTags.length))
}
