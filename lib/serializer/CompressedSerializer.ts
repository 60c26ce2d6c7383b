import { deflateRawSync, inflateRawSync } from "node:zlib"
import { CacheError } from "../error/CacheError"
import { corruptEntry } from "../error/corruptEntry"
import { checkOptions, isCount, type OptionCheck } from "../util/checkOptions"
import { toBuffer } from "../util/toBuffer"
import { isSerializer } from "./isSerializer"
import { JsonSerializer } from "./JsonSerializer"
import type { AnySerializer, BinarySerializer } from "./Serializer"
import type { Encoded } from "./ValueCodec"

/** Options of {@link CompressedSerializer}. */
export interface CompressedSerializerOptions {
    /** What makes the bytes that are compressed. Default: a `JsonSerializer`. */
    serializer?: AnySerializer
    /** Entries of fewer bytes stay as they are. Default 1024. */
    above?: number
    /** From 1, the fastest, to 9, the smallest. Default 1. */
    level?: number
}

const CHECKS: Readonly<Record<keyof CompressedSerializerOptions, OptionCheck>> = {
    serializer: isSerializer,
    above: isCount,
    level: (value) =>
        Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 9
            ? undefined
            : "takes a whole number from 1 to 9",
}

/** What expands to more is not stored, and not read: it would hold up everybody else. */
const MOST_BYTES = 64 * 2 ** 20

/** First byte: how the others are to be read. */
const PLAIN = 0
const DEFLATED = 1

/**
 * Compresses what another serializer makes, where it is long enough to be worth it. Costs processor time on each read.
 *
 * @example
 * new SecondLevelCache({ store: new RedisStore({ client }), serializer: new CompressedSerializer({ above: 2_000 }) })
 */
export class CompressedSerializer implements BinarySerializer {
    readonly name: string
    readonly isBinary = true

    readonly #inner: AnySerializer
    readonly #above: number
    readonly #level: number

    /** @throws CacheError `E_OPTION` for an unknown or ill-typed option */
    constructor(options: CompressedSerializerOptions = {}) {
        checkOptions(options, CHECKS, "CompressedSerializer")
        const { serializer = new JsonSerializer(), above = 1024, level = 1 } = options
        this.name = `${serializer.name}.deflate`
        this.#inner = serializer
        this.#above = above
        this.#level = level
    }

    serialize(tree: Encoded): Buffer {
        const payload = this.#inner.serialize(tree)
        const bytes = typeof payload === "string" ? Buffer.from(payload) : payload
        if (bytes.length > MOST_BYTES)
            throw new CacheError("E_SERIALIZE", `The entry takes ${bytes.length} bytes, more than ${MOST_BYTES}.`, {
                advice: "Cache less at a time, or take a serializer that does not compress.",
            })
        if (bytes.length < this.#above) return Buffer.concat([Buffer.of(PLAIN), bytes])
        return Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(bytes, { level: this.#level })])
    }

    deserialize(payload: Uint8Array): Encoded {
        const bytes = this.#expand(toBuffer(payload))
        return this.#inner.isBinary === true
            ? this.#inner.deserialize(bytes)
            : this.#inner.deserialize(bytes.toString())
    }

    #expand(payload: Buffer): Buffer {
        const content = payload.subarray(1)
        if (payload[0] === PLAIN) return content
        if (payload[0] !== DEFLATED) throw corruptEntry("The stored bytes are not of this compression.")
        try {
            return inflateRawSync(content, { maxOutputLength: MOST_BYTES })
        } catch (cause) {
            throw corruptEntry("The stored bytes cannot be expanded.", cause)
        }
    }
}
