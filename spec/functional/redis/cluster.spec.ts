import { expect } from "chai"
import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore } from "../../../lib/redis"
import { FENCED } from "../../../lib/store/CacheStore"
import { TieredStore } from "../../../lib/store/TieredStore"
import { describeCacheStore } from "../../../lib/testing/describeCacheStore"
import { leaveOut, START_TIMEOUT } from "../../support/choice"
import { type StartedCluster, startCluster } from "../../support/startCluster"
import { findRedis } from "../../support/startRedis"
import { untilNear } from "../../support/untilNear"

describe("RedisStore on a cluster", function () {
    if (findRedis() === undefined) return leaveOut("redis", "redis-server is not installed")

    let cluster: StartedCluster
    const clients: { disconnect(): void }[] = []

    before(async function () {
        this.timeout(START_TIMEOUT)
        cluster = await startCluster({ masters: 2 })
    })
    after(async () => {
        for (const client of clients) client.disconnect()
        await cluster?.stop()
    })

    const nodes = () => [...cluster.nodes]
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
