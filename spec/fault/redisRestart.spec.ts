import { expect } from "chai"
import type { DataSource } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { START_TIMEOUT } from "../support/choice"
import { forEachDatabase, type TestDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import type { StartedServer } from "../support/server/ServerProcess"
import { eachRedis } from "../support/eachRedis"
import { type RedisProgram, startRedis } from "../support/startRedis"
import { StateProbe } from "./StateProbe"

forEachDatabase("a Redis that is killed", (database) => {
    // the databases differ in nothing that Redis could see
    if (database.name === "mariadb") return
    eachRedis((program) => describeKilled(database, program))
})

function describeKilled(database: TestDatabase, program: RedisProgram | undefined): void {
    let server: StartedServer
    let cache: SecondLevelCache
    let dataSource: DataSource
    let probe: StateProbe

    beforeEach(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis({ program })
        cache = new SecondLevelCache({ store: new RedisStore({ url: server.url }), storeTimeout: "100ms" })
        const logger = new QueryRecorder()
        dataSource = await database.createDataSource({ entities: [Item], subscribers: [cache.subscriber], logger })
        probe = await StateProbe.open(dataSource, logger)
    })
    afterEach(async () => {
        await cache.close()
        await database.cleanUp()
        await server.stop()
    })

    it("costs no answer and no write, and is used again when it is back", async () => {
        await probe.untilHit(0)
        await server.kill()
        expect(await probe.read()).to.deep.equal({ state: 0, isHit: false })
        await probe.write(1)
        expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
        await server.restart()
        await probe.untilHit(1)
        await probe.write(2)
        await probe.untilHit(2)
    })

    it("between fence and COMMIT leaves nothing old behind", async () => {
        await probe.untilHit(0)
        await dataSource.transaction(async (manager) => {
            await manager.update(Item, 1, { state: 1 })
            await server.kill()
        })
        expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
        await server.restart()
        await probe.untilHit(1)
    })

    it("and does not come back lets close() end", async () => {
        await probe.untilHit(0)
        await server.kill()
        await probe.write(1)
        await cache.close()
        expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
    })

    it("and hangs costs storeTimeout and no answer", async () => {
        await probe.untilHit(0)
        server.signal("SIGSTOP")
        expect(await probe.read()).to.deep.equal({ state: 0, isHit: false })
        await probe.write(1)
        expect(await probe.read()).to.deep.equal({ state: 1, isHit: false })
        server.signal("SIGCONT")
        await probe.untilHit(1)
    })
}
