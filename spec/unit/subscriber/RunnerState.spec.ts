import { expect } from "chai"
import type { Fence } from "../../../lib/cache/Fence"
import { RunnerState } from "../../../lib/subscriber/RunnerState"

const fence = (): Fence => ({}) as Fence

describe("RunnerState", () => {
    it("tells statements of one text by their parameters, whichever ends first", () => {
        const state = new RunnerState(fence())
        const query = "UPDATE t SET x = 1 WHERE id = $1"
        const [first, second] = [[1], [2]].map((parameters) => ({ query, parameters, fence: fence(), wasRaw: false }))
        state.statements.push(first!, second!)
        expect(state.takeStatement(query, second!.parameters)).to.equal(second)
        expect(state.takeStatement(query, first!.parameters)).to.equal(first)
        expect(state.takeStatement(query, [1])).to.equal(undefined)
    })

    it("takes the oldest of a text where a driver hands out other parameters than it was given", () => {
        const state = new RunnerState(fence())
        const begun = { query: "DELETE FROM t WHERE id = ?", parameters: [1], fence: fence(), wasRaw: false }
        state.statements.push(begun)
        expect(state.takeStatement(begun.query, ["1"])).to.equal(begun)
        expect(state.takeStatement(begun.query)).to.equal(undefined)
    })
})
