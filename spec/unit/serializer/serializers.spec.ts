import { expect } from "chai"
import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { deflateRawSync } from "node:zlib"
import { CacheError, CompressedSerializer, JsonSerializer, MsgpackSerializer } from "typeorm-second-level-cache"
import { asText } from "../../../lib/serializer/asText"
import type { AnySerializer } from "../../../lib/serializer/Serializer"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { EncryptedSerializer } from "../../../samples/08-encryption/EncryptedSerializer"

const SERIALIZERS: Readonly<Record<string, AnySerializer>> = {
    JSON: new JsonSerializer(),
    MessagePack: new MsgpackSerializer(),
    "compressed JSON": new CompressedSerializer({ above: 20 }),
    "compressed MessagePack": new CompressedSerializer({ serializer: new MsgpackSerializer(), above: 20, level: 9 }),
    "the sample's encryption": new EncryptedSerializer("1", randomBytes(32)),
    "MessagePack as text": asText(new MsgpackSerializer()),
}

const LONG = "long enough to be compressed, ".repeat(20)

/** What a tree may hold that one format or the other is known to change. */
const TREES: Readonly<Record<string, Encoded>> = {
    null: null,
    "an empty text": "",
    "a lone surrogate": ["before", "\ud800", "after"],
    "a lone surrogate in a key": { "\udfff": [1] },
    "the key __proto__": JSON.parse('{"a":{"__proto__":{"b":1}}}') as Encoded,
    "the keys of every object": { constructor: 1, toString: "2", hasOwnProperty: null },
    "what looks like methods and classes": { constructor: "x", toJSON: true, valueOf: null, then: [] },
    "large integers": [2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, -(2 ** 31) - 1],
    fractions: [0.1, -1.5, 1e-300, 1.7976931348623157e308, 5e-324],
    "a long text": LONG,
    "many keys": Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
    "deep nesting": Array.from({ length: 400 }).reduce<Encoded>((inner) => [inner], "bottom"),
    "an entry": [1, ["stamp-1", "stamp-2"], [0, 1, "ada@example.org", { $: "D", v: 1 }], ["t:row:1"], [1, 2, 3]],
}

const anyTree = fc.letrec<{ tree: Encoded }>((tie) => ({
    tree: fc.oneof(
        { maxDepth: 5 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it || 0),
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        fc.array(tie("tree")),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "\ud83d", "$")), tie("tree"), {
            noNullPrototype: true,
        }),
    ),
})).tree

for (const [title, serializer] of Object.entries(SERIALIZERS))
    describe(`a serializer that makes ${title}`, () => {
        const roundTrip = (tree: Encoded): Encoded => serializer.deserialize(serializer.serialize(tree) as never)
        // as text: an equality that neither forgets keys such as __proto__ nor the order of keys
        const expectSame = (tree: Encoded): void => {
            expect(JSON.stringify(roundTrip(tree))).to.equal(JSON.stringify(tree))
        }

        it("says what it makes", () => {
            const payload = serializer.serialize(["x"])
            expect(payload instanceof Uint8Array).to.equal(serializer.isBinary === true)
            expect(serializer.name).to.match(/^[a-z0-9.]+$/)
        })

        for (const [what, tree] of Object.entries(TREES)) it(`gives back ${what}`, () => expectSame(tree))

        it("gives back any tree", () => fc.assert(fc.property(anyTree, expectSame)))

        it("makes payloads that the next one leaves alone", () => {
            const trees = Array.from({ length: 200 }, (_, i) => [i, LONG.slice(i)])
            const payloads = trees.map((tree) => serializer.serialize(tree))
            expect(payloads.map((it) => serializer.deserialize(it as never))).to.deep.equal(trees)
        })

        it("says of anything else that it cannot be read", () => {
            const payload = serializer.serialize([LONG])
            const bytes = Buffer.from(payload as string)
            const spoiled = [
                Buffer.alloc(0),
                bytes.subarray(0, bytes.length - 3),
                Buffer.from([0xff, 0x12]),
                bytes.subarray(1),
            ]
            for (const one of spoiled) {
                let error: unknown
                let tree: unknown
                try {
                    tree = serializer.deserialize((serializer.isBinary ? one : one.toString("latin1")) as never)
                } catch (thrown) {
                    error = thrown
                }
                // a format without a check sum may find another tree in what is left, but never this one
                if (error === undefined) expect(tree).to.not.deep.equal([LONG])
                else expect(error).to.be.instanceOf(CacheError).and.include({ code: "E_CORRUPT_ENTRY" })
            }
        })
    })

describe("CompressedSerializer", () => {
    const sizeOf = (serializer: CompressedSerializer, tree: Encoded) => serializer.serialize(tree).length

    it("leaves short entries as they are, and long ones shorter", () => {
        const serializer = new CompressedSerializer()
        const json = (tree: Encoded) => JSON.stringify(tree).length
        const short = ["x".repeat(1_024 - 5)]
        expect(json(short)).to.equal(1_023)
        expect(sizeOf(serializer, short)).to.equal(json(short) + 1)
        const long = ["x".repeat(1_024 - 4)]
        expect(json(long)).to.equal(1_024)
        expect(sizeOf(serializer, long)).to.be.below(100)
    })

    it("reads what was compressed at another level or above another length", () => {
        const written = new CompressedSerializer({ above: 1, level: 9 }).serialize([LONG])
        expect(new CompressedSerializer({ above: 1_000_000 }).deserialize(written)).to.deep.equal([LONG])
    })

    it("takes a name of its own, so that nobody reads the bytes as something else", () => {
        expect(new CompressedSerializer().name).to.equal("json.deflate")
        expect(new CompressedSerializer({ serializer: new MsgpackSerializer() }).name).to.equal("msgpack.deflate")
    })

    it("neither stores nor reads what would hold up everybody else", () => {
        const huge = " ".repeat(64 * 2 ** 20 + 1)
        const codeOf = (run: () => unknown): unknown => {
            try {
                return run()
            } catch (error) {
                return (error as CacheError).code
            }
        }
        expect(codeOf(() => new CompressedSerializer().serialize(huge))).to.equal("E_SERIALIZE")
        const bomb = Buffer.concat([Buffer.of(1), deflateRawSync(Buffer.from(JSON.stringify(huge)))])
        expect(codeOf(() => new CompressedSerializer().deserialize(bomb))).to.equal("E_CORRUPT_ENTRY")
    })

    it("refuses bad options", () => {
        const bad = [
            { level: 0 },
            { level: 10 },
            { above: 0 },
            { above: "1kb" },
            { serializer: {} },
            { algorithm: "lz4" },
        ]
        for (const options of bad)
            expect(() => new CompressedSerializer(options as never), JSON.stringify(options))
                .to.throw(CacheError)
                .and.include({ code: "E_OPTION" })
    })
})
