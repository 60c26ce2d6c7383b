"use strict"

const { appendFileSync } = require("node:fs")
const { inspect } = require("node:util")
const { reporters } = require("mocha")

/**
 * Mocha's spec reporter with a plain last line, `N passed, N failed, N skipped`.
 *
 * FAIL_ON_PENDING=1: a pending spec fails the run, unless it says that the TypeORM of the run has no such thing.
 * SPEC_SUMMARY=file: appends the numbers and what failed to it, one JSON line a run. Whoever forked the run is told of
 * every step, so that of a run that breaks off it is known where, and what had failed before.
 */
module.exports = class Reporter extends reporters.Spec {
    #pending = []
    #failures = []

    constructor(runner, options) {
        super(runner, options)
        runner.on("pending", (test) => this.#pending.push(test.fullTitle()))
        runner.on("fail", (test, error) => this.#failures.push(`${test.fullTitle()}\n${error?.stack ?? error}`))
        if (process.send === undefined) return
        const tell = ({ spec, reason }) => {
            if (process.connected) process.send({ spec: spec.fullTitle(), passed: this.stats.passes, reason })
        }
        runner.on("test", (spec) => tell({ spec }))
        // Those around each spec are part of it.
        runner.on("hook", (spec) => /^"(before|after) each"/.test(spec.title) || tell({ spec }))
        runner.on("fail", (spec) => tell({ spec, reason: this.#failures.at(-1) }))
        // Nobody waits for this run any more.
        process.once("disconnect", () => process.exit(1))
        // Whoever listens keeps the run from ending.
        process.channel.unref()
    }

    done(failures, finish) {
        const { passes } = this.stats
        const skipped = this.#pending.length
        const { SPEC_SUMMARY, FAIL_ON_PENDING } = process.env
        const missing = this.#pending.filter((title) => !/\(left out: (this )?TypeORM /.test(title))
        const refused = FAIL_ON_PENDING === "1" && missing.length > 0
        if (refused) console.log(`Pending, which FAIL_ON_PENDING=1 does not allow:\n  ${missing.join("\n  ")}\n`)
        const reasons = [...this.#failures, ...(refused ? missing.map((title) => `${title}\nis pending`) : [])]
        if (SPEC_SUMMARY)
            appendFileSync(SPEC_SUMMARY, `${JSON.stringify({ passed: passes, failed: failures, skipped, reasons })}\n`)
        console.log(`${passes} passed, ${failures} failed, ${skipped} skipped`)
        finish(refused ? failures + missing.length : failures)
        // Node's own cleaning up behind the last event may wait for ever for a request of a connection that was cut.
        process.once("beforeExit", () => process.exit())
        // What a spec left open would keep the run from ending. The timer itself does not.
        setTimeout(() => {
            console.error(`The run left open, and ends nevertheless: ${process.getActiveResourcesInfo().join(", ")}`)
            for (const handle of process._getActiveHandles())
                console.error(inspect(handle, { depth: 1 }).slice(0, 1500))
            process.exit()
        }, 15_000).unref()
    }
}
