import "./register"
import fc from "fast-check"
import type { RootHookObject } from "mocha"
import { stopAllServers } from "./servers"

// A rejection that nobody handles would end a user's process, so that it fails the run. Mocha lets it pass, and thrown
// into a spec it would make Mocha fail that spec twice, or break off: it is reported at the end, with the spec's title.

// Properties are tried with other examples in each run, but where a red run is to tell of a change.
const { FUZZ_SEED } = process.env
if (FUZZ_SEED !== undefined) fc.configureGlobal({ seed: Number(FUZZ_SEED) })

const rejections: string[] = []
const seen = new WeakSet<Promise<unknown>>()
let title = "the start"
let hasEnded = false

process.on("unhandledRejection", (reason, promise) => {
    // Mocha passes on what it has been told of.
    if (seen.has(promise)) return
    seen.add(promise)
    if (hasEnded) throw reason
    rejections.push(`during "${title}": ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`)
})

/** Servers start when a spec first needs them; here they end. */
export const mochaHooks: RootHookObject = {
    beforeEach(this: Mocha.Context) {
        title = this.currentTest?.fullTitle() ?? title
    },

    async afterAll(this: Mocha.Context) {
        this.timeout(30_000)
        await stopAllServers()
        // Node tells of rejections only when the microtasks are done.
        await new Promise((resolve) => setImmediate(resolve))
        hasEnded = true
        if (rejections.length > 0) throw new Error(`rejections that nobody handled:\n${rejections.join("\n")}`)
    },
}
