import "./register"
import type { RootHookObject } from "mocha"
import { stopAllServers } from "./servers"

/** Servers start when a spec first needs them; here they end. */
export const mochaHooks: RootHookObject = {
    async afterAll(this: Mocha.Context) {
        this.timeout(30_000)
        await stopAllServers()
    },
}
