import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { expect } from "chai"
import { SecondLevelCache, TieredStore } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"
import { startSentinel } from "../support/startSentinel"
import { StateProbe } from "./StateProbe"

forEachDatabase("a Redis behind Sentinel that fails over", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name !== "sqlite") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let master: StartedServer
    let replica: StartedServer
    let sentinel: StartedServer
    let client: Redis
    let cache: SecondLevelCache

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        master = await startRedis()
        replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(master.port)] })
        sentinel = await startSentinel(master.port)
    })
    afterEach(async () => {
        await cache.close()
        client.disconnect()
        await database.cleanUp()
        for (const server of [sentinel, replica, master]) await server.stop()
    })

    /** Asks a server until the answer is as wanted. */
    async function until(server: StartedServer, accepts: (admin: Redis) => Promise<boolean>): Promise<void> {
        const admin = new Redis(server.url)
        try {
            while (!(await accepts(admin))) await new Promise((resolve) => setTimeout(resolve, 20))
        } finally {
            admin.disconnect()
        }
    }

    for (const [version, near] of [
        [5, false],
        [6, true],
    ] as const)
        // prettier-ignore
        it(`is used again, and never for what was written meanwhile: ioredis ${version}${
                near ? ", with a near tier" : ""
            }`, async function () {
                this.timeout(60_000)
                const options = {
                    sentinels: [{ host: "127.0.0.1", port: sentinel.port }],
                    name: "main",
                    maxRetriesPerRequest: 1,
                    retryStrategy: () => 50,
                    sentinelRetryStrategy: () => 50,
                }
                client = version === 5 ? new Redis(options) : (new Redis6(options) as unknown as Redis)
                client.on("error", () => undefined)
                const far = new RedisStore({ client })
                const store = near ? new TieredStore({ far, heartbeat: "50ms" }) : far
                cache = new SecondLevelCache({ store, storeTimeout: "200ms", circuitBreaker: { retryAfter: "50ms" } })
                const logger = new QueryRecorder()
                const settings = { entities: [Item], subscribers: [cache.subscriber], logger }
                const probe = await StateProbe.open(await database.createDataSource(settings), logger)
                await probe.write(1)
                await probe.untilHit(1)
                await until(sentinel, async (it) => {
                    const replicas = (await it.call("SENTINEL", "REPLICAS", "main")) as string[][]
                    return replicas.some((one) => one.includes(String(replica.port)) && one.join().includes("ok"))
                })
                // what is not acknowledged by the replica would be lost, and with it the invalidation
                await until(master, async (it) => {
                    // WAIT is for what its own connection has written, and nothing written before comes behind that
                    await it.set("marker", "")
                    return (await it.wait(1, 1_000)) === 1
                })

                await master.kill()
                for (let state = 2; state <= 4; state++) {
                    await probe.write(state)
                    expect((await probe.read()).state).to.equal(state)
                }
                await until(replica, async (it) => String(await it.call("ROLE")).startsWith("master"))
                await probe.untilHit(4)
                await probe.write(5)
                await probe.untilHit(5)
            })
})
