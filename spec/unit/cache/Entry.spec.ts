import { expect } from "chai"
import { entryOf, isCurrent, lateTagsOf, toEntry } from "../../../lib/cache/Entry"
import { HeldTags } from "../../../lib/cache/HeldTags"
import { FENCED, type TagState } from "../../../lib/store/CacheStore"

describe("an entry", () => {
    const entry = entryOf(["a", "b"], ["value"])

    const STATES: [string, readonly TagState[], boolean][] = [
        ["all stamps are those it carries", ["a", "b"], true],
        ["more tags are asked for than it depends on", ["a", "b", FENCED], true],
        ["the first stamp is another", ["x", "b"], false],
        ["the last stamp is another", ["a", "x"], false],
        ["a stamp is gone", ["a", undefined], false],
        ["a tag is fenced", [FENCED, "b"], false],
        ["the stamps have changed places", ["b", "a"], false],
        ["a tag is missing", ["a"], false],
        ["no tag is there", [], false],
    ]
    for (const [title, states, current] of STATES)
        it(`is ${current ? "current" : "old"} when ${title}`, () => {
            expect(isCurrent(entry, states)).to.equal(current)
        })

    it("without a stamp is never current", () => {
        expect(isCurrent(entryOf([], null), ["a"])).to.equal(false)
        expect(isCurrent([1, [undefined as never], null], [undefined])).to.equal(false)
        expect(isCurrent([1, [FENCED as never], null], [FENCED])).to.equal(false)
    })

    it("is read back from what it was stored as, and from nothing else", () => {
        expect(toEntry(entry, "key")).to.equal(entry)
        for (const payload of [
            null,
            0,
            "",
            [],
            {},
            [1],
            [1, []],
            [2, ["a"], 1],
            [1, "a", 1],
            [1, ["a"], 1, 2],
            [1, ["a", "b"], 1, []],
            [1, ["a", "b"], 1, [2]],
            [1, ["a", "b"], 1, ["tag", null]],
            [1, ["a", "b"], 1, "tag"],
            [1, ["a", "b"], 1, { 0: "tag", length: 1 }],
            [1, ["a", "b"], 1, ["tag"], 5],
            { 0: 1, 1: [], 2: 0 },
        ])
            expect(() => toEntry(payload, "key"), JSON.stringify(payload))
                .to.throw()
                .that.includes({ code: "E_CORRUPT_ENTRY", key: "key" })
    })
})

describe("an entry with late tags", () => {
    const entry = entryOf(["a", "b", "x", "y"], ["value"], ["tag x", "tag y"])

    const STATES: [string, readonly TagState[], readonly TagState[], boolean][] = [
        ["all stamps are those it carries", ["a", "b"], ["x", "y"], true],
        ["more tags are asked for than it depends on", ["a", "b", FENCED], ["x", "y"], true],
        ["the first late stamp is another", ["a", "b"], ["z", "y"], false],
        ["the last late stamp is another", ["a", "b"], ["x", "z"], false],
        ["late stamps have changed places", ["a", "b"], ["y", "x"], false],
        ["a late tag is fenced", ["a", "b"], ["x", FENCED], false],
        ["a late stamp is gone", ["a", "b"], [undefined, "y"], false],
        ["another stamp is another", ["a", "z"], ["x", "y"], false],
        ["the states of its late tags are not known", ["a", "b"], [], false],
        ["fewer late tags are known", ["a", "b"], ["x"], false],
        ["more late tags are known", ["a", "b"], ["x", "y", "z"], false],
        ["all that it carries is late", [], ["a", "b", "x", "y"], false],
    ]
    for (const [title, states, lateStates, current] of STATES)
        it(`is ${current ? "current" : "old"} when ${title}`, () => {
            expect(isCurrent(entry, states, lateStates)).to.equal(current)
        })

    it("is never current by a stamp that is none", () => {
        expect(isCurrent([1, ["a", undefined as never], null, ["tag"]], ["a"], [undefined])).to.equal(false)
        expect(isCurrent([1, ["a", FENCED as never], null, ["tag"]], ["a"], [FENCED])).to.equal(false)
    })

    it("names them, and is read back with them", () => {
        expect(lateTagsOf(entry)).to.deep.equal(["tag x", "tag y"])
        expect(toEntry(entry, "key")).to.equal(entry)
        expect(toEntry(JSON.parse(JSON.stringify(entry)), "key")).to.deep.equal(entry)
    })

    it("has no fourth part where there are none", () => {
        expect(entryOf(["a"], null, [])).to.have.length(3)
        expect(lateTagsOf(entryOf(["a"], null))).to.deep.equal([])
    })
})

describe("HeldTags", () => {
    let held: HeldTags
    beforeEach(() => (held = new HeldTags()))

    it("make a held tag count as fenced, and leave the others as they are", () => {
        held.hold("b")
        expect(held.cover(["a", "b", "c"], ["1", "2", undefined], undefined)).to.deep.equal(["1", FENCED, undefined])
    })

    it("count a tag that was held before the read and let go while it was under way", () => {
        held.hold("b")
        const before = held.among(["a", "b"])
        held.letGo(["b"])
        expect(held.cover(["a", "b"], ["1", "2"], before)).to.deep.equal(["1", FENCED])
        expect(held.cover(["a", "b"], ["1", "2"], held.among(["a", "b"]))).to.deep.equal(["1", "2"])
    })

    it("hold a tag until everybody who holds it has let it go", () => {
        held.hold("a")
        held.hold("a")
        held.letGo(["a"])
        expect(held.among(["a"])).to.deep.equal(new Set([0]))
        held.letGo(["a"])
        expect(held.among(["a"])).to.equal(undefined)
        // once more than held: nothing is owed
        held.letGo(["a"])
        held.hold("a")
        expect(held.among(["a"])).to.deep.equal(new Set([0]))
    })

    it("hand the very states on when nothing is held", () => {
        const states = ["1"]
        expect(held.cover(["a"], states, undefined)).to.equal(states)
    })
})
