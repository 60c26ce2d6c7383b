import { expect } from "chai"
import { DataSource, type DataSourceOptions, type QueryRunner } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { forEachDatabase } from "../../support/databases"
import { TcpProxy } from "../../support/TcpProxy"
import { SHOP, Widget } from "./entity"
import { World } from "./World"

const FENCE = 30_000

forEachDatabase("a statement without a transaction whose connection is lost", (database) => {
    if (!database.isConcurrent) return

    let clock: FakeClock
    let world: World
    let proxy: TcpProxy
    /** Another process, which reaches the database through the proxy. */
    let writer: DataSource
    let writerCache: SecondLevelCache

    beforeEach(async () => {
        clock = new FakeClock()
        const inner = new MemoryStore({ clock })
        const cache = { clock, fence: FENCE, ttl: null }
        world = await World.open(database, { name: "memory", create: () => inner, prefix: () => "lost" }, SHOP, {
            cache,
        })
        const options = database.optionsOf(world.dataSource) as DataSourceOptions & { host: string; port: number }
        proxy = await TcpProxy.start(`tcp://${options.host}:${options.port}`)
        writerCache = new SecondLevelCache({ ...cache, store: inner, prefix: "lost" })
        writer = await new DataSource({
            ...(options as object),
            host: "127.0.0.1",
            port: proxy.port,
            entities: SHOP,
            subscribers: [writerCache.subscriber],
        } as unknown as DataSourceOptions).initialize()
        await world.dataSource.manager.insert(Widget, { id: 1, name: "old" })
        await read()
    })
    afterEach(async () => {
        await writer.destroy().catch(() => undefined)
        await proxy.stop()
        await world.close()
        await writerCache.close()
        await database.cleanUp()
    })

    const read = async (): Promise<string> => (await world.cached(Widget).findOneByOrFail({ id: 1 })).name
    const truth = async (): Promise<string> => (await world.plain(Widget).findOneByOrFail({ id: 1 })).name
    const isCached = async (): Promise<boolean> => (await world.sql.during(read)).length === 0

    async function readUntil(name: string): Promise<void> {
        while ((await truth()) !== name) expect(["old", name]).to.include(await read())
        expect(await read()).to.equal(name)
    }

    it("may have been done: nothing is cached before the fence falls", async () => {
        await writer.query("SELECT 1")
        const runner: QueryRunner = writer.createQueryRunner()
        await runner.connect()
        proxy.dropServerToClient()
        const written = runner.manager.update(Widget, 1, { name: "new" }).catch((error: unknown) => error)
        await readUntil("new")
        proxy.cut()
        expect(await written).to.be.instanceOf(Error)
        await runner.release().catch(() => undefined)

        expect([await isCached(), await isCached()]).to.deep.equal([false, false])
        clock.advance(FENCE)
        expect([await read(), await isCached()]).to.deep.equal(["new", true])
    })

    it("may be done later: what is read meanwhile is not taken for new", async () => {
        const holder = world.dataSource.createQueryRunner()
        await holder.startTransaction()
        await holder.query("UPDATE widget SET name = 'old' WHERE id = 1")
        const runner: QueryRunner = writer.createQueryRunner()
        await runner.connect()
        const written = runner.manager.update(Widget, 1, { name: "late" }).catch((error: unknown) => error)
        await untilBlocked(world.dataSource, database.name)
        // the server waits for the lock and does not notice
        proxy.cut()
        expect(await written).to.be.instanceOf(Error)
        await runner.release().catch(() => undefined)
        expect([await read(), await read(), await isCached()]).to.deep.equal(["old", "old", false])
        await holder.rollbackTransaction()
        await holder.release()
        await untilNone(world.dataSource, database.name)
        expect(await read()).to.equal(await truth())
        if (database.name === "postgres") expect(await truth()).to.equal("late")
        clock.advance(FENCE)
        await read()
        expect(await read()).to.equal(await truth())
        expect(await isCached()).to.equal(true)
    })

    it("was refused when the server says so, and is cached again at once", async () => {
        const runner: QueryRunner = writer.createQueryRunner()
        const written = runner.query("UPDATE widget SET nothing = 1 WHERE id = 1").catch((error: unknown) => error)
        expect(await written).to.be.instanceOf(Error)
        await runner.release()
        const elsewhere = new CachedRepository(Widget, writer.manager)
        expect((await elsewhere.findOneByOrFail({ id: 1 })).name).to.equal("old")
        expect(await isCached()).to.equal(true)
    })
})

/** Until the server has a statement that waits for a lock. */
async function untilBlocked(dataSource: DataSource, database: string): Promise<void> {
    const waiting =
        database === "postgres"
            ? "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            : "SELECT count(*) AS count FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    while ((await count(dataSource, waiting)) === 0);
}

/** Until the server runs no statement that writes, for anybody. */
async function untilNone(dataSource: DataSource, database: string): Promise<void> {
    const running =
        database === "postgres"
            ? "SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'UPDATE%'"
            : "SELECT count(*) AS count FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE%'"
    while ((await count(dataSource, running)) > 0);
}

async function count(dataSource: DataSource, sql: string): Promise<number> {
    const rows: { count: unknown }[] = await dataSource.query(sql)
    return Number(rows[0]!.count)
}
