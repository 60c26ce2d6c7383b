import type { Packr } from "msgpackr"
import { CacheError } from "../error/CacheError"
import { corruptEntry } from "../error/corruptEntry"
import { toBuffer } from "../util/toBuffer"
import type { BinarySerializer } from "./Serializer"
import type { Encoded } from "./ValueCodec"

/** No message begins with it, says the MessagePack specification ("never used"): here it means that JSON follows. */
const JSON_MARK = 0xc1

/**
 * Keeps entries as MessagePack: bytes, mostly fewer than those of JSON. Needs the package `msgpackr`.
 *
 * @example
 * new SecondLevelCache({ store: new RedisStore({ client }), serializer: new MsgpackSerializer() })
 */
export class MsgpackSerializer implements BinarySerializer {
    readonly name = "msgpack"
    readonly isBinary = true

    readonly #packr: Packr

    /** @throws CacheError `E_MISSING_PEER` without the package `msgpackr` */
    constructor() {
        // No records: an entry has to be readable without those that were written before it.
        this.#packr = new (loadMsgpackr().Packr)({ useRecords: false, variableMapSize: true, mapsAsObjects: true })
    }

    serialize(tree: Encoded): Buffer {
        if (isExact(tree)) return this.#packr.pack(tree)
        return Buffer.concat([Buffer.of(JSON_MARK), Buffer.from(JSON.stringify(tree))])
    }

    deserialize(bytes: Uint8Array): Encoded {
        try {
            if (bytes[0] === JSON_MARK) return JSON.parse(toBuffer(bytes).toString("utf8", 1)) as Encoded
            return this.#packr.unpack(bytes) as Encoded
        } catch (cause) {
            throw corruptEntry("The stored bytes are no MessagePack.", cause)
        }
    }
}

/** Keys that msgpackr renames, or takes for something of its own. */
const ODD_KEYS = new Set(["__proto__", "constructor", "toJSON"])

/** Whether msgpackr gives the tree back as it was. UTF-8 knows no lone surrogates. */
function isExact(tree: Encoded): boolean {
    if (typeof tree === "string") return tree.isWellFormed()
    if (typeof tree !== "object" || tree === null) return true
    if (Array.isArray(tree)) return (tree as readonly Encoded[]).every(isExact)
    for (const [key, value] of Object.entries(tree))
        if (ODD_KEYS.has(key) || !key.isWellFormed() || !isExact(value)) return false
    return true
}

function loadMsgpackr(): typeof import("msgpackr") {
    try {
        return require("msgpackr") as typeof import("msgpackr")
    } catch (cause) {
        throw new CacheError("E_MISSING_PEER", `MsgpackSerializer needs the package "msgpackr".`, {
            advice: "Install it: npm install msgpackr.",
            cause,
        })
    }
}
