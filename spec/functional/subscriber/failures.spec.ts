import { expect } from "chai"
import { type EntityManager, EventSubscriber, type QueryRunner } from "typeorm"
import type { SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { forEachDatabase, forEachDatabaseAndStore, type TestDatabase } from "../../support/databases"
import { typeormVersion } from "../../support/resolve"
import { Gadget, Owner, SHOP, Widget } from "./entity"
import { FAMILIES, refill } from "./family"
import { World } from "./World"

const HOOKS = [
    ...["beforeQuery", "afterQuery", "beforeInsert", "afterInsert", "beforeUpdate", "afterUpdate"],
    ...["beforeTransactionStart", "afterTransactionStart", "beforeTransactionCommit", "afterTransactionCommit"],
    ...["beforeTransactionRollback", "afterTransactionRollback"],
] as const
type Hook = (typeof HOOKS)[number]

/** A subscriber of the application, all of whose hooks are quiet but one. */
class Saboteur {
    static hook: Hook | undefined
}
for (const hook of HOOKS)
    Object.defineProperty(Saboteur.prototype, hook, {
        value: ({ query }: { query?: string }) => {
            if (Saboteur.hook !== hook || (query !== undefined && !/UPDATE|INSERT/.test(query))) return
            throw new Error(`thrown in ${hook}`)
        },
    })
EventSubscriber()(Saboteur)

const WRITES: readonly (readonly [string, (manager: EntityManager) => Promise<unknown>])[] = [
    ["update()", (m) => m.update(Widget, 1, { name: "updated" })],
    ["save()", (m) => m.save(Widget, { id: 1, name: "saved" })],
    ["insert()", (m) => m.insert(Widget, { name: "inserted" })],
    ["transaction()", (m) => m.transaction((inner) => inner.update(Widget, 1, { name: "updated" }))],
    [
        "a transaction() within another",
        (m) =>
            m.transaction(async (outer) => {
                await outer.update(Widget, 2, { name: "outer" })
                await outer.transaction((inner) => inner.update(Widget, 1, { name: "inner" })).catch(() => undefined)
            }),
    ],
    [
        "transaction() that rolls back",
        (m) =>
            m.transaction(async (inner) => {
                await inner.update(Widget, 1, { name: "rolled back" })
                throw new Error("rollback")
            }),
    ],
]

forEachDatabase("a subscriber of the application that throws", (database) => {
    const { probes } = FAMILIES.widget

    // each in a database of its own: some of them leave a transaction open on their connection
    for (const hook of HOOKS)
        it(`in ${hook} leaves nothing old in the cache`, async function () {
            if (hook === "afterQuery" && database.name === "mariadb" && typeormVersion !== "1") {
                this.test!.title += " (left out: TypeORM 0.3 calls it where nobody catches what it throws)"
                return this.skip()
            }
            for (const [title, write] of WRITES) {
                const clock = new FakeClock()
                const store = new MemoryStore({ clock })
                const world = await World.open(
                    database,
                    { name: "memory", create: () => store, prefix: () => "saboteur" },
                    SHOP,
                    { cache: { clock }, subscribers: [Saboteur] },
                )
                try {
                    await refill(world.dataSource, FAMILIES.widget)
                    await world.prime(probes)
                    Saboteur.hook = hook
                    await write(world.dataSource.manager).catch(() => undefined)
                    Saboteur.hook = undefined
                    // on a connection that all share, what was left open would be seen by the database's own readers
                    const runner = world.dataSource.createQueryRunner()
                    while (runner.isTransactionActive) await runner.rollbackTransaction()
                    await runner.release()
                    await world.expectFresh(probes)
                    // whatever was left open ends here, and every fence falls
                    await world.dataSource.transaction((manager) => manager.update(Gadget, 1, { name: title }))
                    clock.advance(30_000)
                    await world.expectFresh(probes)
                } finally {
                    Saboteur.hook = undefined
                    await world.close()
                    await database.cleanUp()
                }
            }
        })

    it("behind a COMMIT does not keep the cache from hearing of it", async () => {
        const store = { name: "memory", create: () => new MemoryStore(), prefix: () => "saboteur" } as const
        const world = await World.open(database, store, SHOP, { subscribers: [Saboteur] })
        try {
            await refill(world.dataSource, FAMILIES.widget)
            Saboteur.hook = "afterTransactionCommit"
            await world.dataSource.manager.save(Widget, { id: 1, name: "saved" }).catch(() => undefined)
            Saboteur.hook = undefined
            await world.expectFresh(probes)
            await world.prime(probes)
        } finally {
            Saboteur.hook = undefined
            await world.close()
            await database.cleanUp()
        }
    })
})

forEachDatabaseAndStore("a write that fails in part", (database, store) => {
    const { probes } = FAMILIES.item
    let world: World
    before(async () => (world = await World.open(database, store, SHOP)))
    after(() => world.close())
    beforeEach(async () => {
        await refill(world.dataSource, FAMILIES.item)
        await world.cache.clear()
        await world.prime(probes)
    })

    const good = { id: 1, name: "changed" }
    const duplicate = { id: 2, email: "3@example.org" }
    const settled = async (): Promise<void> => {
        await world.expectFresh(probes)
        await world.prime(probes)
    }

    it("is followed when save() of several rows fails in a transaction that commits", async () => {
        await world.dataSource
            .transaction(async (manager) => {
                await manager.save(Owner, [good, duplicate]).catch(() => undefined)
            })
            .catch(() => undefined)
        await settled()
    })

    it("is followed when save() of several rows fails without a transaction", async () => {
        const failed = await world.dataSource.manager.save(Owner, [good, duplicate], { transaction: false }).then(
            () => false,
            () => true,
        )
        expect(failed).to.equal(true)
        expect(await world.plain(Owner).findOneByOrFail({ id: 1 })).to.include({ name: "changed" })
        await settled()
    })

    it("is followed when the statements of a transaction fail and it goes on", async () => {
        await world.dataSource
            .transaction(async (manager) => {
                await manager.update(Owner, 1, { name: "before" })
                await manager.transaction((inner) => inner.update(Owner, 2, duplicate)).catch(() => undefined)
                await manager.update(Owner, 3, { name: "behind" })
            })
            .catch(() => undefined)
        expect(await world.plain(Owner).findOneByOrFail({ id: 3 })).to.include({ name: "behind" })
        await settled()
    })
})

forEachDatabase("a cache told to refuse", (database) => {
    let world: World
    afterEach(async () => {
        await world.close()
        await database.cleanUp()
    })
    const open = async (cache: SecondLevelCacheOptions, on: TestDatabase = database): Promise<FakeClock> => {
        const clock = new FakeClock()
        const store = { name: "memory", create: () => new MemoryStore({ clock }), prefix: () => "refuse" } as const
        world = await World.open(on, store, SHOP, { cache: { clock, ...cache } })
        await refill(world.dataSource, FAMILIES.widget)
        await world.prime(FAMILIES.widget.probes)
        return clock
    }
    const rejection = (writing: Promise<unknown>): Promise<{ code?: unknown }> =>
        writing.then(
            () => ({ code: "it went through" }),
            (error: { code?: unknown }) => error,
        )
    const nameOf = async (id: number): Promise<string> => (await world.plain(Widget).findOneByOrFail({ id })).name

    for (const [title, write] of [
        ["commit of a transaction", (m) => m.transaction((inner) => inner.update(Widget, 1, { name: "new" }))],
        ["commit of save()", (m) => m.save(Widget, { id: 1, name: "new" })],
        ["statement", (m) => m.update(Widget, 1, { name: "new" })],
    ] as readonly [string, (manager: EntityManager) => Promise<unknown>][])
        it(`refuses a ${title} that the store cannot be told of, and works when it is back`, async () => {
            const clock = await open({ onStoreFailure: "abort" })
            world.store.fail("fence")
            expect(await rejection(write(world.dataSource.manager))).to.include({ code: "E_COMMIT_REFUSED" })
            expect(await nameOf(1)).to.equal("one")
            await world.expectFresh(FAMILIES.widget.probes)
            world.store.heal()
            clock.advance(5_000)
            await world.prime(FAMILIES.widget.probes)

            await write(world.dataSource.manager)
            expect(await nameOf(1)).to.equal("new")
            await world.expectFresh(FAMILIES.widget.probes)
        })

    it("lets a transaction that writes nothing commit without the store", async () => {
        await open({ onStoreFailure: "abort" })
        world.store.fail("fence")
        const names = world.dataSource.transaction((manager) => manager.find(Widget))
        expect(await names).to.have.length(2)
    })

    const opaque = database.name === "sqlite" ? "PRAGMA wal_checkpoint" : "CALL nothing()"
    if (database.name !== "sqlite")
        it(`refuses what may write and names no table with rawSql: "throw"`, async () => {
            await open({ rawSql: "throw" })
            const runner: QueryRunner = world.dataSource.createQueryRunner()
            expect(await rejection(runner.query(opaque))).to.include({ code: "E_RAW_SQL" })
            // the runner is as good as before
            await runner.manager.update(Widget, 1, { name: "new" })
            await runner.release()
            await world.expectFresh(FAMILIES.widget.probes)
            await world.prime(FAMILIES.widget.probes)
        })

    if (database.name !== "sqlite")
        for (const rawSql of ["invalidate", "ignore"] as const)
            it(`${rawSql === "ignore" ? "keeps" : "forgets"} everything at a procedure with rawSql: "${rawSql}"`, async () => {
                await open({ rawSql })
                await world.dataSource.query(
                    database.name === "postgres"
                        ? `CREATE PROCEDURE touch() LANGUAGE sql AS 'UPDATE widget SET name = ''touched'''`
                        : `CREATE PROCEDURE touch() UPDATE widget SET name = 'touched'`,
                )
                await world.prime(FAMILIES.widget.probes)
                await world.dataSource.query("CALL touch()")
                const lists = FAMILIES.widget.probes.filter((probe) => probe.rows === undefined)
                expect(await world.hits(lists)).to.have.length(rawSql === "ignore" ? lists.length : 0)
                if (rawSql === "invalidate") return world.expectFresh(FAMILIES.widget.probes)
                // the application says so itself
                await world.cache.invalidate(Widget)
                return world.expectFresh(FAMILIES.widget.probes)
            })
})
