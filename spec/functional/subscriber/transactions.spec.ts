import { expect } from "chai"
import type { EntityManager, QueryRunner } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Gadget, SHOP, Widget } from "./entity"
import { FAMILIES, refill } from "./family"
import { World } from "./World"

const { probes } = FAMILIES.widget

forEachDatabaseAndStore("transactions", (database, store) => {
    let world: World
    before(async () => {
        const extra = database.name === "mariadb" ? { multipleStatements: true } : {}
        world = await World.open(database, store, SHOP, { dataSource: { extra } })
    })
    after(() => world.close())
    beforeEach(async () => {
        await refill(world.dataSource, FAMILIES.widget)
        await world.cache.clear()
        await world.prime(probes)
    })

    /** What stands in the database is what the cache says, and it caches again. */
    const settled = async (): Promise<void> => {
        await world.expectFresh(probes)
        await world.prime(probes)
    }
    /** Others read and fill, as they may while nothing is committed. */
    const othersRead = async (): Promise<void> => {
        if (!database.isConcurrent) return
        await world.cache.clear()
        await world.expectFresh(probes)
    }
    const name = (manager: EntityManager, id: number, value: string): Promise<unknown> =>
        manager.update(Widget, id, { name: value })
    const names = async (): Promise<string[]> =>
        (await world.plain(Widget).find({ order: { id: "ASC" } })).map((it) => it.name)

    async function onRunner(run: (runner: QueryRunner) => Promise<unknown>): Promise<void> {
        const runner = world.dataSource.createQueryRunner()
        try {
            await run(runner)
        } finally {
            await runner.release()
        }
    }

    const table = (): string => world.dataSource.driver.escape("widget")
    const set = (id: number, value: string): string => `UPDATE ${table()} SET name = '${value}' WHERE id = ${id}`

    describe("within each other", () => {
        for (const [inner, outer] of [
            ["commits", "commits"],
            ["commits", "rolls back"],
            ["rolls back", "commits"],
            ["rolls back", "rolls back"],
        ] as const)
            it(`follow the outer one: the inner ${inner}, the outer ${outer}`, async () => {
                await world.dataSource
                    .transaction(async (manager) => {
                        await name(manager, 1, "outer")
                        await manager
                            .transaction(async (nested) => {
                                await name(nested, 2, "inner")
                                await othersRead()
                                if (inner === "rolls back") throw new Error("inner")
                            })
                            .catch(() => undefined)
                        await othersRead()
                        if (outer === "rolls back") throw new Error("outer")
                    })
                    .catch(() => undefined)
                const one = outer === "commits" ? "outer" : "one"
                const two = outer === "commits" && inner === "commits" ? "inner" : "two"
                expect(await names()).to.deep.equal([one, two])
                await settled()
            })

        it("are followed by those that come after them on the same runner", () =>
            onRunner(async (runner) => {
                for (const value of ["a", "b"]) {
                    await runner.startTransaction()
                    await name(runner.manager, 1, value)
                    await othersRead()
                    await runner.commitTransaction()
                    await settled()
                    await name(runner.manager, 2, value)
                    await settled()
                }
            }))
    })

    describe("of plain SQL", () => {
        for (const end of ["COMMIT", "ROLLBACK"])
            it(`are followed to their ${end}`, () =>
                onRunner(async (runner) => {
                    await runner.query("BEGIN")
                    await runner.query(set(1, "raw"))
                    await name(runner.manager, 2, "raw")
                    await othersRead()
                    await runner.query(end)
                    await settled()
                }))

        if (!database.isConcurrent)
            it("share nothing that is read on the runner before their end", () =>
                onRunner(async (runner) => {
                    await world.cache.clear()
                    await runner.query("BEGIN")
                    await runner.query(set(1, "uncommitted"))
                    world.store.reset()
                    await world.fromCache(probes)
                    expect(world.store.calls.filter(({ method }) => method === "write")).to.deep.equal([])
                    await runner.query("ROLLBACK")
                    await settled()
                }))

        if (database.name !== "sqlite") {
            it("are followed through COMMIT AND CHAIN", () =>
                onRunner(async (runner) => {
                    await runner.query("BEGIN")
                    await runner.query(set(1, "first"))
                    await runner.query("COMMIT AND CHAIN")
                    await settled()
                    await runner.query(set(2, "second"))
                    await othersRead()
                    await runner.query("COMMIT")
                    await settled()
                }))

            it("are followed when they end one that TypeORM began", () =>
                onRunner(async (runner) => {
                    await runner.startTransaction()
                    await name(runner.manager, 1, "first")
                    await runner.query("COMMIT")
                    await world.expectFresh(probes)
                    await name(runner.manager, 2, "second")
                    await world.expectFresh(probes)
                    await runner.commitTransaction()
                    await settled()
                }))
        }

        if (database.name === "mariadb")
            it("are followed when a BEGIN commits them", () =>
                onRunner(async (runner) => {
                    await runner.query("BEGIN")
                    await runner.query(set(1, "first"))
                    await runner.query("START TRANSACTION")
                    await settled()
                    await runner.query(set(2, "second"))
                    await othersRead()
                    await runner.query("COMMIT")
                    await settled()
                }))
    })

    // SQL.js runs the first statement alone
    if (database.name !== "sqlite")
        describe("in one text", () => {
            for (const [title, text] of [
                ["statements", () => `${set(1, "a")}; ${set(2, "b")}`],
                ["a whole transaction", () => `BEGIN; ${set(1, "a")}; COMMIT`],
                ["one that rolls back", () => `BEGIN; ${set(1, "a")}; ROLLBACK; ${set(2, "b")}`],
            ] as [string, () => string][])
                it(`are followed: ${title}`, async () => {
                    await world.dataSource.query(text())
                    await settled()
                })

            it("are followed to a COMMIT in another text", () =>
                onRunner(async (runner) => {
                    await runner.query(`BEGIN; ${set(1, "a")}`)
                    await othersRead()
                    await runner.query(`COMMIT; BEGIN; ${set(2, "b")}`)
                    await othersRead()
                    await runner.query("COMMIT")
                    await settled()
                }))

            it("are followed when one of them fails", () =>
                onRunner(async (runner) => {
                    await runner.query(`BEGIN; ${set(1, "a")}; SELECT * FROM nowhere; COMMIT`).catch(() => undefined)
                    await othersRead()
                    await runner.query("COMMIT")
                    await settled()
                }))
        })

    if (database.name === "mariadb")
        describe("that a statement commits", () => {
            const failure = new Error("thrown by the application")
            const inTransaction = (run: (manager: EntityManager) => Promise<unknown>): Promise<unknown> =>
                world.dataSource.transaction(run).catch((error: unknown) => expect(error).to.equal(failure))

            it("are seen although what comes behind is rolled back", async () => {
                await inTransaction(async (manager) => {
                    await manager.update(Gadget, 1, { name: "committed" })
                    await manager.clear(Widget)
                    throw failure
                })
                expect(await world.plain(Gadget).findOneByOrFail({ id: 1 })).to.include({ name: "committed" })
                await settled()
            })

            it("are seen at once, and so is what commits by itself behind them", () =>
                inTransaction(async (manager) => {
                    await name(manager, 1, "first")
                    await manager.query("CREATE TABLE IF NOT EXISTS other (id int)")
                    await settled()
                    await name(manager, 2, "second")
                    await settled()
                }).then(settled))

            it("are seen when the statement fails after it committed them", () =>
                inTransaction(async (manager) => {
                    await name(manager, 1, "first")
                    await manager.query("CREATE TABLE widget (id int)").catch(() => undefined)
                    await world.expectFresh(probes)
                    await name(manager, 2, "second")
                    await world.expectFresh(probes)
                }).then(settled))

            it("are followed to their end when it fails before it commits them", () =>
                inTransaction(async (manager) => {
                    await name(manager, 1, "first")
                    await manager.query("TRUNCATE TABLE widget gadget").catch(() => undefined)
                    await othersRead()
                    await name(manager, 2, "second")
                    await othersRead()
                }).then(settled))
        })
})
