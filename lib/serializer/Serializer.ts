import type { Encoded } from "./ValueCodec"

/** Turns encoded trees into the text that a store keeps, and back. */
export interface Serializer {
    /** Name of the format. Entries written under one name are not read under another. */
    readonly name: string

    serialize(tree: Encoded): string

    /** @throws CacheError `E_CORRUPT_ENTRY` when the text is not of this format */
    deserialize(text: string): Encoded
}
