import { expect } from "chai"
import { Cluster, Redis } from "ioredis"
import { Cluster as Cluster6 } from "ioredis-6"
import { SecondLevelCache, TieredStore } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { type StartedCluster, startCluster } from "../support/startCluster"
import { StateProbe } from "./StateProbe"

forEachDatabase("a cluster that fails over", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name !== "sqlite") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let cluster: StartedCluster
    let client: Cluster
    let cache: SecondLevelCache

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        cluster = await startCluster({ masters: 3, replicas: true })
    })
    afterEach(async () => {
        await cache.close()
        client.disconnect()
        await database.cleanUp()
        await cluster.stop()
    })

    async function ask<T>(server: StartedServer, question: (admin: Redis) => Promise<T>): Promise<T> {
        const admin = new Redis(server.url)
        try {
            return await question(admin)
        } finally {
            admin.disconnect()
        }
    }

    /** The place of the master that has the tag, once its replica has all that it has. */
    async function masterOf(tag: string): Promise<number> {
        for (const [i, master] of cluster.masters.entries()) {
            const isHere = await ask(master, async (it) => {
                const [key] = await it.keys(`*:t:${tag}`)
                // WAIT is for what its own connection has written, and nothing written before comes behind that
                return key !== undefined && (await it.persist(key)) === 1 && (await it.wait(1, 5_000)) === 1
            })
            if (isHere) return i
        }
        throw new Error(`No master with a replica has the tag ${tag}.`)
    }

    for (const [version, near, tag] of [
        [5, false, "row:item:1"],
        [6, true, "rows:item"],
    ] as const)
        // prettier-ignore
        it(`is used again, and never for what was written meanwhile: ioredis ${version}${
                near ? ", with a near tier" : ""
            }`, async function () {
                this.timeout(60_000)
                const options = {
                    clusterRetryStrategy: () => 50,
                    // what it kept for the new master would save the cache from telling it itself
                    retryDelayOnFailover: 10,
                    maxRedirections: 1,
                    redisOptions: { maxRetriesPerRequest: 1 },
                }
                const nodes = [...cluster.nodes]
                client = version === 5
                    ? new Cluster(nodes, options)
                    : (new Cluster6(nodes, options) as unknown as Cluster)
                client.on("error", () => undefined)
                const far = new RedisStore({ client })
                const store = near ? new TieredStore({ far, heartbeat: "50ms" }) : far
                cache = new SecondLevelCache({
                    store,
                    storeTimeout: "50ms",
                    // without it, reads find the new master before what it was not told has been repeated
                    circuitBreaker: near ? { retryAfter: "50ms" } : false,
                    // one that the client keeps for the new master may come behind its release and stand to its end
                    fence: "1s",
                })
                const logger = new QueryRecorder()
                const settings = { entities: [Item], subscribers: [cache.subscriber], logger }
                const probe = await StateProbe.open(await database.createDataSource(settings), logger)
                let state = 0
                const writeOn = async (): Promise<void> => {
                    await probe.write(++state)
                    expect((await probe.read()).state).to.equal(state)
                }
                await writeOn()
                await probe.untilHit(state)

                const place = await masterOf(tag)
                await cluster.masters[place]!.kill()
                const heir = cluster.replicas[place]!
                do await writeOn()
                while (!String(await ask(heir, (it) => it.call("ROLE"))).startsWith("master"))
                await probe.untilHit(state)
                await writeOn()
                await probe.untilHit(state)
            })
})
