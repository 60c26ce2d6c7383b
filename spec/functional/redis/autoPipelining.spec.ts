import { expect } from "chai"
import { Cluster, type Redis } from "ioredis"
import { Cluster as Cluster6 } from "ioredis-6"
import { RedisStore } from "../../../lib/redis"
import { FENCED } from "../../../lib/store/CacheStore"
import { leaveOut, START_TIMEOUT } from "../../support/choice"
import type { StartedServer } from "../../support/server/ServerProcess"
import { type StartedCluster, startCluster } from "../../support/startCluster"
import { findRedis, startRedis } from "../../support/startRedis"
import { openClient, type ClientVersion } from "./openClient"
import { tap, type Wiretap } from "./wiretap"

const LONG = 60_000
const COUNT = 50
const PLACES = Array.from({ length: COUNT }, (_, i) => i)

/** Stores so many entries, each with a stamp of its own, and puts a fence on every fifth of the tags. */
async function fill(store: RedisStore): Promise<void> {
    await Promise.all(PLACES.map((i) => store.stamp([`t${i}`], `stamp${i}`, LONG)))
    const entries = PLACES.map((i) => {
        const stamps = [[`t${i}`, `stamp${i}`]] as [string, string][]
        return { key: `k${i}`, payload: `"${i}"`, ttl: LONG, stamps, size: 4 }
    })
    await store.write(entries)
    for (const i of PLACES) if (i % 5 === 0) await store.fence([`t${i}`], "owner", LONG)
}

async function expectAnswers(store: RedisStore): Promise<void> {
    const reads = await Promise.all(PLACES.map((i) => store.read([`k${i}`, `none${i}`], [`t${i}`])))
    for (const [i, { payloads, tags }] of reads.entries()) {
        expect(payloads, `k${i}`).to.deep.equal([`"${i}"`, undefined])
        expect(tags, `t${i}`).to.deep.equal([i % 5 === 0 ? FENCED : `stamp${i}`])
    }
}

for (const version of [5, 6] as ClientVersion[])
    describe(`RedisStore where ioredis ${version} makes pipelines by itself`, function () {
        if (findRedis() === undefined) return leaveOut("redis", "redis-server is not installed")

        describe("on a single server", () => {
            let server: StartedServer
            let client: Redis
            let store: RedisStore

            before(async () => {
                server = await startRedis()
                client = await openClient(version, server.url, { enableAutoPipelining: true })
                store = new RedisStore({ client })
                await fill(store)
            })
            after(async () => {
                client?.disconnect()
                await server?.stop()
            })

            it("answers the reads of one tick in one trip", async () => {
                const seen = await tap(client, () => expectAnswers(store))
                expect(seen.names).to.deep.equal(PLACES.map(() => "mget"))
                expect(seen.writes).to.equal(1)
            })

            it("still makes one trip for each call that writes", async () => {
                const seen = await tap(client, () =>
                    Promise.all(PLACES.map((i) => store.release([`r${i}`], "owner", LONG))),
                )
                expect(seen.writes).to.equal(COUNT)
            })

            it("reads what was released before", async () => {
                const states: unknown[] = []
                for (let i = 0; i < 3; i++) {
                    await store.fence(["t"], "owner", LONG)
                    expect((await store.read([], ["t"])).tags).to.deep.equal([FENCED])
                    await store.release(["t"], "owner", LONG)
                    states.push(...(await store.read([], ["t"])).tags)
                }
                expect(new Set(states)).to.have.property("size", 3)
            })
        })

        describe("on a cluster", () => {
            let cluster: StartedCluster
            let client: Cluster
            let store: RedisStore

            before(async function () {
                this.timeout(START_TIMEOUT)
                cluster = await startCluster({ masters: 2 })
                const nodes = [...cluster.nodes]
                const options = { enableAutoPipelining: true }
                client =
                    version === 5 ? new Cluster(nodes, options) : (new Cluster6(nodes, options) as unknown as Cluster)
                store = new RedisStore({ client })
                await fill(store)
            })
            after(async () => {
                client?.disconnect()
                await cluster?.stop()
            })

            it("answers the reads of one tick in one trip to each node", async () => {
                const [one, other] = client.nodes("master") as [Redis, Redis]
                let inner!: Wiretap
                const outer = await tap(one, async () => (inner = await tap(other, () => expectAnswers(store))))
                expect([outer.writes, inner.writes]).to.deep.equal([1, 1])
                expect([...outer.names, ...inner.names]).to.deep.equal(PLACES.flatMap(() => ["get", "get", "get"]))
            })

            it("tells every node a script again after it forgot it", async () => {
                const tags = PLACES.map((i) => `s${i}`)
                await Promise.all(client.nodes("master").map((node) => node.script("FLUSH")))
                await store.fence(tags, "owner", LONG)
                expect(new Set((await store.read([], tags)).tags)).to.deep.equal(new Set([FENCED]))
                await store.release(tags, "owner", LONG)
                expect(new Set((await store.read([], tags)).tags)).to.have.property("size", COUNT)
            })
        })
    })
