import "./register"
import type { RootHookObject } from "mocha"
import { stopAllServers } from "./servers"

// A rejection that nobody handles would end a user's process, so that it fails the spec in which it comes up, or the run
// when that is over. Mocha by itself lets it pass.
process.on("unhandledRejection", (reason) => {
    throw reason instanceof Error ? reason : new Error(`unhandled rejection: ${String(reason)}`)
})

/** Servers start when a spec first needs them; here they end. */
export const mochaHooks: RootHookObject = {
    async afterAll(this: Mocha.Context) {
        this.timeout(30_000)
        await stopAllServers()
    },
}
