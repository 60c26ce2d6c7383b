import type { Encoded } from "./ValueCodec"

/** Turns encoded trees into the text that a store keeps, and back. Called for each entry that is read: it cannot wait. */
export interface Serializer {
    /** Name of the format. Entries written under one name are not read under another. */
    readonly name: string

    readonly isBinary?: false

    serialize(tree: Encoded): string

    /** @throws CacheError `E_CORRUPT_ENTRY` when the text is not of this format */
    deserialize(text: string): Encoded
}

/** As {@link Serializer}, with bytes. A store that keeps text alone gets them as base64. */
export interface BinarySerializer {
    readonly name: string

    readonly isBinary: true

    serialize(tree: Encoded): Uint8Array

    /** @throws CacheError `E_CORRUPT_ENTRY` when the bytes are not of this format */
    deserialize(bytes: Uint8Array): Encoded
}

export type AnySerializer = Serializer | BinarySerializer
