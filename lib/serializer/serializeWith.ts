import { CacheError } from "../error/CacheError"
import type { AnySerializer } from "./Serializer"
import type { Encoded } from "./ValueCodec"

/** What a serializer makes of a tree. @throws CacheError `E_SERIALIZE` whatever the serializer throws */
export function serializeWith(serializer: AnySerializer, tree: Encoded): string | Uint8Array {
    try {
        return serializer.serialize(tree)
    } catch (cause) {
        if (cause instanceof CacheError) throw cause
        throw new CacheError("E_SERIALIZE", `The serializer ${serializer.name} failed.`, {
            cause,
            advice: "The value is not stored; look at the cause.",
        })
    }
}
