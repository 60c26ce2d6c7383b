import { expect } from "chai"
import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore } from "../../../lib/redis"
import { FENCED } from "../../../lib/store/CacheStore"
import { TieredStore } from "../../../lib/store/TieredStore"
import { describeCacheStore } from "../../../lib/testing/describeCacheStore"
import { leaveOut, START_TIMEOUT } from "../../support/choice"
import type { StartedServer } from "../../support/server/ServerProcess"
import { findRedis, startRedis } from "../../support/startRedis"
import { untilNear } from "../../support/untilNear"

describe("RedisStore on a cluster", function () {
    if (findRedis() === undefined) return leaveOut("redis", "redis-server is not installed")

    const servers: StartedServer[] = []
    const clients: { disconnect(): void }[] = []

    before(async function () {
        this.timeout(START_TIMEOUT)
        for (let i = 0; i < 2; i++) servers.push(await startRedis({ args: ["--cluster-enabled", "yes"] }))
        await joinCluster(servers)
    })
    after(async () => {
        for (const client of clients) client.disconnect()
        for (const server of servers) await server.stop()
    })

    const nodes = () => servers.map(({ port }) => ({ host: "127.0.0.1", port }))
    const open = () => {
        const client = new Redis.Cluster(nodes())
        clients.push(client)
        return client
    }
    const open6 = () => {
        const client = new Redis6.Cluster(nodes())
        clients.push(client)
        return client
    }

    describeCacheStore("ioredis 5", () => new RedisStore({ client: open() }))
    describeCacheStore("ioredis 6", () => new RedisStore({ client: open6(), distributedLock: "300ms" }), {
        locks: true,
    })

    describeCacheStore("ioredis 5, with bytes", () => new RedisStore({ client: open() }), { bytes: true })

    describeCacheStore("a near tier in front of it", async () => {
        const store = new TieredStore({ far: new RedisStore({ client: open() }) })
        await untilNear(store)
        return store
    })

    for (const [version, openOne] of [
        [5, open],
        [6, open6],
    ] as const)
        // prettier-ignore
        it(`tells near tiers what is invalidated on any node, with ioredis ${version}`, async () => {
            const [reader, writer] = [1, 2].map(
                () => new TieredStore({ far: new RedisStore({ client: openOne() }), heartbeat: "20ms" }),
            ) as [TieredStore, TieredStore]
            try {
                for (const store of [reader, writer]) await untilNear(store)
                for (let i = 0; i < 20; i++) {
                    const [key, tag] = [`near:v:${i}`, `near:t:${i}`]
                    await writer.stamp([tag], "stamp", 60_000)
                    await writer.write([{ key, payload: [i], ttl: 60_000, stamps: [[tag, "stamp"]], size: 3 }])
                    await reader.read([key], [tag])
                    expect(reader.read([key], [tag]), "at once").to.include({ isNear: true })
                    await writer.release([tag], "owner", 60_000)
                    while ((await reader.read([key], [tag])).isNear) await new Promise(setImmediate)
                    expect((await reader.read([key], [tag])).tags).to.not.deep.equal(["stamp"])
                }
            } finally {
                for (const store of [reader, writer]) await store.close()
            }
        })

    it("tells every node a script again after it forgot it", async () => {
        const client = open()
        const store = new RedisStore({ client })
        const tags = Array.from({ length: 20 }, (_, i) => `tag:${i}`)
        await store.fence(tags, "owner", 60_000)
        await Promise.all(client.nodes("master").map((node) => node.script("FLUSH")))
        await store.fence(tags, "owner", 60_000)
        expect(new Set((await store.read([], tags)).tags)).to.deep.equal(new Set([FENCED]))
        await store.release(tags, "owner", 1)
    })
})

/** Makes one cluster of the servers: half of the slots for each of the two. */
async function joinCluster(servers: readonly StartedServer[]): Promise<void> {
    const members = servers.map(({ url }) => new Redis(url))
    try {
        const [first, second] = members as [Redis, Redis]
        await first.call("CLUSTER", "ADDSLOTSRANGE", "0", "8191")
        await second.call("CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
        await second.call("CLUSTER", "SET-CONFIG-EPOCH", "2")
        await first.call("CLUSTER", "MEET", "127.0.0.1", String(servers[1]!.port))
        for (const member of members) {
            const end = performance.now() + 20_000
            while (!(await isWhole(member))) {
                if (performance.now() > end) throw new Error("The cluster did not come together within 20 s.")
                await new Promise((resolve) => setTimeout(resolve, 20))
            }
        }
    } finally {
        for (const member of members) member.disconnect()
    }
}

async function isWhole(member: Redis): Promise<boolean> {
    const info = String(await member.call("CLUSTER", "INFO"))
    return info.includes("cluster_state:ok") && info.includes("cluster_slots_ok:16384")
}
