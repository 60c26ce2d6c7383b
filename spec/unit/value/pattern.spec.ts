import { expect } from "chai"
import fc from "fast-check"
import { CacheError } from "../../../lib/error/CacheError"
import { matcherOf } from "../../../lib/value/pattern"

/** The rules, one by one, with no thought of time. */
function matchesNaively(pattern: readonly string[], name: readonly string[]): boolean {
    const [token, ...rest] = pattern
    if (token === undefined) return name.length === 0
    if (token === "*") return name.some((_, i) => matchesNaively(rest, name.slice(i))) || matchesNaively(rest, [])
    const [char, ...others] = name
    if (char === undefined) return false
    if (token === "\\") return rest[0] === char && matchesNaively(rest.slice(1), others)
    return (token === "?" || token === char) && matchesNaively(rest, others)
}

const CHARACTERS = ["a", "b", "*", "?", "\\", "-", "]", "}", "$", ".", "/", "\n", "\u2028", "é", "😀", "\ud83d"]

describe("a pattern", () => {
    it("matches what its rules say, one by one", () => {
        const text = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 })
        const part = fc.oneof(
            fc.constantFrom("*", "?"),
            fc.constantFrom(...CHARACTERS).map((it) => (it === "*" || it === "?" || it === "\\" ? `\\${it}` : it)),
            fc.constantFrom(...CHARACTERS).map((it) => `\\${it}`),
        )
        fc.assert(
            fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), text, (parts, units) => {
                const [pattern, name] = [parts.join(""), units.join("")]
                expect(matcherOf(pattern)(name)).to.equal(matchesNaively([...pattern], [...name]))
            }),
            { numRuns: 5_000 },
        )
    })

    it("matches a name that it is made of", () => {
        fc.assert(
            fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.nat(), (name, seed) => {
                const pattern = [...name].map((char, i) => ((seed >> (i % 30)) & 1 ? "?" : `\\${char}`)).join("")
                expect(matcherOf(pattern)(name)).to.equal(true)
                expect(matcherOf(pattern)(`${name}x`)).to.equal(false)
                expect(matcherOf(`${pattern}*`)(`${name}x`)).to.equal(true)
            }),
        )
    })

    for (const [pattern, fits, fails] of [
        ["*", ["", "a", "a\nb", "😀"], []],
        ["?", ["a", "\n", "😀", "\ud800"], ["", "ab", "e\u0301"]],
        ["article-*", ["article-", "article-1-2"], ["article", "article:1", "xarticle-1"]],
        ["9b2d-4e*-?", ["9b2d-4e-1", "9b2d-4e-5-1"], ["9b2d-4e1"]],
        ["a\\*b", ["a*b"], ["a\\*b", "axb"]],
        ["a\\\\*", ["a\\", "a\\b"], ["a", "a*"]],
        ["a\\\nb", ["a\nb"], ["a\\\nb"]],
        ["\\a", ["a"], ["\\a"]],
        ["[a-z]", ["[a-z]"], ["a", "-"]],
        ["(a|b)", ["(a|b)"], ["a", "b"]],
        ["a.b$^", ["a.b$^"], ["axb$^"]],
        ["__proto__", ["__proto__"], ["constructor"]],
        ["a*b*c", ["abc", "a1b2c", "abbcc", "abcbc"], ["abcb", "acb", "ab"]],
    ] as const)
        it(`${JSON.stringify(pattern)} matches what it says, and nothing else`, () => {
            for (const name of fits) expect(matcherOf(pattern)(name), JSON.stringify(name)).to.equal(true)
            for (const name of fails) expect(matcherOf(pattern)(name), JSON.stringify(name)).to.equal(false)
        })

    it("of many stars is done at once with a name that nearly matches", function () {
        this.timeout(5_000)
        const matches = matcherOf(`${"*a".repeat(400)}b`)
        expect(matches("a".repeat(10_000))).to.equal(false)
        expect(matches(`${"a".repeat(10_000)}b`)).to.equal(true)
        expect(matcherOf("*".repeat(1_000))("")).to.equal(true)
    })

    it("may be asked again and again", () => {
        const matches = matcherOf("a*")
        expect([matches("ab"), matches("ab"), matches("b"), matches("ab")]).to.deep.equal([true, true, false, true])
    })

    it("is refused when it is empty, too long, no text, or ends where a character should follow", () => {
        for (const bad of ["", "\\", "a\\", "a\\\\\\", "x".repeat(1_001), 5, null, undefined, {}, ["a*"], /a/])
            expect(() => matcherOf(bad as never), String(bad))
                .to.throw(CacheError)
                .with.property("code", "E_OPTION")
    })
})
