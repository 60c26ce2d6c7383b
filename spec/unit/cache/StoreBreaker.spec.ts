import { expect } from "chai"
import { StoreBreaker } from "../../../lib/cache/StoreBreaker"
import { FakeClock } from "../../../lib/testing/FakeClock"

describe("StoreBreaker", () => {
    let clock: FakeClock
    let changes: boolean[]
    let isBack: boolean
    let probes: number
    let breaker: StoreBreaker
    beforeEach(() => {
        clock = new FakeClock()
        changes = []
        isBack = false
        probes = 0
        breaker = new StoreBreaker({
            failures: 3,
            retryAfter: 1_000,
            clock,
            probe: async () => {
                probes++
                return isBack
            },
            onChange: (isOpen) => changes.push(isOpen),
        })
    })
    const fail = (times: number): void => void Array.from({ length: times }, () => breaker.failed())
    const succeed = (times: number): void => void Array.from({ length: times }, () => breaker.succeeded())
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    async function pass(milliseconds: number): Promise<void> {
        clock.advance(milliseconds)
        await settled()
    }

    it("opens with the third failure of three, and says so once", () => {
        fail(2)
        expect(breaker.isOpen).to.equal(false)
        fail(1)
        expect(breaker.isOpen).to.equal(true)
        fail(5)
        expect(changes).to.deep.equal([true])
    })

    it("stays closed while half of the calls succeed, and opens when fewer do", () => {
        for (let i = 0; i < 50; i++) {
            succeed(1)
            fail(1)
        }
        expect(breaker.isOpen).to.equal(false)
        fail(3)
        expect(breaker.isOpen).to.equal(true)
    })

    it("forgets failures of long ago", () => {
        fail(2)
        succeed(6)
        fail(2)
        expect(breaker.isOpen).to.equal(false)
    })

    it("looks again and again, and closes when there is an answer", async () => {
        fail(3)
        await pass(999)
        expect(probes).to.equal(0)
        for (let i = 1; i <= 3; i++) {
            await pass(i === 1 ? 1 : 1_000)
            expect(probes).to.equal(i)
            expect(breaker.isOpen).to.equal(true)
        }
        isBack = true
        await pass(1_000)
        expect(breaker.isOpen).to.equal(false)
        expect(changes).to.deep.equal([true, false])
        expect(clock.pending).to.equal(0)
        // what failed before it was back counts no more
        fail(2)
        expect(breaker.isOpen).to.equal(false)
    })

    it("leaves no timer, and keeps nobody from calling, when it is closed for good", async () => {
        fail(3)
        breaker.close()
        expect(clock.pending).to.equal(0)
        expect(breaker.isOpen).to.equal(false)
        fail(10)
        expect(breaker.isOpen).to.equal(false)
    })

    it("does not begin to look anew when it is closed for good during a look", async () => {
        fail(3)
        clock.advance(1_000)
        breaker.close()
        await settled()
        expect(clock.pending).to.equal(0)
        expect(changes).to.deep.equal([true])
    })
})
