import { expect } from "chai"
import { FenceTable } from "../../../lib/store/FenceTable"

describe("FenceTable", () => {
    it("prunes a tag whose fences have fallen when it is looked at", () => {
        const table = new FenceTable()
        table.put("t", "owner", 100, 0)
        expect(table.has("t", 99)).to.equal(true)
        expect(table.has("t", 100)).to.equal(false)
        expect(table.size).to.equal(0)
    })

    it("does not grow with the tags of dead owners that nobody touches again", () => {
        const table = new FenceTable()
        for (let now = 0; now < 100_000; now++) table.put(`t${now}`, "dead", now + 10, now)
        expect(table.size).to.be.at.most(1_024)
    })

    it("keeps every live fence when it sweeps", () => {
        const table = new FenceTable()
        for (let i = 0; i < 10_000; i++) table.put(`t${i}`, "live", 1_000_000, i)
        for (let i = 0; i < 10_000; i++) expect(table.has(`t${i}`, 999_999)).to.equal(true)
    })

    it("sees one live owner behind dead ones", () => {
        const table = new FenceTable()
        table.put("t", "a", 10, 0)
        table.put("t", "b", 100, 0)
        table.put("t", "c", 20, 0)
        expect(table.has("t", 50)).to.equal(true)
        expect(table.take("t", "a", 50)).to.equal(true)
        expect(table.take("t", "b", 50)).to.equal(false)
        expect(table.size).to.equal(0)
    })
})
