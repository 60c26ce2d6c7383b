import { CacheError } from "../error/CacheError"
import type { Encoded } from "../serializer/ValueCodec"
import type { Payload, TagState } from "../store/CacheStore"

/** Number of the layout below; an entry of another number is a miss. */
const FORMAT = 1

/** What a store keeps under an entry's key: the layout's number, the stamps of its first tags in their order, the value. */
export type Entry = [format: typeof FORMAT, stamps: readonly string[], value: Encoded]

/** An entry whose value was loaded under these stamps. */
export function entryOf(stamps: readonly string[], value: Encoded): Entry {
    return [FORMAT, stamps, value]
}

/** @throws CacheError `E_CORRUPT_ENTRY` when the payload is not an entry of this layout */
export function toEntry(payload: Payload, key: string): Entry {
    if (Array.isArray(payload) && payload.length === 3 && payload[0] === FORMAT && Array.isArray(payload[1]))
        return payload as Entry
    throw new CacheError("E_CORRUPT_ENTRY", "The store holds something else under this key.", {
        key,
        advice: "Another program may write under the same prefix; give each its own.",
    })
}

/**
 * True when each stamp that the entry carries is the tag's stamp now. The entry carries those of the first of its tags:
 * a row that exists does not depend on the last one, the table.
 */
export function isCurrent(entry: Entry, states: readonly TagState[]): boolean {
    const stamps = entry[1]
    if (stamps.length === 0 || stamps.length > states.length) return false
    for (let i = 0; i < stamps.length; i++) if (stamps[i] !== states[i] || typeof stamps[i] !== "string") return false
    return true
}
