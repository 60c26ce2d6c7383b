import { CacheError } from "../error/CacheError"
import { corruptEntry } from "../error/corruptEntry"
import { describe } from "../util/describe"
import { CUSTOM, TAG, VIEWS } from "./Encoded"
import type { Encoded, Tagged } from "./Encoded"

/** Makes an object from the content that a `CustomEncoder` gave. @throws CacheError `E_CORRUPT_ENTRY` */
export type CustomDecoder = (content: Encoded) => object

/**
 * A fresh, deep copy of the value that was encoded. Nothing in it is shared with the tree or with another copy.
 *
 * @param custom makes the objects that `encodeValue` left to the caller
 * @throws CacheError `E_CORRUPT_ENTRY` when the tree was not made by {@link encodeValue}
 */
export function decodeValue(encoded: Encoded, custom?: CustomDecoder): unknown {
    if (typeof encoded !== "object" || encoded === null) return encoded
    try {
        return decode(encoded, custom)
    } catch (error) {
        if (error instanceof CacheError) throw error
        throw corruptEntry("The stored value cannot be read.", error)
    }
}

function decode(encoded: Encoded, custom: CustomDecoder | undefined): unknown {
    if (typeof encoded !== "object" || encoded === null) return encoded
    if (Array.isArray(encoded)) {
        const items = new Array<unknown>(encoded.length)
        for (let index = 0; index < items.length; index++)
            items[index] = decode((encoded as readonly Encoded[])[index]!, custom)
        return items
    }
    if (Object.hasOwn(encoded, TAG)) return decodeTagged(encoded as unknown as Tagged, custom)
    const fields: Record<string, unknown> = {}
    for (const key of Object.keys(encoded)) set(fields, key, decode((encoded as Record<string, Encoded>)[key]!, custom))
    return fields
}

function decodeTagged({ [TAG]: tag, v }: Tagged, custom: CustomDecoder | undefined): unknown {
    switch (tag) {
        case "D":
            return v === null ? new Date(NaN) : new Date(expect(v, "number"))
        case "u":
            return undefined
        case "b":
            return BigInt(expect(v, "string"))
        case "n":
            return v === "-0"
                ? -0
                : v === "NaN"
                  ? NaN
                  : v === "Infinity"
                    ? Infinity
                    : v === "-Infinity"
                      ? -Infinity
                      : fail()
        case "B":
            return Buffer.from(expect(v, "string"), "base64")
        case "A":
            return bytes(v)
        case "V": {
            const [name, base64] = items(v)
            const view = VIEWS.get(expect(name, "string")) ?? fail()
            return new view(bytes(base64))
        }
        case "o":
            return fromEntries({}, v, custom)
        case "o0":
            return fromEntries(Object.create(null) as Record<string, unknown>, v, custom)
        case "M":
            return new Map(items(v).map((entry) => items(entry).map((it) => decode(it, custom)) as [unknown, unknown]))
        case "S":
            return new Set(items(v).map((it) => decode(it, custom)))
        case "R": {
            const [source, flags, lastIndex] = items(v)
            const pattern = new RegExp(expect(source, "string"), expect(flags, "string"))
            pattern.lastIndex = expect(lastIndex, "number")
            return pattern
        }
        case "U":
            return new URL(expect(v, "string"))
        case CUSTOM:
            return (custom ?? fail())(v)
        default:
            throw corruptEntry(`The stored value has the unknown tag ${describe(tag)}.`)
    }
}

function fromEntries(
    target: Record<string, unknown>,
    entries: Encoded,
    custom: CustomDecoder | undefined,
): Record<string, unknown> {
    for (const entry of items(entries)) {
        const [key, value] = items(entry)
        if (value === undefined) fail()
        set(target, expect(key, "string"), decode(value, custom))
    }
    return target
}

function set(target: Record<string, unknown>, key: string, value: unknown): void {
    // Assigning to __proto__ would change the prototype instead of making a property.
    if (key === "__proto__")
        Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
    else target[key] = value
}

function bytes(base64: Encoded | undefined): ArrayBuffer {
    return new Uint8Array(Buffer.from(expect(base64, "string"), "base64")).buffer
}

function items(value: Encoded | undefined): readonly Encoded[] {
    return Array.isArray(value) ? (value as readonly Encoded[]) : fail()
}

interface Primitives {
    string: string
    number: number
}

function expect<T extends keyof Primitives>(value: Encoded | undefined, type: T): Primitives[T] {
    return typeof value === type ? (value as Primitives[T]) : fail()
}

function fail(): never {
    throw corruptEntry("The stored value has the wrong form.")
}
