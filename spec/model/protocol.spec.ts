import { expect } from "chai"
import { explore } from "./explore"
import { protocol, type ProtocolGuard, type ProtocolOptions } from "./protocol"

/** Runs that must hold, with what the promise says of them. */
const HOLDS: readonly [title: string, options: ProtocolOptions][] = [
    ["two writers and two readers", { reads: 2 }],
    ["a writer that is killed", { kills: 1 }],
    ["a COMMIT whose outcome is unknown", { cuts: 1 }],
    ["a kill and an unknown outcome together", { reads: 1, kills: 1, cuts: 1 }],
    ["both writers killed, one reader", { readers: 1, reads: 3, kills: 2 }],
    ["a store that loses everything, counted from the acknowledgement", { flushes: 1, since: "acknowledgement" }],
    // promised less, and at the price of P3 only
    [
        "fence: false, no fault, counted from the acknowledgement",
        { without: "fence before COMMIT", since: "acknowledgement" },
    ],
    [
        "fence: false, a store that loses everything, counted from the acknowledgement",
        { without: "fence before COMMIT", since: "acknowledgement", flushes: 1 },
    ],
]

/** What each guard is there for: without it there is a way to a stale read. */
const BREAKS: readonly [guard: ProtocolGuard, options: ProtocolOptions][] = [
    ["fence before COMMIT", {}],
    ["stamps compared", { since: "acknowledgement" }],
    ["stamps read before the SELECT", {}],
    ["stamp set only if absent", {}],
    ["no fill under a fence", {}],
    ["own fence only", {}],
    ["fence kept after an unknown outcome", { cuts: 1 }],
    ["no stamp left behind a fallen fence", { kills: 1 }],
    ["flights joined by stamps", {}],
]

describe("the model of stamps and fences", () => {
    for (const [title, options] of HOLDS)
        it(`has no stale read with ${title}`, () => {
            const { states, counterexample } = explore(protocol(options))
            expect(counterexample?.join("\n")).to.equal(undefined)
            expect(states).to.be.greaterThan(500)
        })

    for (const [guard, options] of BREAKS)
        it(`has a stale read without "${guard}"`, () => {
            const { counterexample } = explore(protocol({ ...options, without: guard }))
            expect(counterexample, "a way to a stale read").to.have.length.greaterThan(3)
        })

    it("loses a fence and a commit in one moment at worst until the acknowledgement", () => {
        expect(explore(protocol({ flushes: 1 })).counterexample).to.not.equal(undefined)
    })

    it("gives up a killed writer with fence: false", () => {
        const options = { without: "fence before COMMIT", since: "commit", kills: 1 } as const
        expect(explore(protocol(options)).counterexample).to.not.equal(undefined)
    })
})
