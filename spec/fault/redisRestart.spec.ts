import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"

forEachDatabase("a Redis that is killed", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name === "mariadb") return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    let cache: SecondLevelCache
    let logger: QueryRecorder
    let dataSource: DataSource
    let items: CachedRepository<Item>

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis()
        cache = new SecondLevelCache({ store: new RedisStore({ url: server.url }), storeTimeout: "100ms" })
        logger = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger })
        await dataSource.manager.insert(Item, { id: 1, code: "code", kind: "kind", state: 0 })
        items = new CachedRepository(Item, dataSource.manager)
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
        await server.stop()
    })

    async function read(): Promise<{ state: number; isHit: boolean }> {
        const { length } = logger.selects
        const { state } = await items.findOneByOrFail({ id: 1 })
        return { state, isHit: logger.selects.length === length }
    }
    const write = (state: number): Promise<unknown> =>
        dataSource.transaction((manager) => manager.update(Item, 1, { state }))
    async function untilHit(state: number): Promise<void> {
        for (;;) {
            const found = await read()
            expect(found.state).to.equal(state)
            if (found.isHit) return
        }
    }

    it("costs no answer and no write, and is used again when it is back", async () => {
        await untilHit(0)
        await server.kill()
        expect(await read()).to.deep.equal({ state: 0, isHit: false })
        await write(1)
        expect(await read()).to.deep.equal({ state: 1, isHit: false })
        await server.restart()
        await untilHit(1)
        await write(2)
        await untilHit(2)
    })

    it("between fence and COMMIT leaves nothing old behind", async () => {
        await untilHit(0)
        await dataSource.transaction(async (manager) => {
            await manager.update(Item, 1, { state: 1 })
            await server.kill()
        })
        expect(await read()).to.deep.equal({ state: 1, isHit: false })
        await server.restart()
        await untilHit(1)
    })

    it("and does not come back lets close() end", async () => {
        await untilHit(0)
        await server.kill()
        await write(1)
        await cache.close()
        expect(await read()).to.deep.equal({ state: 1, isHit: false })
    })

    it("and hangs costs storeTimeout and no answer", async () => {
        await untilHit(0)
        server.signal("SIGSTOP")
        expect(await read()).to.deep.equal({ state: 0, isHit: false })
        await write(1)
        expect(await read()).to.deep.equal({ state: 1, isHit: false })
        server.signal("SIGCONT")
        await untilHit(1)
    })
})
