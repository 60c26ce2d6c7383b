import { expect } from "chai"
import { Column, Entity, type EntityManager, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { type Probe, probesOf, type Touched, untouched } from "./probes"
import { World } from "./World"

@Entity("region")
@Cached()
class Region {
    @PrimaryColumn({ type: "varchar", length: 20 })
    id: string

    @Column()
    name: string
}

/** Its code is its region's, and what its spots refer to. */
@Entity("area")
@Cached()
class Area {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", length: 20, nullable: true, unique: true })
    code: string | null

    @ManyToOne(() => Region, { onDelete: "SET NULL", onUpdate: "CASCADE", nullable: true })
    @JoinColumn({ name: "code" })
    region: Region | null
}

@Entity("spot")
@Cached()
class Spot {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", length: 20, nullable: true })
    areaCode: string | null

    @ManyToOne(() => Area, { onDelete: "NO ACTION", onUpdate: "CASCADE", nullable: true })
    @JoinColumn({ name: "areaCode", referencedColumnName: "code" })
    area: Area | null
}

/** Loses its code with its region, and takes its lots' along. */
@Entity("district")
@Cached()
class District {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", length: 20, nullable: true, unique: true })
    code: string | null

    @ManyToOne(() => Region, { onDelete: "SET NULL", onUpdate: "NO ACTION", nullable: true })
    @JoinColumn({ name: "code" })
    region: Region | null
}

@Entity("lot")
@Cached()
class Lot {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", length: 20, nullable: true })
    districtCode: string | null

    @ManyToOne(() => District, { onDelete: "NO ACTION", onUpdate: "CASCADE", nullable: true })
    @JoinColumn({ name: "districtCode", referencedColumnName: "code" })
    district: District | null
}

/** Goes with its parent. */
@Entity("folder")
@Cached()
class Folder {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Folder, (folder) => folder.children, { onDelete: "CASCADE", nullable: true })
    parent: Folder | null

    @OneToMany(() => Folder, (folder) => folder.parent)
    children: Folder[]
}

/** Stays, and loses its chief. */
@Entity("clerk")
@Cached()
class Clerk {
    @PrimaryColumn()
    id: number

    @Column({ type: "int", nullable: true })
    chiefId: number | null

    @ManyToOne(() => Clerk, { onDelete: "SET NULL", nullable: true })
    @JoinColumn({ name: "chiefId" })
    chief: Clerk | null
}

const ENTITIES = [Region, Area, Spot, District, Lot, Folder, Clerk]
const PROBES: readonly Probe[] = [
    ...probesOf({ target: Region, table: "region", ids: ["a", "b"] }).filter(
        ({ name }) => !/no row|several/.test(name),
    ),
    ...probesOf({ target: Area, table: "area", ids: [1, 2], relations: { region: ["region"] } }),
    ...probesOf({ target: Spot, table: "spot", ids: [1, 2], relations: { area: ["area"] } }),
    ...probesOf({ target: District, table: "district", ids: [1] }),
    ...probesOf({ target: Lot, table: "lot", ids: [1], relations: { district: ["district"] } }),
    ...probesOf({ target: Folder, table: "folder", ids: [1, 2, 3, 4], relations: { children: [], parent: [] } }),
    ...probesOf({ target: Clerk, table: "clerk", ids: [1, 2] }),
]

async function fill(manager: EntityManager): Promise<void> {
    for (const target of [Lot, District, Spot, Area, Region])
        await manager.createQueryBuilder().delete().from(target).execute()
    for (const target of [Folder, Clerk]) await manager.createQueryBuilder().delete().from(target).execute()
    for (const id of ["a", "b"]) await manager.insert(Region, { id, name: id })
    for (const [id, code] of [
        [1, "a"],
        [2, "b"],
    ] as const) {
        await manager.insert(Area, { id, code })
        await manager.insert(Spot, { id, areaCode: code })
        await manager.insert(Clerk, { id, chiefId: id === 1 ? null : 1 })
    }
    await manager.insert(District, { id: 1, code: "b" })
    await manager.insert(Lot, { id: 1, districtCode: "b" })
    for (const [id, parent] of [[1], [2, 1], [3, 2], [4]])
        await manager.insert(Folder, {
            id: id!,
            name: `folder ${id}`,
            parent: parent === undefined ? null : { id: parent },
        })
}

const CASES: readonly (readonly [string, Touched, (manager: EntityManager) => Promise<unknown>])[] = [
    [
        "ON DELETE SET NULL and the ON UPDATE CASCADE behind it",
        { region: ["b"], area: "rows", spot: "rows", district: "rows", lot: "rows" },
        (m) => m.delete(Region, "b"),
    ],
    [
        "ON UPDATE CASCADE, twice",
        { region: "rows", area: "rows", spot: "rows" },
        (m) => m.update(Region, "a", { id: "c" }),
    ],
    ["an update of no key, which nothing follows", { region: ["a"] }, (m) => m.update(Region, "a", { name: "new" })],
    [
        "an update of a key that is not the primary one",
        { area: [1], spot: "rows" },
        (m) => m.update(Area, 1, { code: null }),
    ],
    ["ON DELETE CASCADE within a table", { folder: "rows" }, (m) => m.delete(Folder, 1)],
    ["ON DELETE SET NULL within a table", { clerk: "rows" }, (m) => m.delete(Clerk, 1)],
    ["a move within a table", { folder: [3] }, (m) => m.update(Folder, 3, { parent: { id: 4 } })],
]

forEachDatabaseAndStore("what the database changes by itself", (database, store) => {
    let world: World
    before(async () => (world = await World.open(database, store, ENTITIES)))
    after(() => world.close())

    for (const [title, touched, write] of CASES)
        it(`is followed: ${title}`, async () => {
            await fill(world.dataSource.manager)
            await world.cache.clear()
            const before = await world.prime(PROBES)
            await write(world.dataSource.manager)
            const spared = untouched(PROBES, touched).filter(
                ({ tables, name }) => !(tables.includes("folder") && "folder" in touched && /with/.test(name)),
            )
            expect(await world.hits(spared)).to.deep.equal(spared.map((probe) => probe.name))
            expect(await world.expectFresh(PROBES)).not.to.deep.equal(before)
        })
})
