import { expect } from "chai"
import fc from "fast-check"
import { nameOf, spellName } from "../../../lib/value/spellName"

/** Names that a store, a pattern, an encoding or a digest could take for something else. */
const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
        .array(fc.constantFrom("~", "%", "%7E", "%25", ":", "{", "}", "*", "\n", "\ud800", "\udc00", "é", "a"), {
            maxLength: 4,
        })
        .map((units) => units.join("")),
    fc.constantFrom("__proto__", "constructor", "é", "e\u0301", "\ufffd", " ", "+", "%20"),
    fc.integer({ min: 398, max: 402 }).map((length) => "x".repeat(length)),
    fc.integer({ min: 131, max: 135 }).map((length) => ":".repeat(length)),
)

describe("the spelling of a name", () => {
    it("is one for equal names, and another for others", () => {
        fc.assert(
            fc.property(name, name, (a, b) => {
                expect(spellName(a) === spellName(b)).to.equal(a === b)
                // a spelling as a name is none of its own
                if (a !== spellName(a)) expect(spellName(spellName(a))).to.not.equal(spellName(a))
            }),
            { numRuns: 2_000 },
        )
    })

    it("tells the name again, or is a digest", () => {
        fc.assert(
            fc.property(name, (text) => {
                const spelt = spellName(text)
                if (spelt.startsWith("~")) expect(nameOf(spelt)).to.equal(undefined)
                else expect(nameOf(spelt)).to.equal(text)
            }),
            { numRuns: 2_000 },
        )
    })

    it("has nothing in it that parts keys, and no more than 400 characters", () => {
        fc.assert(fc.property(name, (text) => /^[\w%~.!*'()-]{0,400}$/.test(spellName(text))))
    })

    it("is readable up to 400 characters, and a digest beyond", () => {
        expect(spellName("article:1 a")).to.equal("article%3A1%20a")
        expect(spellName("x".repeat(400))).to.equal("x".repeat(400))
        for (const long of ["x".repeat(401), ":".repeat(134), "x".repeat(10_240), "\ud800", "a\udc00"])
            expect(spellName(long)).to.match(/^~[\w-]{43}$/)
        expect(spellName(":".repeat(133))).to.have.length(399)
        expect(spellName("~")).to.equal("%7E")
    })

    it("is none of a name where it was not made of one", () => {
        for (const foreign of ["%", "%E9", "%zz", "~", "~abc"]) expect(nameOf(foreign), foreign).to.equal(undefined)
        expect(nameOf("")).to.equal("")
    })
})
