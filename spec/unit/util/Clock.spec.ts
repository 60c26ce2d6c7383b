import { expect } from "chai"
import { systemClock } from "../../../lib/util/Clock"

describe("the process's clock", () => {
    it("does not take a delay beyond what a timer takes for none", async () => {
        let hasRun = false
        const cancel = systemClock.schedule(2 ** 32, () => (hasRun = true))
        await new Promise((resolve) => setTimeout(resolve, 10))
        cancel()
        expect(hasRun).to.equal(false)
    })
})
