import { CacheError } from "../error/CacheError"
import { asText } from "../serializer/asText"
import type { AnySerializer } from "../serializer/Serializer"
import { serializeWith } from "../serializer/serializeWith"
import { estimateSize, type Encoded } from "../serializer/ValueCodec"
import type { CacheStore, Payload } from "../store/CacheStore"
import { lateTagsOf, toEntry, type Entry } from "./Entry"

/** Entries as a store keeps them: the very objects, or text or bytes. */
export class EntryCodec {
    readonly #serializer: AnySerializer | undefined

    constructor(store: CacheStore, serializer: AnySerializer) {
        if (store.keeps !== "strings") return
        this.#serializer = store.takesBytes === true ? serializer : asText(serializer)
    }

    /** @throws CacheError `E_CORRUPT_ENTRY` */
    decode(payload: Payload, key: string): Entry {
        if (this.#serializer === undefined) return toEntry(payload, key)
        if (typeof payload !== "string" && !(payload instanceof Uint8Array))
            throw new CacheError("E_CORRUPT_ENTRY", "The store answered with neither text nor bytes.", { key })
        return toEntry(this.#toTree(payload, key), key)
    }

    /**
     * The payload of an entry and about how many bytes it takes.
     *
     * @throws CacheError `E_SERIALIZE` with whatever the serializer throws as its cause
     */
    encode(entry: Entry): { payload: Payload; size: number } {
        if (this.#serializer === undefined)
            return { payload: entry, size: estimateSize(entry[2]) + estimateSize(lateTagsOf(entry)) }
        const payload = serializeWith(this.#serializer, entry as Encoded)
        return { payload, size: payload.length }
    }

    #toTree(payload: string | Uint8Array, key: string): Encoded {
        try {
            // a store gives back the kind that it was given
            return this.#serializer!.deserialize(payload as never)
        } catch (cause) {
            if (cause instanceof CacheError) throw cause
            throw new CacheError("E_CORRUPT_ENTRY", "The serializer cannot read what is stored under this key.", {
                key,
                cause,
                advice: "It is read from the database instead.",
            })
        }
    }
}
