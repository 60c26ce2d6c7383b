import { expect } from "chai"
import * as fc from "fast-check"
import { KeyScheme } from "../../../lib/key/KeyScheme"
import { keyPart } from "../../../lib/key/keyPart"

/** Texts that a sloppy separator, escape or encoding would confuse. */
const hostile = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(
        "",
        "~",
        "~x",
        "a:b",
        "a",
        "b",
        "{a}",
        "\n",
        "__proto__",
        "\ud800",
        "\udfff",
        "\ufffd",
        "é",
        "e\u0301",
    ),
    fc
        .array(fc.constantFrom("\ud800", "\ud801", "\udc00", ":", "a", "~"), { maxLength: 4 })
        .map((units) => units.join("")),
    fc.integer({ min: 90, max: 10_000 }).map((length) => "x".repeat(length)),
)

describe("KeyScheme", () => {
    const keys = new KeyScheme("shop")

    it("begins every key with the prefix and says what it is", () => {
        expect(keys.table("author")).to.equal("shop:t:table:author")
        expect(keys.rows("author")).to.equal("shop:t:rows:author")
        expect(keys.row("author", "7")).to.equal("shop:t:row:author:7")
        expect(keys.relation("author", "books")).to.equal("shop:t:relation:author:books")
        expect(keys.relationOf("author", "books", "7")).to.equal("shop:t:relation-of:author:books:7")
        expect(keys.user("home")).to.equal("shop:t:user:home")
        expect(keys.unattributed()).to.equal("shop:t:unattributed:")
        expect(keys.entry("row", "Author", "f1", "7")).to.equal("shop:v:row:Author:f1:7")
        expect(keys.root).to.equal("shop:")
        expect(keys.ranges).to.deep.equal(["shop:v:", "shop:t:"])
    })

    it("takes a table's name in any case for the same table", () => {
        expect(keys.row("Author", "A")).to.equal(keys.row("AUTHOR", "A"))
        expect(keys.row("author", "A")).to.not.equal(keys.row("author", "a"))
    })

    it("asks a function for the prefix on every call", () => {
        let tenant = "one"
        const tenants = new KeyScheme(() => tenant)
        const before = tenants.row("author", "1")
        tenant = "two"
        expect(before).to.equal("one:t:row:author:1")
        expect(tenants.row("author", "1")).to.equal("two:t:row:author:1")
        expect(tenants.entry("row", "A", "f", "1")).to.equal("two:v:row:A:f:1")
    })

    it("keeps a prefix with colons and a hash tag as it is", () => {
        expect(new KeyScheme("{shop}:eu").root).to.equal("{shop}:eu:")
    })

    it("digests a prefix that could be taken for another's key", () => {
        expect(new KeyScheme("shop:t:row").root).to.match(/^~[\w-]{43}:$/)
        expect(new KeyScheme("a\nb").root).to.match(/^~[\w-]{43}:$/)
        expect(new KeyScheme("").root).to.match(/^~[\w-]{43}:$/)
    })

    it("makes a part of anything that has no separator in it", () => {
        fc.assert(fc.property(hostile, (text) => /^[A-Za-z0-9_.@~-]{1,100}$/.test(keyPart(text))))
    })

    it("makes equal parts of equal texts alone", () => {
        fc.assert(fc.property(hostile, hostile, (a, b) => (keyPart(a) === keyPart(b)) === (a === b)))
        expect(keyPart("\ud800")).to.not.equal(keyPart("\ufffd"))
        expect(keyPart(keyPart("a:b"))).to.not.equal(keyPart("a:b"))
    })

    it("makes equal keys of equal inputs alone", () => {
        const name = hostile.map((text) => text.toLowerCase())
        const call = fc.oneof(
            fc.tuple(fc.constant("table"), name).map(([kind, a]) => [kind, a]),
            fc.tuple(fc.constant("rows"), name).map(([kind, a]) => [kind, a]),
            fc.tuple(fc.constant("row"), name, hostile).map((parts) => [...parts]),
            fc.tuple(fc.constant("relation"), name, hostile).map((parts) => [...parts]),
            fc.tuple(fc.constant("relationOf"), name, hostile, hostile).map((parts) => [...parts]),
            fc.tuple(fc.constant("user"), hostile).map((parts) => [...parts]),
            fc.tuple(fc.constant("entry"), hostile, hostile, hostile, hostile).map((parts) => [...parts]),
        )
        const prefix = fc.oneof(fc.constantFrom("a", "a:b", "a:t", "a:v", "a:t:row", "v", "t"), hostile)
        const spell = (p: string, [method, ...parts]: string[]): string =>
            (new KeyScheme(p) as unknown as Record<string, (...parts: string[]) => string>)[method as string]!(...parts)
        fc.assert(
            fc.property(prefix, prefix, call, call, (p, q, a, b) => {
                const same = p === q && JSON.stringify(a) === JSON.stringify(b)
                expect(spell(p, a) === spell(q, b)).to.equal(same)
            }),
            { numRuns: 1000 },
        )
    })

    it("keeps each prefix's ranges apart", () => {
        const one = new KeyScheme("app")
        const other = new KeyScheme("app:eu")
        for (const range of one.ranges) expect(other.row("author", "1").startsWith(range)).to.equal(false)
    })
})
