import { expect } from "chai"
import { explore } from "./explore"
import { lateStamps, type LateStampsGuard, type Tag } from "./lateStamps"

const ORDERS: readonly (readonly [Tag, Tag])[] = [
    ["wide", "narrow"],
    ["narrow", "wide"],
]

const BREAKS: readonly LateStampsGuard[] = ["narrow stamp before the wide one", "wide stamp looked at again"]

describe("the model of late stamps", () => {
    for (const fencing of ORDERS)
        for (const releasing of ORDERS)
            it(`has no stale read when writers fence ${fencing[0]} first and release ${releasing[0]} first`, () => {
                const { states, counterexample } = explore(lateStamps({ fencing, releasing }))
                expect(counterexample?.join("\n")).to.equal(undefined)
                expect(states).to.be.greaterThan(10_000)
            })

    for (const without of BREAKS)
        it(`has a stale read without "${without}", in some order of the writers' trips`, () => {
            const found = ORDERS.flatMap((fencing) =>
                ORDERS.map((releasing) => explore(lateStamps({ fencing, releasing, without })).counterexample),
            )
            expect(found.some((way) => way !== undefined)).to.equal(true)
        })
})
