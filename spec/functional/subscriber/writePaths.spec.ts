import { expect } from "chai"
import { forEachDatabaseAndStore } from "../../support/databases"
import { SHOP } from "./entity"
import { FAMILIES, refill } from "./family"
import { untouched } from "./probes"
import { World } from "./World"
import { WRITE_PATHS } from "./writePaths"

forEachDatabaseAndStore("every way to write", (database, store) => {
    let world: World
    before(async () => {
        world = await World.open(database, store, SHOP)
    })
    after(() => world.close())

    it("covers the 47 rows of the table of events", () => {
        expect([...new Set(WRITE_PATHS.map((path) => path.number))]).to.deep.equal(
            Array.from({ length: 47 }, (_, i) => i + 1),
        )
    })

    for (const [place, path] of WRITE_PATHS.entries()) {
        const title = `#${path.number} ${path.title}`
        const { probes } = FAMILIES[path.family]
        const locks = path.locks?.includes(database.name) === true

        async function start(): Promise<Awaited<ReturnType<World["prime"]>>> {
            await refill(world.dataSource, FAMILIES[path.family])
            await world.cache.clear()
            return world.prime(probes)
        }

        async function expectNarrow(): Promise<void> {
            const expected = untouched(probes, path.touched)
            expect(expected, "reads that the write leaves alone").not.to.be.empty
            expect(await world.hits(expected)).to.deep.equal(expected.map((probe) => probe.name))
        }

        /** Others read while the transaction is open: what was cached, then what they load. */
        async function expectOld(old: Awaited<ReturnType<typeof start>>): Promise<void> {
            expect(await world.sql.expectQueries(0, () => world.fromCache(probes))).to.deep.equal(old)
            if (locks) return
            await world.cache.clear()
            expect(await world.fromCache(probes)).to.deep.equal(old)
        }

        const reason = (): string | undefined => path.missing?.(world.dataSource)

        it(`${title} is seen at once`, async function () {
            if (reason() !== undefined) return pend(this, reason())
            const old = await start()
            await path.write(world.dataSource.manager)
            await expectNarrow()
            const now = await world.expectFresh(probes)
            if (path.isIdle !== true) expect(now, "the write changed something").not.to.deep.equal(old)
        })

        // what a transaction does to a way to write has nothing to do with the store
        if (path.alone === true || (store.name === "redis" && place % 3 > 0)) continue

        it(`${title} is seen by others after the commit, not before`, async function () {
            if (reason() !== undefined) return pend(this, reason())
            const old = await start()
            await world.dataSource.transaction(async (manager) => {
                await path.write(manager)
                // a statement that commits by itself on MariaDB is seen at once
                if (database.isConcurrent && !(locks && database.name === "mariadb")) await expectOld(old)
            })
            await expectNarrow()
            await world.expectFresh(probes)
        })

        it(`${title} is seen by nobody after a rollback`, async function () {
            if (reason() !== undefined) return pend(this, reason())
            const old = await start()
            const rollback = new Error("rollback")
            const error: unknown = await world.dataSource
                .transaction(async (manager) => {
                    await path.write(manager)
                    if (!locks) {
                        await world.cache.clear()
                        await world.fromCache(probes)
                    }
                    throw rollback
                })
                .catch((it: unknown) => it)
            expect(error).to.equal(rollback)
            const now = await world.expectFresh(probes)
            if (!(locks && database.name === "mariadb")) expect(now).to.deep.equal(old)
        })
    }
})

function pend(context: Mocha.Context, reason: string | undefined): void {
    const { test } = context
    if (test !== undefined) test.title += ` (left out: ${reason})`
    context.skip()
}
