import { expect } from "chai"
import fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { runInNewContext } from "node:vm"
import { CacheError } from "../../../lib/error/CacheError"
import { decodeValue, encodeValue, estimateSize } from "../../../lib/serializer/ValueCodec"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"

const serializer = new JsonSerializer()
const roundTrip = (value: unknown): unknown =>
    decodeValue(serializer.deserialize(serializer.serialize(encodeValue(value))))

function codeOf(run: () => unknown): string {
    try {
        run()
    } catch (error) {
        if (error instanceof CacheError) return error.code
        throw error
    }
    return "none"
}

class Money {
    constructor(readonly cents: number) {}
}

describe("ValueCodec", () => {
    describe("keeps the type of", () => {
        const tree = JSON.parse('{"a":{"__proto__":{"x":1},"b":2}}') as unknown
        const values: Record<string, unknown> = {
            "a string": "text",
            "a lone surrogate": "\ud800",
            "an empty string": "",
            "a number": 1.5,
            NaN: NaN,
            Infinity: Infinity,
            "-Infinity": -Infinity,
            "-0": -0,
            true: true,
            null: null,
            undefined: undefined,
            "a bigint": 2n ** 80n,
            "a date": new Date("2020-02-29T12:34:56.789Z"),
            "an invalid date": new Date(NaN),
            "a buffer": Buffer.from([0, 1, 255]),
            "an empty buffer": Buffer.alloc(0),
            "a Uint8Array": new Uint8Array([1, 2]),
            "a Uint8Array that is a part of a larger buffer": new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
            "a Float64Array": new Float64Array([1.5, NaN, -0]),
            "a BigInt64Array": new BigInt64Array([-1n]),
            "a DataView": new DataView(new ArrayBuffer(3)),
            "an ArrayBuffer": new Uint8Array([7]).buffer,
            "a map": new Map<unknown, unknown>([
                [{ a: 1 }, new Date(0)],
                [undefined, [1n]],
            ]),
            "a set": new Set([1, "1", undefined]),
            "a regular expression": /a\/b/giu,
            "a URL": new URL("https://example.com/a?b=c#d"),
            "an array with undefined": [1, undefined, null, [undefined]],
            "an object with undefined": { a: undefined, b: null },
            "an object without prototype": Object.assign(Object.create(null), { a: { b: 1 } }),
            "an own key __proto__": tree,
            "an own key constructor": { constructor: 1, hasOwnProperty: 2, toJSON: 3 },
            "an object with the tag as a key": { $: "D", v: 5 },
            "nested tags": { $: { $: { $: "u" } }, v: [{ $: "B", v: "" }] },
            "the text of a date in JSON": { at: "2020-01-01T00:00:00.000Z" },
        }
        for (const [title, value] of Object.entries(values))
            it(title, () => {
                const copy = roundTrip(value)
                expect(isDeepStrictEqual(fill(copy), fill(value))).equal(true)
                expect(Object.is(copy, value)).equal(typeof value !== "object" || value === null)
            })
    })

    it("keeps lastIndex of a regular expression", () => {
        const pattern = /a/g
        pattern.lastIndex = 3
        expect((roundTrip(pattern) as RegExp).lastIndex).equal(3)
    })

    it("reads a hole in an array as undefined", () => {
        expect(roundTrip([1, , 2])).deep.equal([1, undefined, 2])
    })

    it("takes plain objects, arrays and dates of another realm for its own", () => {
        expect(roundTrip(runInNewContext("({ a: [new Date(5)] })"))).deep.equal({ a: [new Date(5)] })
    })

    it("encodes common values as themselves", () => {
        for (const value of ["a", 1, true, null]) expect(encodeValue(value)).equal(value)
        expect(encodeValue({ a: [1, "b", { c: null }] })).deep.equal({ a: [1, "b", { c: null }] })
    })

    it("makes only what JSON holds", () => {
        fc.assert(
            fc.property(anyValue(), (value) => {
                const encoded = encodeValue(value)
                expect(isDeepStrictEqual(JSON.parse(JSON.stringify(encoded)), encoded)).equal(true)
            }),
        )
    })

    it("gives back what it was given", () => {
        fc.assert(
            fc.property(anyValue(), (value) => isDeepStrictEqual(fill(roundTrip(value)), fill(value))),
            { numRuns: 500 },
        )
    })

    it("gives back any JSON document", () => {
        fc.assert(
            fc.property(fc.jsonValue(), (value) => isDeepStrictEqual(roundTrip(value), value)),
            { numRuns: 500 },
        )
    })

    it("gives every reader a copy of its own", () => {
        const value = {
            list: [1],
            date: new Date(0),
            bytes: Buffer.from("a"),
            map: new Map([["a", [1]]]),
            $: { b: [1] },
        }
        const encoded = encodeValue(value)
        const before = JSON.stringify(encoded)
        const first = decodeValue(encoded) as typeof value
        first.list.push(2)
        first.date.setTime(1)
        first.bytes[0] = 0
        first.map.get("a")!.push(2)
        first.$.b.push(2)
        expect(isDeepStrictEqual(decodeValue(encoded), value)).equal(true)
        expect(JSON.stringify(encoded)).equal(before)
    })

    it("does not follow later changes of the value that it encoded", () => {
        const value = { a: [1], b: new Date(0), c: Buffer.from("a") }
        const encoded = encodeValue(value)
        const before = JSON.stringify(encoded)
        value.a.push(2)
        value.b.setTime(9)
        value.c[0] = 0
        expect(JSON.stringify(encoded)).equal(before)
    })

    it("does not let an own key __proto__ change a prototype", () => {
        const copy = roundTrip(JSON.parse('{"__proto__":{"admin":true}}')) as Record<string, unknown>
        expect(Object.getPrototypeOf(copy)).equal(Object.prototype)
        expect(copy["admin"]).equal(undefined)
        const foreign = decodeValue(JSON.parse('{"a":1,"__proto__":{"admin":true}}') as Encoded) as Record<
            string,
            unknown
        >
        expect(Object.getPrototypeOf(foreign)).equal(Object.prototype)
    })

    describe("refuses", () => {
        class OwnDate extends Date {}
        const circle: Record<string, unknown> = {}
        circle["self"] = circle
        let deep: unknown = 1
        for (let level = 0; level < 100_000; level++) deep = [deep]
        const values: Record<string, unknown> = {
            "a class instance": new Money(1),
            "an error": new Error("no"),
            "a promise": Promise.resolve(1),
            "a function": () => 1,
            "a symbol": Symbol("a"),
            "a proxy": new Proxy({}, {}),
            "a subclass of Date": new OwnDate(),
            "a subclass of Array": new (class List extends Array {})(),
            "a class that calls itself Object": new (runInNewContext("(class Object {})") as new () => object)(),
            "a boxed number": Object(1),
            "a circle": circle,
            "a value that is nested too deep": deep,
            "a symbol as a key": { [Symbol("a")]: 1 },
            "an accessor": {
                get a() {
                    return 1
                },
            },
            "a hidden property": Object.defineProperty({}, "a", { value: 1 }),
            "an array with a property": Object.assign([1], { b: 2 }),
            "a date with a property": Object.assign(new Date(), { b: 2 }),
            "a buffer with a property": Object.assign(new Uint8Array(2), { b: 2 }),
            "a weak map": new WeakMap(),
        }
        for (const [title, value] of Object.entries(values))
            it(title, () => {
                expect(codeOf(() => encodeValue(value))).equal("E_SERIALIZE")
                expect(codeOf(() => encodeValue({ a: value }))).equal("E_SERIALIZE")
            })

        it("and says where and what", () => {
            expect(() => encodeValue({ a: [0, 0, 0, { b: new Money(1) }] })).throw(
                /^\$\.a\[3\]\.b is a Money object, which/,
            )
            const list: unknown[] = []
            list.push({ list })
            expect(() => encodeValue(list)).throw(/^\$\[0\]\.list refers back/)
            expect(() => encodeValue({ "a b": () => 1 }, "Book.extra")).throw(/^Book\.extra\["a b"\] is a function/)
        })
    })

    it("takes the same object twice, if it is no circle", () => {
        const shared = { a: 1 }
        expect(roundTrip([shared, { shared }])).deep.equal([shared, { shared }])
    })

    it("refuses a tree that it has not made", () => {
        const trees = [
            { $: "?" },
            { $: 1 },
            { $: "D" },
            { $: "D", v: "x" },
            { $: "b", v: "x" },
            { $: "n", v: "7" },
            { $: "B", v: 1 },
            { $: "V", v: ["Float64Array", "AAA="] },
            { $: "V", v: ["Object", ""] },
            { $: "M", v: [1] },
            { $: "S", v: null },
            { $: "R", v: ["(", "", 0] },
            { $: "U", v: "no url" },
            { $: "o", v: [["a"]] },
            { a: [{ $: "nope", v: 0 }] },
        ] as unknown as Encoded[]
        for (const tree of trees)
            expect(
                codeOf(() => decodeValue(tree)),
                JSON.stringify(tree),
            ).equal("E_CORRUPT_ENTRY")
        let deep: Encoded = 1
        for (let level = 0; level < 100_000; level++) deep = [deep]
        expect(codeOf(() => decodeValue(deep))).equal("E_CORRUPT_ENTRY")
    })

    it("estimates sizes that grow with the content", () => {
        expect(estimateSize(null)).equal(8)
        expect(estimateSize("abcd")).equal(24)
        expect(estimateSize(["a".repeat(1000)])).greaterThan(2000)
        expect(estimateSize({ a: 1, b: [1, 2] })).greaterThan(estimateSize({ a: 1 }))
    })
})

describe("JsonSerializer", () => {
    it("refuses text that is no JSON", () => {
        expect(codeOf(() => serializer.deserialize("{"))).equal("E_CORRUPT_ENTRY")
        expect(codeOf(() => serializer.deserialize(""))).equal("E_CORRUPT_ENTRY")
    })
})

function anyValue(): fc.Arbitrary<unknown> {
    return fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withNullPrototype: true,
        withTypedArray: true,
        withSparseArray: true,
        key: fc.oneof(fc.string(), fc.constantFrom("$", "v", "__proto__", "constructor", "toJSON")),
        maxDepth: 4,
    })
}

/** The value with its holes filled, as the codec promises, and invalid dates comparable, which Node 20 finds unequal. */
function fill(value: unknown): unknown {
    if (Array.isArray(value)) return Array.from(value, fill)
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [fill(key), fill(item)]))
    if (value instanceof Set) return new Set([...value].map(fill))
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid date" : value
    if (value === null || typeof value !== "object") return value
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype) return value
    const copy = Object.create(prototype) as object
    for (const [key, item] of Object.entries(value))
        Object.defineProperty(copy, key, { value: fill(item), writable: true, enumerable: true, configurable: true })
    return copy
}
