import { CacheError } from "../error/CacheError"
import type { Serializer } from "../serializer/Serializer"
import { estimateSize, type Encoded } from "../serializer/ValueCodec"
import type { CacheStore, Payload } from "../store/CacheStore"
import { lateTagsOf, toEntry, type Entry } from "./Entry"

/** Entries as a store keeps them: the very objects, or text. */
export class EntryCodec {
    readonly #serializer: Serializer | undefined

    constructor(store: CacheStore, serializer: Serializer) {
        this.#serializer = store.keeps === "strings" ? serializer : undefined
    }

    /** @throws CacheError `E_CORRUPT_ENTRY` */
    decode(payload: Payload, key: string): Entry {
        if (this.#serializer === undefined) return toEntry(payload, key)
        if (typeof payload !== "string")
            throw new CacheError("E_CORRUPT_ENTRY", "The store answered with no text.", { key })
        return toEntry(this.#serializer.deserialize(payload), key)
    }

    /** The payload of an entry and about how many bytes it takes. */
    encode(entry: Entry): { payload: Payload; size: number } {
        if (this.#serializer === undefined)
            return { payload: entry, size: estimateSize(entry[2]) + estimateSize(lateTagsOf(entry)) }
        const payload = this.#serializer.serialize(entry as Encoded)
        return { payload, size: payload.length }
    }
}
