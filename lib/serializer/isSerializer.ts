import { hasMethods, isName, type OptionCheck } from "../util/checkOptions"

/** A `Serializer` or `BinarySerializer`. */
export const isSerializer: OptionCheck = (value, name) => {
    if (typeof value === "function") return "takes an object: write new in front of it"
    const wrong = hasMethods("a serializer", "serialize", "deserialize")(value, name)
    if (wrong !== undefined) return wrong
    const { name: format, isBinary } = value as { name?: unknown; isBinary?: unknown }
    if (isName(format, name) !== undefined) return "takes a serializer with a name, which becomes a part of every key"
    return isBinary === undefined || typeof isBinary === "boolean" ? undefined : "has an isBinary that is no boolean"
}
