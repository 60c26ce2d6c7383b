import { expect } from "chai"
import { Redis } from "ioredis"
import { SecondLevelCache, TieredStore } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"
import { TcpProxy } from "../support/TcpProxy"
import { StateProbe } from "./StateProbe"

forEachDatabase("a Redis that is not there at the start", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name === "mariadb") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    let proxy: TcpProxy
    let cache: SecondLevelCache
    let client: Redis | undefined

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis()
        proxy = await TcpProxy.start(server.url)
        client = undefined
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
        client?.disconnect()
        await proxy.stop()
        await server.stop()
    })

    const STORES: Readonly<Record<string, (url: string) => RedisStore | TieredStore>> = {
        "a url": (url) => new RedisStore({ url }),
        "a client": (url) => {
            client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => 20 })
            client.on("error", () => undefined)
            return new RedisStore({ client })
        },
        "a near tier": (url) => new TieredStore({ far: new RedisStore({ url }), heartbeat: "20ms" }),
    }
    for (const [title, storeOf] of Object.entries(STORES)) {
        async function open(): Promise<StateProbe> {
            const store = storeOf(proxy.through(server.url))
            cache = new SecondLevelCache({ store, storeTimeout: "50ms", circuitBreaker: { retryAfter: "20ms" } })
            const logger = new QueryRecorder()
            const settings = { entities: [Item], subscribers: [cache.subscriber], logger }
            return StateProbe.open(await database.createDataSource(settings), logger)
        }

        for (const [what, away] of Object.entries({
            refuses: () => proxy.cut(),
            "is silent": () => proxy.pause(),
        })) {
            it(`and ${what} keeps nobody from starting, and is used once it is there: ${title}`, async () => {
                away()
                const probe = await open()
                for (let state = 1; state <= 3; state++) {
                    await probe.write(state)
                    expect(await probe.read()).to.deep.equal({ state, isHit: false })
                }
                proxy.restore()
                await probe.untilHit(3)
                await probe.write(4)
                await probe.untilHit(4)
            })

            it(`and ${what} keeps nobody from closing: ${title}`, async () => {
                away()
                const probe = await open()
                await probe.write(1)
                await cache.close()
                expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
            })
        }
    }
})
