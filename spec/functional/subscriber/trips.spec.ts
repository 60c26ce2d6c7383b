import { expect } from "chai"
import { forEachDatabaseAndStore } from "../../support/databases"
import { SHOP, Widget } from "./entity"
import { FAMILIES, refill } from "./family"
import { World } from "./World"

const TWO = ["fence", "release"]

forEachDatabaseAndStore("trips to the store", (database, store) => {
    let world: World
    before(async () => {
        world = await World.open(database, store, SHOP)
        await refill(world.dataSource, FAMILIES.widget)
    })
    after(() => world.close())

    const trips = (run: () => unknown): Promise<string[]> => world.invalidations(run)
    const rows = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ name: `row ${i}` }))

    for (const count of [1, 10, 1000])
        it(`are two for a transaction that writes ${count} rows`, async () => {
            let saved: { id: number; name: string }[] = []
            expect(
                await trips(async () => (saved = await world.dataSource.manager.save(Widget, rows(count)))),
            ).to.deep.equal(TWO)
            for (const row of saved) row.name += " again"
            expect(await trips(() => world.dataSource.manager.save(Widget, saved))).to.deep.equal(TWO)
            const inOne = (): Promise<void> =>
                world.dataSource.transaction(async (manager) => {
                    for (const { id } of saved.slice(0, 50)) await manager.update(Widget, id, { name: "one" })
                    await manager.remove(Widget, saved, { chunk: 500 })
                })
            expect(await trips(inOne)).to.deep.equal(TWO)
        })

    it("are two for a statement without a transaction", async () => {
        expect(await trips(() => world.dataSource.manager.update(Widget, 1, { name: "x" }))).to.deep.equal(TWO)
        expect(await trips(() => world.dataSource.manager.insert(Widget, { name: "y" }))).to.deep.equal(TWO)
    })

    it("are two for transactions within each other", async () => {
        const run = (): Promise<unknown> =>
            world.dataSource.transaction(async (manager) => {
                await manager.update(Widget, 1, { name: "outer" })
                await manager.transaction((inner) => inner.update(Widget, 2, { name: "inner" }))
            })
        expect(await trips(run)).to.deep.equal(TWO)
    })

    it("are one for a transaction that rolls back", async () => {
        const run = (): Promise<unknown> =>
            world.dataSource
                .transaction(async (manager) => {
                    await manager.update(Widget, 1, { name: "never" })
                    throw new Error("rollback")
                })
                .catch(() => undefined)
        expect(await trips(run)).to.deep.equal(["release"])
    })

    it("are none for a transaction that only reads, and for one that changes nothing", async () => {
        const reading = (): Promise<unknown> =>
            world.dataSource.transaction((manager) => manager.find(Widget, { take: 3 }))
        expect(await trips(reading)).to.deep.equal([])
        const { id, name } = await world.plain(Widget).findOneByOrFail({ id: 1 })
        expect(await trips(() => world.dataSource.manager.save(Widget, { id, name }))).to.deep.equal([])
    })

    it("are two for a transaction of plain SQL, none for one that only reads", async () => {
        for (const [sql, expected] of [
            ["UPDATE widget SET name = 'raw' WHERE id = 1", TWO],
            ["SELECT * FROM widget", []],
        ] as const) {
            const runner = world.dataSource.createQueryRunner()
            const run = async (): Promise<void> => {
                await runner.query("BEGIN")
                await runner.query(sql)
                await runner.query("COMMIT")
                await runner.release()
            }
            expect(await trips(run)).to.deep.equal(expected)
        }
    })
})

forEachDatabaseAndStore("trips to the store with fence: false", (database, store) => {
    it("are one for a transaction and for a statement", async () => {
        const world = await World.open(database, store, SHOP, { cache: { fence: false } })
        const { manager } = world.dataSource
        expect(await world.invalidations(() => manager.save(Widget, { name: "saved" }))).to.deep.equal(["release"])
        expect(await world.invalidations(() => manager.update(Widget, 1, { name: "x" }))).to.deep.equal(["release"])
        await world.close()
    })
})
