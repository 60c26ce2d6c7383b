import { expect } from "chai"
import { FakeClock } from "../../../lib/testing/FakeClock"

describe("FakeClock", () => {
    it("stands still until it is advanced, and never goes back", () => {
        const clock = new FakeClock(5)
        clock.advance(2.5)
        expect(clock.now()).to.equal(7.5)
        expect(() => clock.advance(-1)).to.throw(RangeError)
        expect(() => clock.advance(NaN)).to.throw(RangeError)
    })

    it("runs what falls due in the order of time, and what that schedules in turn", () => {
        const clock = new FakeClock(0)
        const seen: string[] = []
        const at = (name: string) => void seen.push(`${name}@${clock.now()}`)
        clock.schedule(30, () => at("late"))
        clock.schedule(10, () => {
            at("early")
            clock.schedule(5, () => at("follower"))
            clock.schedule(500, () => at("never"))
        })
        clock.schedule(10, () => at("early too"))
        clock.schedule(20, () => at("called off"))()
        clock.advance(30)
        expect(seen).to.deep.equal(["early@10", "early too@10", "follower@15", "late@30"])
        expect([clock.now(), clock.pending]).to.deep.equal([30, 1])
    })
})
