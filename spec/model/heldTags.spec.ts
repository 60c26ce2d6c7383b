import { expect } from "chai"
import { explore } from "./explore"
import { heldTags, type HeldTagsGuard } from "./heldTags"

const BREAKS: readonly HeldTagsGuard[] = [
    "tags held until delivered",
    "held tags looked at before the read is sent",
    "held tags counted",
]

describe("the model of held tags", () => {
    for (const outages of [1, 2])
        it(`never reads its own old value while the store is away ${outages === 1 ? "once" : "twice"}`, () => {
            const { states, counterexample } = explore(heldTags({ outages }))
            expect(counterexample?.join("\n")).to.equal(undefined)
            expect(states).to.be.greaterThan(1_000)
        })

    for (const without of BREAKS)
        it(`has a stale read without "${without}"`, () => {
            expect(explore(heldTags({ outages: 2, without })).counterexample).to.have.length.greaterThan(3)
        })
})
