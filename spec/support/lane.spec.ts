import { expect } from "chai"
import { join } from "node:path"

interface Result {
    readonly passed: number
    readonly failed: number
    readonly skipped: number
    readonly reasons: readonly string[]
    readonly output: string
}

const { perform } = require("./lane.cjs") as { perform(options: Record<string, unknown>): Promise<Result> }

const run = (name: string, options: object = {}, env: NodeJS.ProcessEnv = {}): Promise<Result> =>
    perform({
        ...{ title: name, args: [join("spec", "support", "failure", `${name}.ts`)], ...options },
        env: { FAIL_ON_PENDING: "", ...env },
    })

describe("a run of several at a time", function () {
    this.timeout(60_000)

    it("gives its numbers and what it has printed", async () => {
        const { output, ...result } = await run("pending")
        expect(result).to.deep.equal({ passed: 1, failed: 0, skipped: 1, reasons: [] })
        expect(output).to.match(/1 passed, 0 failed, 1 skipped$/m)
    })

    it("has failed where a pending spec is not allowed", async () => {
        expect(await run("pending", {}, { FAIL_ON_PENDING: "1" })).to.include({ passed: 1, failed: 1 })
    })

    it("is ended when nothing happens there, and says where it was and what had failed before", async () => {
        const { passed, failed, reasons } = await run("stuck", { patience: 8_000 })
        expect({ passed, failed }).to.deep.equal({ passed: 1, failed: 2 })
        expect(reasons[0]).to.match(/has a spec that fails\nError: no/)
        expect(reasons[1]).to.match(/^stuck: broke off in ".* has a spec that never ends": nothing happened for 8 s$/)
    })

    it("has failed where it was killed", async () => {
        const { passed, failed, reasons } = await run("killed")
        expect({ passed, failed }).to.deep.equal({ passed: 1, failed: 1 })
        expect(reasons[0]).to.match(/broke off in ".* ends in the midst of a spec": SIGKILL$/)
    })
})
