import { corruptEntry } from "../error/corruptEntry"
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
            throw corruptEntry("The stored text is no JSON.", cause)
        }
    }
}
