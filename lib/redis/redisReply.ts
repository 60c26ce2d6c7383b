import { CacheError } from "../error/CacheError"
import { FENCED, type StoreRead, type TagState } from "../store/CacheStore"
import { describe } from "../util/describe"
import { toBuffer } from "../util/toBuffer"

/** What is under a key: text or bytes, as it was asked for. */
export type RedisReply = string | Buffer | null | undefined

const FENCE_MARK = "!"
const ESCAPE = "\\"

/** @param replies of the keys, and behind them of the tags */
export function toRead(
    replies: readonly RedisReply[],
    keys: readonly string[],
    tags: readonly string[],
): StoreRead & { readonly payloads: readonly (string | Buffer | undefined)[] } {
    const count = keys.length
    const payloads = new Array<string | Buffer | undefined>(count)
    for (let i = 0; i < count; i++) payloads[i] = toPayload(replies[i])
    const states = new Array<TagState>(tags.length)
    for (let i = 0; i < states.length; i++) states[i] = toState(replies[count + i])
    return { payloads, tags: states }
}

export function toState(reply: RedisReply): TagState {
    if (reply === null || reply === undefined) return undefined
    const text = typeof reply === "string" ? reply : reply.toString("latin1")
    return text.startsWith(FENCE_MARK) ? FENCED : text
}

/** Payloads that would look like a fence are escaped: clear() must know one from the other. JSON never needs it. */
export function escapePayload(key: string, payload: unknown, takesBytes: boolean): string | Buffer {
    if (typeof payload === "string")
        return payload.startsWith(FENCE_MARK) || payload.startsWith(ESCAPE) ? ESCAPE + payload : payload
    if (!(payload instanceof Uint8Array && takesBytes))
        throw new CacheError("E_STORE", `RedisStore was handed ${describe(payload)} to keep.`, {
            key,
            advice: "It keeps strings, and bytes once useSerializer() was told of a serializer that makes some.",
        })
    const bytes = toBuffer(payload)
    return isMark(bytes[0]) ? Buffer.concat([Buffer.from(ESCAPE), bytes]) : bytes
}

function toPayload(reply: RedisReply): string | Buffer | undefined {
    if (reply === null || reply === undefined) return undefined
    if (typeof reply === "string") return reply.startsWith(ESCAPE) ? reply.slice(1) : reply
    return reply[0] === ESCAPE.charCodeAt(0) ? reply.subarray(1) : reply
}

function isMark(byte: number | undefined): boolean {
    return byte === FENCE_MARK.charCodeAt(0) || byte === ESCAPE.charCodeAt(0)
}
