import { CacheError } from "../error/CacheError"
import type { Encoded } from "../serializer/ValueCodec"
import type { Payload, TagState } from "../store/CacheStore"

/** Number of the layout below; an entry of another number is a miss. */
const FORMAT = 1

/**
 * From when on an entry had better be loaded anew, when its ttl ends, and from when on it is only what is left when a load
 * fails: milliseconds since 1970.
 */
export type Marks = readonly [due: number, end: number, spare: number]

/**
 * What a store keeps under an entry's key: the layout's number, the stamps of its first tags in their order and of its
 * late tags, the value, the late tags by name when it has any, and the marks of its age when it outlives its ttl.
 */
export type Entry = [
    format: typeof FORMAT,
    stamps: readonly string[],
    value: Encoded,
    lateTags?: readonly string[],
    marks?: Marks,
]

const NO_TAGS: readonly string[] = []

/** An entry whose value was loaded under these stamps. */
export function entryOf(
    stamps: readonly string[],
    value: Encoded,
    lateTags: readonly string[] = NO_TAGS,
    marks?: Marks,
): Entry {
    if (marks !== undefined) return [FORMAT, stamps, value, lateTags, marks]
    return lateTags.length === 0 ? [FORMAT, stamps, value] : [FORMAT, stamps, value, lateTags]
}

/** The tags that an entry names itself, because its reader cannot know them. */
export function lateTagsOf(entry: Entry): readonly string[] {
    return entry[3] ?? NO_TAGS
}

/** The marks of its age, when it has any. */
export function marksOf(entry: Entry): Marks | undefined {
    return entry[4]
}

/** @throws CacheError `E_CORRUPT_ENTRY` when the payload is not an entry of this layout */
export function toEntry(payload: Payload, key: string): Entry {
    if (Array.isArray(payload) && payload[0] === FORMAT && Array.isArray(payload[1])) {
        const [, , , lateTags, marks] = payload as unknown[]
        if (payload.length === 3) return payload as Entry
        if (payload.length === 4 && isListOfNames(lateTags) && lateTags.length > 0) return payload as Entry
        if (payload.length === 5 && isListOfNames(lateTags) && isMarks(marks)) return payload as Entry
    }
    throw new CacheError("E_CORRUPT_ENTRY", "The store holds something else under this key.", {
        key,
        advice: "Another program may write under the same prefix; give each its own.",
    })
}

/**
 * True when each stamp that the entry carries is the tag's stamp now. The entry carries those of the first of its tags
 * (a row that exists does not depend on the last one, the table) and those of its late tags.
 *
 * @param states of the tags that the reader knows
 * @param lateStates of the entry's own late tags, in their order
 */
export function isCurrent(
    entry: Entry,
    states: readonly TagState[],
    lateStates: readonly TagState[] = NO_TAGS,
): boolean {
    const stamps = entry[1]
    const known = stamps.length - lateStates.length
    if (known <= 0 || known > states.length) return false
    for (let i = 0; i < known; i++) if (stamps[i] !== states[i] || typeof stamps[i] !== "string") return false
    for (let i = 0; i < lateStates.length; i++)
        if (stamps[known + i] !== lateStates[i] || typeof lateStates[i] !== "string") return false
    return true
}

function isListOfNames(value: unknown): value is readonly string[] {
    return Array.isArray(value) && value.every((it) => typeof it === "string")
}

function isMarks(value: unknown): boolean {
    return Array.isArray(value) && value.length === 3 && value.every((it) => typeof it === "number")
}
