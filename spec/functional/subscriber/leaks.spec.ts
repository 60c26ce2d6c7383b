import { expect } from "chai"
import { DataSource, type QueryRunner } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { forEachDatabase } from "../../support/databases"
import { Gadget, SHOP, Widget } from "./entity"
import { World } from "./World"

const FENCE = 30_000

forEachDatabase("a connection given back with its transaction open", (database) => {
    // one connection is all that SQLite has
    if (!database.isConcurrent) return

    let clock: FakeClock
    let world: World
    /** Another process with the same store, that has connections of its own. */
    let other: DataSource
    let otherCache: SecondLevelCache

    beforeEach(async () => {
        clock = new FakeClock()
        const inner = new MemoryStore({ clock })
        const cache = { clock, fence: FENCE, ttl: null }
        const store = { name: "memory", create: () => inner, prefix: () => "leak" } as const
        const extra = database.name === "postgres" ? { max: 1 } : { connectionLimit: 1 }
        world = await World.open(database, store, SHOP, { cache, dataSource: { extra } })
        otherCache = new SecondLevelCache({ ...cache, store: inner, prefix: "leak" })
        other = await new DataSource({
            ...database.optionsOf(world.dataSource),
            entities: SHOP,
            subscribers: [otherCache.subscriber],
        }).initialize()
        await other.manager.insert(Widget, { id: 1, name: "old" })
        await other.manager.insert(Gadget, { id: 1, name: "old" })
        await read()
    })
    afterEach(async () => {
        await other.destroy()
        await world.close()
        await otherCache.close()
        await database.cleanUp()
    })

    const read = async (): Promise<string> =>
        (await new CachedRepository(Widget, other.manager).findOneByOrFail({ id: 1 })).name
    const readHere = async (): Promise<string> => (await world.cached(Widget).findOneByOrFail({ id: 1 })).name
    const write = (runner: QueryRunner, name: string): Promise<unknown> => runner.manager.update(Widget, 1, { name })
    const fills = (): number => world.store.calls.filter(({ method }) => method === "write").length

    async function onRunner(run: (runner: QueryRunner) => Promise<unknown>): Promise<void> {
        const runner = world.dataSource.createQueryRunner()
        await run(runner)
        await runner.release()
    }

    const commitSomething = (): Promise<unknown> =>
        world.dataSource.transaction((manager) => manager.update(Gadget, 1, { name: "new" }))

    it("shares nothing that is read on it, and what it wrote is seen when the next one commits it", async () => {
        await onRunner(async (runner) => {
            await runner.startTransaction()
            await write(runner, "leaked")
        })
        expect(await read()).to.equal("old")
        clock.advance(FENCE)

        const before = fills()
        expect(await readHere()).to.equal("leaked")
        expect(fills()).to.equal(before)
        expect(await read(), "an uncommitted row").to.equal("old")

        await commitSomething()
        expect(await read()).to.equal("leaked")
        await readHere()
        expect(await readHere()).to.equal("leaked")
    })

    it("leaves no trace when the next one rolls back", async () => {
        await onRunner(async (runner) => {
            await runner.query("BEGIN")
            await write(runner, "leaked")
        })
        await onRunner(async (runner) => {
            await runner.startTransaction()
            await runner.rollbackTransaction()
        })
        // MariaDB commits the open transaction where the next one begins
        const now = database.name === "mariadb" ? "leaked" : "old"
        expect([await read(), await readHere()]).to.deep.equal([now, now])
        clock.advance(FENCE)
        expect([await read(), await readHere()]).to.deep.equal([now, now])
        await world.sql.expectQueries(0, readHere)
    })

    for (const [title, leave] of [
        ["by TypeORM", (runner: QueryRunner) => runner.startTransaction()],
        ["by plain SQL", (runner: QueryRunner) => runner.query("BEGIN")],
    ] as const)
        it(`and begun ${title} takes in what the next one writes, though it wrote nothing itself`, async () => {
            await onRunner(leave)
            await onRunner((runner) => write(runner, "inside"))
            clock.advance(FENCE)
            // it is still open: nobody else sees the row, and whoever reads may cache the old one
            expect([await read(), await read()]).to.deep.equal(["old", "old"])
            await onRunner((runner) => runner.query("COMMIT"))
            expect(await read()).to.equal("inside")
        })

    if (database.name === "mariadb")
        it("is followed while autocommit is switched off, by every user of the connection", async () => {
            await onRunner((runner) => runner.query("SET autocommit = 0"))
            await onRunner(async (runner) => {
                await write(runner, "first")
                expect([await read(), await read()]).to.deep.equal(["old", "old"])
                await runner.query("COMMIT")
                expect(await read()).to.equal("first")
                await write(runner, "second")
                expect([await read(), await read()]).to.deep.equal(["first", "first"])
                await runner.query("COMMIT")
                expect(await read()).to.equal("second")
            })
            await world.cache.clear()
            const before = fills()
            await readHere()
            expect(fills(), "a snapshot of any age").to.equal(before)
            await onRunner((runner) => runner.query("SET autocommit = 1"))
            await readHere()
            await world.sql.expectQueries(0, readHere)
        })
})
