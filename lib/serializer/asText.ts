import { toBuffer } from "../util/toBuffer"
import type { AnySerializer, Serializer } from "./Serializer"

/** The serializer for a store that keeps nothing but text: bytes become base64. */
export function asText(serializer: AnySerializer): Serializer {
    if (serializer.isBinary !== true) return serializer
    return {
        name: serializer.name,
        serialize: (tree) => toBuffer(serializer.serialize(tree)).toString("base64"),
        deserialize: (text) => serializer.deserialize(Buffer.from(text, "base64")),
    }
}
