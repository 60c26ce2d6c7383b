import { expect } from "chai"
import {
    Column,
    Entity,
    JoinColumn,
    ManyToOne,
    PrimaryColumn,
    ViewColumn,
    ViewEntity,
    type EntityTarget,
    type ObjectLiteral,
} from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { probesOf } from "./probes"
import { World } from "./World"

/** TypeORM takes the name apart at the dot, and names the table alone behind the schema. */
@Entity("public.qualified")
@Cached()
class Qualified {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

/** On PostgreSQL these are two columns. */
@Entity("twin")
@Cached()
class Twin {
    @PrimaryColumn()
    id: number

    @Column({ name: "ID" })
    other: number

    @Column()
    name: string
}

@Entity("keeper")
@Cached()
class Keeper {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

@Entity("pet")
@Cached()
class Pet {
    @PrimaryColumn()
    id: number

    @Column({ type: "int", nullable: true })
    keeperId: number | null

    @ManyToOne(() => Keeper, { onDelete: "CASCADE", nullable: true })
    @JoinColumn()
    keeper: Keeper | null
}

@ViewEntity({ name: "outer_view", expression: "SELECT id, name FROM keeper", dependsOn: [Keeper] })
@Cached()
class OuterView {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

@ViewEntity({ name: "view_of_view", expression: "SELECT id, name FROM outer_view", dependsOn: [OuterView] })
@Cached()
class ViewOfView {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

forEachDatabaseAndStore("tables with unusual names, and views", (database, store) => {
    let world: World
    afterEach(async () => {
        await world.close()
        await database.cleanUp()
    })

    const probes = (target: EntityTarget<ObjectLiteral>, table: string, ids: readonly number[]) =>
        probesOf({ target, table, ids })

    if (database.name === "postgres") {
        it("follows a table whose name says its schema", async () => {
            world = await World.open(database, store, [Qualified])
            const { manager } = world.dataSource
            await manager.insert(
                Qualified,
                [1, 2].map((id) => ({ id, name: "old" })),
            )
            const all = probes(Qualified, "qualified", [1, 2])
            const writes = [
                () => manager.update(Qualified, 1, { name: "new" }),
                () => manager.query(`UPDATE qualified SET name = 'newer' WHERE id = 2`),
                () => manager.insert(Qualified, { id: 3, name: "old" }),
                () => manager.delete(Qualified, 2),
            ]
            for (const write of writes) {
                await world.prime(all)
                await write()
                await world.expectFresh(all)
            }
            await world.prime(all)
            await world.cache.invalidate("public.qualified")
            expect(await world.hits(all.slice(0, 1))).to.deep.equal([])
        })

        it("does not take a column for the key that differs from it by case", async () => {
            world = await World.open(database, store, [Twin])
            const { manager } = world.dataSource
            await manager.insert(Twin, [
                { id: 1, other: 2, name: "old" },
                { id: 2, other: 1, name: "old" },
            ])
            const all = probes(Twin, "twin", [1, 2])
            await world.prime(all)
            await manager.update(Twin, { other: 1 }, { name: "new" })
            await world.expectFresh(all)
            await world.prime(all)
            await manager.delete(Twin, { other: 2 })
            await world.expectFresh(all)
        })
    }

    // SQLite has no views that can be written to
    if (database.name !== "sqlite")
        for (const view of ["outer_view", "view_of_view"])
            it(`follows a write through ${view} to the tables behind it, and what cascades from these`, async () => {
                world = await World.open(database, store, [Keeper, Pet, OuterView, ViewOfView])
                const { manager } = world.dataSource
                await manager.insert(
                    Keeper,
                    [1, 2].map((id) => ({ id, name: "old" })),
                )
                await manager.insert(
                    Pet,
                    [1, 2].map((id) => ({ id, keeperId: id })),
                )
                const order = { id: "ASC" } as const
                const all = [
                    ...probes(Keeper, "keeper", [1, 2]),
                    ...probes(Pet, "pet", [1, 2]),
                    ...probesOf({ target: OuterView, table: "outer_view", ids: [], order }),
                    ...probesOf({ target: ViewOfView, table: "view_of_view", ids: [], order }),
                ]
                for (const sql of [
                    `UPDATE ${view} SET name = 'new' WHERE id = 1`,
                    `INSERT INTO ${view} (id, name) VALUES (3, 'new')`,
                    `DELETE FROM ${view} WHERE id = 1`,
                ]) {
                    await world.prime(all)
                    await manager.query(sql)
                    await world.expectFresh(all)
                }
            })
})
