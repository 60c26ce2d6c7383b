import { expect } from "chai"
import { ChannelWatch } from "../../../lib/store/ChannelWatch"
import { FakeClock } from "../../../lib/testing/FakeClock"

const HEARTBEAT = 100
const MAX_LAG = 350

describe("ChannelWatch", () => {
    let clock: FakeClock
    let looks: { at: number; answer: (isProven: boolean) => Promise<void> }[]
    let late: number
    let watch: ChannelWatch

    beforeEach(() => {
        clock = new FakeClock(0)
        looks = []
        late = 0
        watch = new ChannelWatch({
            clock,
            heartbeat: HEARTBEAT,
            maxLag: MAX_LAG,
            sync: () =>
                new Promise((resolve, reject) => {
                    looks.push({
                        at: clock.now(),
                        answer: async (isProven) => {
                            if (isProven) resolve()
                            else reject(new Error("cut"))
                            await new Promise(setImmediate)
                        },
                    })
                }),
            onLate: () => void late++,
        })
    })

    it("is not fresh before a first look was answered", async () => {
        expect(watch.isFresh).to.equal(false)
        watch.start()
        expect(watch.isFresh).to.equal(false)
        await looks[0]!.answer(true)
        expect(watch.isFresh).to.equal(true)
    })

    it("counts from the beginning of a look, not from its answer", async () => {
        watch.start()
        clock.advance(HEARTBEAT - 1)
        await looks[0]!.answer(true)
        clock.advance(MAX_LAG - HEARTBEAT + 1)
        expect(watch.isFresh).to.equal(true)
        clock.advance(1)
        expect(watch.isFresh).to.equal(false)
    })

    it("looks once a heartbeat, one look at a time", async () => {
        watch.start()
        clock.advance(3 * HEARTBEAT)
        expect(looks.map(({ at }) => at)).to.deep.equal([0])
        await looks[0]!.answer(true)
        clock.advance(2 * HEARTBEAT)
        expect(looks.map(({ at }) => at)).to.deep.equal([0, 400])
        await looks[1]!.answer(true)
        clock.advance(HEARTBEAT)
        expect(looks.map(({ at }) => at)).to.deep.equal([0, 400, 600])
    })

    it("takes a look that stays away for lost, and goes on", async () => {
        watch.start()
        clock.advance(4 * HEARTBEAT)
        expect(looks.map(({ at }) => at)).to.deep.equal([0, 400])
        await looks[1]!.answer(true)
        expect(watch.isFresh).to.equal(true)
        await looks[0]!.answer(true)
        clock.advance(MAX_LAG)
        expect(watch.isFresh, "the older answer says nothing new").to.equal(true)
        clock.advance(1)
        expect(watch.isFresh).to.equal(false)
    })

    it("tells once that it is late, and not when it never was up to date", async () => {
        watch.start()
        clock.advance(10 * HEARTBEAT)
        expect(late).to.equal(0)
        await looks.at(-1)!.answer(true)
        clock.advance(10 * HEARTBEAT)
        expect(late).to.equal(1)
        await looks.at(-1)!.answer(true)
        expect(watch.isFresh).to.equal(true)
        clock.advance(10 * HEARTBEAT)
        expect(late).to.equal(2)
    })

    it("is not fresh after a look that failed, and looks again", async () => {
        watch.start()
        await looks[0]!.answer(false)
        expect(watch.isFresh).to.equal(false)
        clock.advance(HEARTBEAT)
        await looks[1]!.answer(true)
        expect(watch.isFresh).to.equal(true)
    })

    it("takes nothing from a time before it was stopped", async () => {
        watch.start()
        watch.stop()
        await looks[0]!.answer(true)
        expect(watch.isFresh).to.equal(false)
        watch.start()
        await looks[0]!.answer(true)
        expect(watch.isFresh).to.equal(false)
        await looks[1]!.answer(true)
        expect(watch.isFresh).to.equal(true)
        watch.stop()
        expect(watch.isFresh).to.equal(false)
        clock.advance(10 * HEARTBEAT)
        expect(looks).to.have.length(2)
        expect(clock.pending).to.equal(0)
    })
})
