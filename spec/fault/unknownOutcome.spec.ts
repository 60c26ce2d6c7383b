import { expect } from "chai"
import { DataSource, type DataSourceOptions } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { FakeClock, FaultyStore } from "typeorm-second-level-cache/testing"
import { MemoryStore } from "../../lib/store/MemoryStore"
import { Item } from "../race/Item"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import { TcpProxy } from "../support/TcpProxy"

const FENCE = 30_000
const LOCK = 4711

forEachDatabase("a connection that is cut at COMMIT", (database) => {
    // a COMMIT that waits on the server is had with a deferred trigger, which only PostgreSQL has
    if (database.name !== "postgres" || !database.isConcurrent) return
    let truth: DataSource
    let proxy: TcpProxy
    let clock: FakeClock
    let store: FaultyStore
    let logger: QueryRecorder
    let writing: DataSource
    let items: CachedRepository<Item>
    let caches: SecondLevelCache[]
    let opened: DataSource[]

    before(async () => {
        truth = await database.createDataSource({ entities: [Item] })
        await truth.query(`CREATE FUNCTION wait_for_spec() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock(${LOCK}); RETURN NULL; END $$`)
        await truth.query(`CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON item DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION wait_for_spec()`)
    })

    beforeEach(async () => {
        await truth.query("DELETE FROM item")
        await truth.manager.insert(Item, { id: 1, code: "code", kind: "kind", state: 0 })
        clock = new FakeClock()
        const shared = new MemoryStore({ clock })
        store = new FaultyStore(shared)
        logger = new QueryRecorder()
        const options = { ...database.optionsOf(truth), entities: [Item] } as unknown as { host: string; port: number }
        proxy = await TcpProxy.start(`postgres://${options.host}:${options.port}`)
        caches = [store, new FaultyStore(shared)].map((it) => new SecondLevelCache({ store: it, clock, fence: FENCE }))
        const [writer, reader] = caches.map((cache) => ({ ...options, subscribers: [cache.subscriber] }))
        writing = new DataSource({ ...writer, host: "127.0.0.1", port: proxy.port } as unknown as DataSourceOptions)
        const reading = new DataSource({ ...reader, logger } as unknown as DataSourceOptions)
        opened = await Promise.all([writing.initialize(), reading.initialize()])
        items = new CachedRepository(Item, reading.manager)
        await read()
        expect(await read()).to.deep.equal({ state: 0, isHit: true })
    })

    afterEach(async () => {
        proxy.restore()
        for (const dataSource of opened) await dataSource.destroy()
        for (const cache of caches) await cache.close()
        await proxy.stop()
    })

    async function read(from = items): Promise<{ state: number; isHit: boolean }> {
        const { length } = logger.selects
        const { state } = await from.findOneByOrFail({ id: 1 })
        return { state, isHit: logger.selects.length === length }
    }

    const write = (): Promise<unknown> =>
        writing
            .transaction((manager) => manager.update(Item, 1, { state: 1 }))
            .then(
                () => "committed",
                () => "failed",
            )

    async function expectFencedUntilDeadline(committed: number): Promise<void> {
        for (const passed of [0, FENCE / 2, FENCE / 2 - 1]) {
            clock.advance(passed)
            for (let i = 0; i < 3; i++) expect(await read()).to.deep.equal({ state: committed, isHit: false })
        }
        clock.advance(1)
        await read()
        expect(await read()).to.deep.equal({ state: committed, isHit: true })
    }

    it("before the server hears of it keeps the fence until its deadline", async () => {
        store.after("fence", () => proxy.cut())
        expect(await write()).to.equal("failed")
        await expectFencedUntilDeadline(0)
    })

    it("after the server has executed it keeps the fence until its deadline", async () => {
        store.after("fence", () => proxy.dropServerToClient())
        const outcome = write()
        while ((await truth.manager.findOneByOrFail(Item, { id: 1 })).state === 0) await read()
        expect(await read()).to.deep.equal({ state: 1, isHit: false })
        proxy.cut()
        expect(await outcome).to.equal("failed")
        await expectFencedUntilDeadline(1)
    })

    const writes = {
        COMMIT: write,
        "an autocommit statement": () =>
            writing.manager.update(Item, 1, { state: 1 }).then(
                () => "committed",
                () => "failed",
            ),
    }
    for (const [what, cutOff] of Object.entries(writes))
        it(`while the server still executes ${what} it serves nothing old when it commits later`, async () => {
            const holder = truth.createQueryRunner()
            await holder.query(`SELECT pg_advisory_lock(${LOCK})`)
            try {
                const outcome = cutOff()
                for (let waiting = false; !waiting;) {
                    const [row] = await truth.query<[{ waits: boolean }]>(
                        `SELECT count(*) > 0 AS waits FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
                    )
                    waiting = row.waits
                }
                proxy.cut()
                expect(await outcome).to.equal("failed")
                expect(await read()).to.deep.equal({ state: 0, isHit: false })
                clock.advance(FENCE / 2)
                expect(await read()).to.deep.equal({ state: 0, isHit: false })
            } finally {
                await holder.query(`SELECT pg_advisory_unlock(${LOCK})`)
                await holder.release()
            }
            while ((await truth.manager.findOneByOrFail(Item, { id: 1 })).state === 0);
            expect(await read()).to.deep.equal({ state: 1, isHit: false })
            clock.advance(FENCE / 2)
            await read()
            expect(await read()).to.deep.equal({ state: 1, isHit: true })
        })

    for (const [what, cutOff] of Object.entries(writes))
        it(`caches again at once after ${what} that the server has refused`, async () => {
            await truth.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END $$`)
            await truth.query(`CREATE CONSTRAINT TRIGGER refuse_commit AFTER UPDATE ON item
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
            // for the statement it is the first that its DataSource sends
            expect(await cutOff()).to.equal("failed")
            await truth.query("DROP TRIGGER refuse_commit ON item; DROP FUNCTION refuse()")
            await read()
            expect(await read()).to.deep.equal({ state: 0, isHit: true })
        })
})
