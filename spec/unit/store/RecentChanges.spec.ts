import { expect } from "chai"
import { RecentChanges } from "../../../lib/store/RecentChanges"

describe("RecentChanges", () => {
    it("knows what has changed since a mark, and what has not", () => {
        const changes = new RecentChanges(10)
        const before = changes.mark()
        changes.note(["a", "b"])
        const after = changes.mark()
        expect(["a", "b", "c"].map((tag) => changes.hasChanged(tag, before))).to.deep.equal([true, true, false])
        expect(["a", "b", "c"].map((tag) => changes.hasChanged(tag, after))).to.deep.equal([false, false, false])
        changes.note(["a"])
        expect(["a", "b"].map((tag) => changes.hasChanged(tag, after))).to.deep.equal([true, false])
    })

    it("takes everything for changed when it was told so", () => {
        const changes = new RecentChanges(10)
        const before = changes.mark()
        changes.noteAll()
        expect(changes.hasChanged("a", before)).to.equal(true)
        expect(changes.hasChanged("a", changes.mark())).to.equal(false)
    })

    it("takes what it has forgotten for changed", () => {
        const changes = new RecentChanges(2)
        const before = changes.mark()
        changes.note(["a"])
        const between = changes.mark()
        changes.note(["b", "c"])
        const after = changes.mark()
        expect(changes.hasChanged("a", before)).to.equal(true)
        expect(changes.hasChanged("b", between)).to.equal(true)
        expect(changes.hasChanged("never", before), "it may have been").to.equal(true)
        expect(["a", "b", "never"].map((tag) => changes.hasChanged(tag, after))).to.deep.equal([false, false, false])
    })

    it("takes every tag of one change that is larger than its room for changed", () => {
        const changes = new RecentChanges(2)
        const before = changes.mark()
        const tags = ["a", "b", "c", "d", "e"]
        changes.note(tags)
        expect(tags.every((tag) => changes.hasChanged(tag, before))).to.equal(true)
        expect(tags.some((tag) => changes.hasChanged(tag, changes.mark()))).to.equal(false)
    })

    it("forgets nothing by being asked", () => {
        const changes = new RecentChanges(2)
        const before = changes.mark()
        changes.note(["a"])
        changes.note(["b"])
        changes.hasChanged("a", before)
        changes.note(["a"])
        changes.note(["c"])
        expect(["a", "b", "c"].every((tag) => changes.hasChanged(tag, before))).to.equal(true)
    })
})
