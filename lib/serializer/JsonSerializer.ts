import { CacheError } from "../error/CacheError"
import type { Serializer } from "./Serializer"
import type { Encoded } from "./ValueCodec"

/** Keeps entries as JSON, readable in any tool. */
export class JsonSerializer implements Serializer {
    readonly name = "json"

    serialize(tree: Encoded): string {
        return JSON.stringify(tree)
    }

    deserialize(text: string): Encoded {
        try {
            return JSON.parse(text) as Encoded
        } catch (cause) {
            throw new CacheError("E_CORRUPT_ENTRY", "The stored text is no JSON.", {
                cause,
                advice: "It is read from the database instead.",
            })
        }
    }
}
