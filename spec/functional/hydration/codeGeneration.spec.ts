import { expect } from "chai"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"

const run = async (...flags: string[]): Promise<string> => {
    const fixture = join(__dirname, "codeGeneration.fixture.ts")
    const { stdout } = await promisify(execFile)(process.execPath, [
        ...flags,
        "-r",
        "ts-node/register/transpile-only",
        fixture,
    ])
    return stdout.trim()
}

describe("compileRow", function () {
    // A process that compiles TypeScript takes seconds on a busy machine.
    this.timeout(60_000)

    it("generates code", async () => expect(await run()).equal("generated same"))

    it("hydrates all the same where the process forbids generated code", async () =>
        expect(await run("--disallow-code-generation-from-strings")).equal("forbidden same"))
})
