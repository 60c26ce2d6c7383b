import { expect } from "chai"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const ROOT = join(__dirname, "..", "..")

/** Runs a file of specs as the suite would; the code that mocha ends with, and its last line. */
function run(name: string, env: NodeJS.ProcessEnv = {}): { code: number | null; lastLine: string | undefined } {
    const { status, stdout } = spawnSync(
        process.execPath,
        [require.resolve("mocha/bin/mocha.js"), join("spec", "support", "failure", name)],
        { cwd: ROOT, encoding: "utf8", env: { ...process.env, SPEC_SUMMARY: "", FAIL_ON_PENDING: "", ...env } },
    )
    return { code: status, lastLine: stdout.trimEnd().split("\n").at(-1) }
}

describe("a run of the suite", () => {
    it("fails when a rejection goes unhandled during a spec", () => {
        const { code, lastLine } = run("rejection.ts")
        expect(code).not.to.equal(0)
        expect(lastLine).to.equal("2 passed, 1 failed, 0 skipped")
    })

    it("fails when a rejection goes unhandled after the last spec", () => {
        expect(run("lateRejection.ts").code).not.to.equal(0)
    })

    it("notes what failed, for whoever sums several runs up", () => {
        const folder = mkdtempSync(join(tmpdir(), "second-level-cache-summary-"))
        try {
            const summary = join(folder, "summary")
            run("rejection.ts", { SPEC_SUMMARY: summary })
            run("pending.ts", { SPEC_SUMMARY: summary, FAIL_ON_PENDING: "1" })
            const runs = readFileSync(summary, "utf8").trimEnd().split("\n")
            const [rejection, pending] = runs.map((line) => (JSON.parse(line) as { reasons: string[] }).reasons.join())
            expect(rejection).to.match(/nobody cares/)
            expect(pending).to.match(/is pending$/)
        } finally {
            rmSync(folder, { recursive: true, force: true })
        }
    })

    it("passes with a pending spec unless that is forbidden", () => {
        expect(run("pending.ts")).to.deep.equal({ code: 0, lastLine: "1 passed, 0 failed, 1 skipped" })
        expect(run("pending.ts", { FAIL_ON_PENDING: "1" })).to.deep.equal({
            code: 1,
            lastLine: "1 passed, 0 failed, 1 skipped",
        })
    })
})
