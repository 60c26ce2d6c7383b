/** A tree that JSON holds without loss: null, booleans, finite numbers, strings, arrays, plain objects. Never changed once made. */
export type Encoded = null | boolean | number | string | readonly Encoded[] | { readonly [key: string]: Encoded }

/** The key that marks an encoded object as something other than a plain object. */
export const TAG = "$"

/** The tag of an object that only the caller can encode and decode. */
export const CUSTOM = "E"

/** A tagged value: what it is, and what it is made from. */
export interface Tagged {
    readonly [TAG]: string
    readonly v: Encoded
}

type BytesConstructor = new (buffer: ArrayBuffer) => ArrayBufferView
// Float16Array and others that Node 20 lacks are refused like any class instance.
/** The views on bytes that are encoded, by name. */
export const VIEWS = new Map<string, BytesConstructor>(
    [
        Uint8Array,
        Int8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        Float32Array,
        Float64Array,
        BigInt64Array,
        BigUint64Array,
        DataView,
    ].map((view) => [view.name, view as unknown as BytesConstructor]),
)

/** About how many bytes the tree takes in memory. Cheap and approximate: 2 a character, 8 a number, 16 an object or array. */
export function estimateSize(encoded: Encoded): number {
    if (typeof encoded === "string") return 16 + 2 * encoded.length
    if (typeof encoded !== "object" || encoded === null) return 8
    let size = 16
    if (Array.isArray(encoded)) for (const item of encoded as readonly Encoded[]) size += 8 + estimateSize(item)
    else
        for (const key in encoded)
            size += 16 + 2 * key.length + estimateSize((encoded as Record<string, Encoded>)[key]!)
    return size
}
