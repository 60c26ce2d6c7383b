import { expect } from "chai"
import { Redis } from "ioredis"
import type { DataSource } from "typeorm"
import { SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
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

forEachDatabase("a Redis in trouble", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name === "mariadb") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    let proxy: TcpProxy
    let admin: Redis
    let cache: SecondLevelCache
    let events: string[]
    let dataSource: DataSource
    let probe: StateProbe

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis()
        proxy = await TcpProxy.start(server.url)
        admin = new Redis(server.url)
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
        admin.disconnect()
        await proxy.stop()
        await server.stop()
    })

    async function open(options: SecondLevelCacheOptions = {}): Promise<void> {
        events = []
        cache = new SecondLevelCache({
            store: new RedisStore({ url: proxy.through(server.url) }),
            storeTimeout: "50ms",
            circuitBreaker: { retryAfter: "20ms" },
            logger: { log: ({ level, action }) => void (level === "warn" && events.push(action)) },
            ...options,
        })
        const logger = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger })
        probe = await StateProbe.open(dataSource, logger)
    }
    const until = async (action: string): Promise<void> => {
        while (!events.includes(action)) await new Promise((resolve) => setTimeout(resolve, 1))
    }

    it("that answers no more holds a few reads, then none, and is used when it answers again", async () => {
        await open()
        await probe.untilHit(0)
        proxy.pause()
        let waiting = 0
        while (!events.includes("broken")) {
            expect((await probe.read()).state).to.equal(0)
            waiting++
        }
        expect(waiting).to.be.at.most(6)
        const { bytes } = proxy
        const sent = bytes.clientToServer
        for (let i = 1; i <= 3; i++) {
            await probe.write(i)
            expect(await probe.read()).to.deep.equal({ state: i, isHit: false })
        }
        // a look at most, of some bytes
        expect(bytes.clientToServer - sent).to.be.below(500)
        proxy.resume()
        await until("recovered")
        await probe.untilHit(3)
    })

    it("that takes 200 ms for each command is used where the time-out allows it, and left alone where not", async () => {
        await open({ storeTimeout: "5s" })
        await probe.untilHit(0)
        proxy.delay(100)
        await probe.write(1)
        await probe.untilHit(1)
        expect(events).to.deep.equal([])
        proxy.delay(0)
        await cache.close()
        await database.cleanUp()

        await open()
        await probe.untilHit(0)
        proxy.delay(100)
        while (!events.includes("broken")) expect((await probe.read()).state).to.equal(0)
        await probe.write(1)
        expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
        proxy.delay(0)
        await until("recovered")
        await probe.untilHit(1)
    })

    it("that takes no writes is read, and never for what was written meanwhile", async () => {
        await open({ storeTimeout: "5s" })
        await probe.untilHit(0)
        // a replica of nobody takes no writes
        await admin.call("REPLICAOF", "127.0.0.1", "1")
        for (let i = 1; i <= 3; i++) {
            await probe.write(i)
            for (let k = 0; k < 3; k++) expect(await probe.read()).to.deep.equal({ state: i, isHit: false })
        }
        await admin.call("REPLICAOF", "NO", "ONE")
        await probe.untilHit(3)
    })

    it("that is out of memory is read, and never for what was written meanwhile", async () => {
        await open({ storeTimeout: "5s" })
        await probe.untilHit(0)
        await admin.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
        await admin.call("CONFIG", "SET", "maxmemory", "1")
        for (let i = 1; i <= 3; i++) {
            await probe.write(i)
            for (let k = 0; k < 3; k++) expect(await probe.read()).to.deep.equal({ state: i, isHit: false })
        }
        await admin.call("CONFIG", "SET", "maxmemory", "0")
        await probe.untilHit(3)
    })

    it("that loses everything and all connections at once costs no answer", async () => {
        await open({ storeTimeout: "5s" })
        for (let i = 1; i <= 2; i++) {
            await probe.untilHit(i - 1)
            await admin.flushall()
            proxy.cut()
            await probe.write(i)
            expect((await probe.read()).state).to.equal(i)
            proxy.restore()
        }
    })
})
