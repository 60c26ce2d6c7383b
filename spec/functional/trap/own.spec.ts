import { expect } from "chai"
import {
    ChildEntity,
    Column,
    DataSource,
    DeleteDateColumn,
    Entity,
    In,
    type MigrationInterface,
    PrimaryColumn,
    type QueryRunner,
    TableInheritance,
    Tree,
    TreeChildren,
    TreeParent,
    type ValueTransformer,
} from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { openCache, type OpenCache } from "../repository/openCache"

const coder: ValueTransformer = { to: (text: string) => `coded:${text}`, from: (text: string) => text.slice(6) }

@Entity()
@Cached()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Vehicle {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

@ChildEntity()
class Car extends Vehicle {
    @Column({ default: 4 })
    doors: number
}

@Entity()
@Cached()
@Tree("closure-table")
class Folder {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @TreeParent()
    parent: Folder | null

    @TreeChildren()
    children: Folder[]
}

@Entity()
@Cached()
class Paper {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", transformer: coder })
    text: string

    @DeleteDateColumn()
    deletedAt: Date | null
}

class ChangePapers implements MigrationInterface {
    readonly name = "ChangePapers1700000000000"

    async up(runner: QueryRunner): Promise<void> {
        await runner.query("UPDATE paper SET text = 'coded:migrated'")
    }

    async down(): Promise<void> {}
}

forEachDatabaseAndStore("what TypeORM makes easy to get wrong", (database, store) => {
    let open: OpenCache
    beforeEach(async () => {
        open = await openCache(database, store, {
            entities: [Vehicle, Car, Folder, Paper],
            migrations: [ChangePapers],
        })
        await open.plain(Vehicle).insert({ id: 1, name: "bus" })
        await open.plain(Car).insert({ id: 2, name: "car" })
        await open.plain(Paper).insert([1, 2].map((id) => ({ id, text: `text ${id}` })))
        await open.reset()
    })
    afterEach(() => database.cleanUp())

    it("sees a child written through its parent, and the other way round", async () => {
        const read = async (): Promise<unknown[]> => [
            await open.cached(Vehicle).findOneBy({ id: 2 }),
            await open.cached(Car).findOneBy({ id: 2 }),
            await open.cached(Vehicle).find({ order: { id: "ASC" } }),
            await open.cached(Car).count(),
        ]
        await read()
        for (const write of [
            () => open.plain(Vehicle).update(2, { name: "by the parent" }),
            () => open.plain(Car).update(2, { name: "by the child" }),
            () => open.plain(Car).update({ doors: 4 }, { doors: 5 }),
            () => open.plain(Car).save({ id: 3, name: "new" }),
            () => open.plain(Vehicle).delete(2),
        ]) {
            await write()
            expect(await read()).to.deep.equal([
                await open.plain(Vehicle).findOneBy({ id: 2 }),
                await open.plain(Car).findOneBy({ id: 2 }),
                await open.plain(Vehicle).find({ order: { id: "ASC" } }),
                await open.plain(Car).count(),
            ])
        }
    })

    it("follows a tree and its closure", async () => {
        const trees = open.dataSource.getTreeRepository(Folder)
        const options = {
            relations: { parent: true, children: true },
            order: { id: "ASC", children: { id: "ASC" } },
        } as const
        const check = async (): Promise<void> => {
            const expected = await open.plain(Folder).find(options)
            expect(await open.cached(Folder).find(options)).to.deep.equal(expected)
            for (const id of [1, 2, 3])
                expect(await open.cached(Folder).findOneBy({ id })).to.deep.equal(
                    await open.plain(Folder).findOneBy({ id }),
                )
        }
        await check()
        const root = await trees.save(trees.create({ id: 1, name: "root" }))
        await check()
        const child = await trees.save(trees.create({ id: 2, name: "child", parent: root }))
        await trees.save(trees.create({ id: 3, name: "grandchild", parent: child }))
        await check()
        expect(await trees.countDescendants(root)).to.equal(3)
        child.name = "renamed"
        await trees.save(child)
        await check()
    })

    it("lets soft deletion change lists, counts and what is read with the deleted", async () => {
        const papers = open.cached(Paper)
        const read = async (): Promise<unknown[]> => [
            (await papers.find()).length,
            (await papers.find({ withDeleted: true })).filter(({ deletedAt }) => deletedAt === null).length,
            await papers.count(),
            (await papers.findOneBy({ id: 1 }))?.id,
            (await papers.findOne({ where: { id: 1 }, withDeleted: true }))?.deletedAt === null,
            (await papers.findBy({ id: In([1, 2]) })).length,
        ]
        const [there, gone] = [
            [2, 2, 2, 1, true, 2],
            [1, 1, 1, undefined, false, 1],
        ]
        expect(await read()).to.deep.equal(there)
        await papers.softDelete(1)
        expect(await read()).to.deep.equal(gone)
        await papers.restore(1)
        expect(await read()).to.deep.equal(there)
        await papers.softRemove(await papers.findOneByOrFail({ id: 1 }))
        expect(await read()).to.deep.equal(gone)
        await papers.recover((await papers.findOne({ where: { id: 1 }, withDeleted: true }))!)
        expect(await read()).to.deep.equal(there)
    })

    it("follows what is saved without listeners, and with data", async () => {
        const papers = open.cached(Paper)
        const name = async (): Promise<unknown> => [
            (await papers.findOneBy({ id: 1 }))?.text,
            (await papers.find()).length,
        ]
        await name()
        await papers.save({ id: 1, text: "silent" }, { listeners: false })
        expect(await name()).to.deep.equal(["silent", 2])
        await papers.save({ id: 1, text: "with data" }, { data: { reason: "a" } })
        expect(await name()).to.deep.equal(["with data", 2])
        await papers.save({ id: 3, text: "alone" }, { transaction: false, listeners: false })
        expect(await name()).to.deep.equal(["with data", 3])
        await papers.remove(await papers.findOneByOrFail({ id: 3 }), { data: {}, listeners: false })
        expect(await name()).to.deep.equal(["with data", 2])
    })

    it("sends no statement of its own", async () => {
        const change = async (): Promise<void> => {
            await open.dataSource.transaction(async (manager) => {
                await manager.update(Paper, 1, { text: "a" })
                await manager.save(Paper, { id: 2, text: `${Math.random()}` })
            })
            await open.plain(Paper).update(1, { text: "b" })
        }
        const followed = await open.recorder.during(change)
        const { subscribers } = open.dataSource
        Object.assign(open.dataSource, { subscribers: [] })
        const alone = await open.recorder.during(change)
        Object.assign(open.dataSource, { subscribers })
        expect(followed).to.have.length(alone.length)
    })

    it("lets a caller read past the cache what it is going to change", async () => {
        const papers = open.cached(Paper)
        const cached = await papers.findOneByOrFail({ id: 1 })
        // somebody whom the cache does not see
        const { subscribers } = open.dataSource
        Object.assign(open.dataSource, { subscribers: [] })
        await open.plain(Paper).update(1, { text: "elsewhere" })
        Object.assign(open.dataSource, { subscribers })
        expect((await papers.findOneByOrFail({ id: 1 })).text).to.equal(cached.text)
        const fresh = await papers.findOneOrFail({ where: { id: 1 }, cache: false })
        expect(fresh.text).to.equal("elsewhere")
    })

    it("keeps nothing of what save() loads for itself", async () => {
        const papers = open.cached(Paper)
        await papers.save({ id: 1, text: "saved" })
        await open.dataSource.manager.preload(Paper, { id: 2, text: "preloaded" })
        expect(open.store.calls.filter(({ method }) => method === "write")).to.deep.equal([])
        expect((await open.miss(() => papers.findOneBy({ id: 1 })))?.text).to.equal("saved")
        expect((await open.miss(() => papers.findOneBy({ id: 2 })))?.text).to.equal("text 2")
    })

    it("keeps a page and its count together", async () => {
        const read = (): Promise<[Paper[], number]> =>
            open.cached(Paper).findAndCount({ order: { id: "DESC" }, take: 1 })
        expect(await read()).to.have.nested.property("[1]", 2)
        await open.plain(Paper).insert({ id: 3, text: "third" })
        await open.settled()
        const [[newest], count] = await read()
        expect([newest!.id, count]).to.deep.equal([3, 3])
        expect(await open.hit(read)).to.deep.equal([[newest], count])
        // an empty page has a count all the same
        const empty = (): Promise<[Paper[], number]> =>
            open.cached(Paper).findAndCount({ order: { id: "ASC" }, skip: 9, take: 1 })
        expect(await empty()).to.deep.equal([[], 3])
        await open.plain(Paper).delete(3)
        expect(await empty()).to.deep.equal([[], 2])
    })

    it("leaves the caller's options as they are", async () => {
        const where = { text: In(["text 1", "text 2"]) }
        const options = { where, order: { id: "ASC" as const } }
        for (let i = 0; i < 3; i++) {
            expect(await open.cached(Paper).find(options)).to.have.length(2)
            expect(await open.cached(Paper).countBy(where)).to.equal(2)
            expect(await open.cached(Paper).existsBy(where)).to.equal(true)
            expect(where.text.value).to.deep.equal(["text 1", "text 2"])
            await open.plain(Paper).save({ id: 9, text: `${i}` })
        }
    })

    it("follows synchronize(), dropDatabase() and migrations", async () => {
        const papers = open.cached(Paper)
        const read = async (): Promise<unknown> => [
            (await papers.findOneBy({ id: 1 }))?.text,
            (await papers.find()).length,
        ]
        expect(await read()).to.deep.equal(["text 1", 2])
        await open.dataSource.runMigrations()
        expect(await read()).to.deep.equal(["migrated", 2])
        await open.dataSource.synchronize(true)
        expect(await read()).to.deep.equal([undefined, 0])
        await papers.insert({ id: 1, text: "new" })
        expect(await read()).to.deep.equal(["new", 1])
        if (database.name === "sqlite") return

        // another process that changes the tables as it starts, with the same cache
        const other = new DataSource({
            ...database.optionsOf(open.dataSource),
            entities: [Vehicle, Car, Folder, Paper],
            subscribers: [open.cache.subscriber],
            dropSchema: true,
            synchronize: true,
        })
        await other.initialize()
        try {
            expect(await read()).to.deep.equal([undefined, 0])
        } finally {
            await other.destroy()
        }
    })
})
