import { expect } from "chai"
import { Cluster, Redis, type ClusterOptions } from "ioredis"
import { Cluster as Cluster6 } from "ioredis-6"
import { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { whyNotStartable } from "../support/servers"
import { type StartedCluster, startCluster } from "../support/startCluster"

forEachDatabase("a cluster whose slots move", (database) => {
    // one that two processes can share, and the others differ in nothing that Redis could see
    if (database.name !== "postgres") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let cluster: StartedCluster
    let masters: readonly [Redis, Redis]
    const clients: Cluster[] = []
    const caches: SecondLevelCache[] = []
    const dataSources: DataSource[] = []

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        cluster = await startCluster({ masters: 2 })
        masters = cluster.masters.map(({ url }) => new Redis(url)) as [Redis, Redis]
    })
    afterEach(async () => {
        for (const cache of caches.splice(0)) await cache.close()
        for (const client of clients.splice(0)) client.disconnect()
        for (const dataSource of dataSources.splice(0)) await dataSource.destroy()
        for (const master of masters) master.disconnect()
        await database.cleanUp()
        await cluster.stop()
    })

    /** A cache of its own, as another process has it. */
    function newCache(version: 5 | 6, options: ClusterOptions): SecondLevelCache {
        const nodes = [...cluster.nodes]
        const client =
            version === 5 ? new Cluster(nodes, options) : (new Cluster6(nodes, options as object) as unknown as Cluster)
        clients.push(client)
        // a write that could not be told of might be read old by the other
        const cache = new SecondLevelCache({ store: new RedisStore({ client }), storeTimeout: "10s" })
        caches.push(cache)
        return cache
    }

    /** The slots of everything that is kept, each with the place of the master that has it. */
    async function slotsInUse(): Promise<Map<number, 0 | 1>> {
        const slots = new Map<number, 0 | 1>()
        for (const place of [0, 1] as const)
            for (const key of await masters[place].keys("*"))
                slots.set(Number(await masters[place].call("CLUSTER", "KEYSLOT", key)), place)
        return slots
    }

    /** Moves a slot as redis-cli does, and waits between the steps. */
    async function move(slot: number, place: 0 | 1, pause: () => Promise<void>): Promise<void> {
        const [from, to] = [masters[place], masters[1 - place]!]
        const [fromId, toId] = await Promise.all([from, to].map(async (it) => String(await it.call("CLUSTER", "MYID"))))
        await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId!)
        await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", toId!)
        await pause()
        for (;;) {
            const keys = (await from.call("CLUSTER", "GETKEYSINSLOT", slot, 1)) as string[]
            if (keys.length === 0) break
            await from.call("MIGRATE", "127.0.0.1", cluster.masters[1 - place]!.port, "", 0, 5_000, "KEYS", ...keys)
            await pause()
        }
        for (const it of [to, from]) await it.call("CLUSTER", "SETSLOT", slot, "NODE", toId!)
        await pause()
    }

    for (const [version, options] of [
        [5, {}],
        [6, {}],
        [5, { enableAutoPipelining: true }],
        [6, { enableAutoPipelining: true }],
    ] as const)
        // prettier-ignore
        it(`is never read older than another process has written, and is used on: ioredis ${version}${
                "enableAutoPipelining" in options ? " with pipelines by itself" : ""
            }`, async () => {
                const [mine, others] = [newCache(version, options), newCache(version, options)]
                const entities = [Item]
                const writer = await database.createDataSource({ entities, subscribers: [mine.subscriber] })
                await writer.manager.insert(Item, { id: 1, code: "code", kind: "kind", state: 0 })
                const settings = { ...database.optionsOf(writer), entities, subscribers: [others.subscriber] }
                const reader = await new DataSource(settings).initialize()
                dataSources.push(reader)
                const repository = new CachedRepository(Item, reader.manager)

                let acknowledged = 0
                let isOver = false
                let hits = -1
                const readOn = async (): Promise<void> => {
                    while (!isOver) {
                        const [least, { hits: before }] = [acknowledged, others.stats.total()]
                        expect((await repository.findOneByOrFail({ id: 1 })).state).to.be.at.least(least)
                        if (least === acknowledged && others.stats.total().hits > before) hits = least
                    }
                }
                /** Resolves when a new state has been written and then found in the cache by the other process. */
                const round = async (): Promise<void> => {
                    await writer.transaction((manager) => manager.update(Item, 1, { state: acknowledged + 1 }))
                    acknowledged++
                    while (hits < acknowledged && !isOver) await new Promise((resolve) => setImmediate(resolve))
                }
                const moveOn = async (): Promise<void> => {
                    await round()
                    for (let i = 0; i < 2; i++)
                        for (const [slot, place] of await slotsInUse()) await move(slot, place, round)
                    await round()
                }
                const over = (): void => void (isOver = true)
                await Promise.all([readOn().finally(over), moveOn().finally(over)])
                for (const cache of [mine, others]) expect(cache.stats.total().errors).to.equal(0)
            })
})
