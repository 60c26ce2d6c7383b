import { expect } from "chai"
import {
    Column,
    Entity,
    PrimaryColumn,
    VirtualColumn,
    type EntityManager,
    EntitySchema,
    LessThan,
    Not,
    type ObjectLiteral,
    Raw,
    type Repository,
    ViewColumn,
    ViewEntity,
} from "typeorm"
import { Cached, CachedRepository, cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, ENTITIES } from "../../support/entity"
import { openCache, type OpenCache } from "./openCache"
import { seedLibrary } from "./seedLibrary"

interface Row extends ObjectLiteral {
    id: number
    name: string
    count: number
}

const GROWN_UP = "SELECT a.id AS id, a.name AS name FROM author a WHERE a.age > 35"

/** It says itself what it reads. */
@ViewEntity({ expression: GROWN_UP, dependsOn: [Author] })
@Cached()
class TypeormView {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

const viewSchema = (name: string): EntitySchema<Row> =>
    new EntitySchema<Row>({
        name,
        type: "view",
        expression: GROWN_UP,
        columns: { id: { type: "int" }, name: { type: "varchar" } },
    } as unknown as ConstructorParameters<typeof EntitySchema<Row>>[0])

const COUNT = "SELECT COUNT(*) FROM author"

@Entity()
class LooseVirtual {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @VirtualColumn({ query: () => COUNT })
    count: number
}

@Entity()
@Cached({ dependsOn: [Author] })
class DeclaredVirtual {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @VirtualColumn({ query: () => COUNT })
    count: number
}

const SCHEMAS = [
    viewSchema("LooseView"),
    cached(viewSchema("DeclaredView"), { dependsOn: [Author] }),
    cached(viewSchema("TableView"), { dependsOn: ["author"] }),
]

forEachDatabaseAndStore("what the cache leaves to the database", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, {
            entities: [...ENTITIES, TypeormView, LooseVirtual, DeclaredVirtual, ...SCHEMAS],
        })
        await seedLibrary(open.dataSource)
        for (const name of ["LooseVirtual", "DeclaredVirtual"]) await open.plain(name).insert({ id: 1, name: "one" })
    })
    beforeEach(() => open.reset())

    const everyRead = (it: Repository<Author>): Record<string, () => Promise<unknown>> => ({
        row: () => it.findOneBy({ id: 1 }),
        unique: () => it.findOneBy({ email: "ann@example.org" }),
        list: () => it.find(),
        page: () => it.findAndCount(),
        count: () => it.count(),
        exists: () => it.existsBy({ id: 1 }),
        sum: () => it.sum("age"),
    })

    const inside = async (run: (manager: EntityManager) => Promise<void>): Promise<void> => {
        await open.dataSource.transaction(run)
    }

    it("reads of a transaction", async () => {
        for (const read of Object.values(everyRead(open.cached(Author)))) await read()
        await inside(async (manager) => {
            for (const repository of [
                manager.withRepository(open.cached(Author)),
                new CachedRepository(Author, manager),
                new (class Authors extends CachedRepository<Author> {})(Author, manager),
            ])
                for (const read of Object.values(everyRead(repository))) await open.expectBypassed(read)
        })
    })

    it("reads of a transaction that has written: they see it, and nobody else does", async () => {
        const authors = open.cached(Author)
        const read = async (it: Repository<Author>): Promise<unknown> => [
            (await it.findOneBy({ id: 1 }))?.name,
            (await it.findOneBy({ email: "ann@example.org" }))?.name,
            (await it.find({ where: { id: 1 }, select: { name: true } }))[0]?.name,
            await it.countBy({ name: "inside" }),
        ]
        const before = ["Ann", "Ann", "Ann", 0]
        expect(await read(authors)).to.deep.equal(before)
        await inside(async (manager) => {
            await manager.update(Author, 1, { name: "inside" })
            const own = manager.withRepository(authors)
            expect(await read(own)).to.deep.equal(["inside", "inside", "inside", 1])
            if (database.isConcurrent) expect(await read(authors)).to.deep.equal(before)
            await manager.update(Author, 1, { name: "Ann" })
        })
        expect(await read(authors)).to.deep.equal(before)
    })

    it("reads of a manager that is bound to a runner", async () => {
        const runner = open.dataSource.createQueryRunner()
        try {
            const bound = new CachedRepository(Author, open.dataSource.createEntityManager(runner))
            if (database.name !== "sqlite")
                for (const read of Object.values(everyRead(bound))) await open.expectBypassed(read)
        } finally {
            await runner.release()
        }
    })

    // SQLite has no locks
    if (database.name !== "sqlite")
        it("reads with a lock", async () => {
            await inside(async (manager) => {
                const repository = manager.withRepository(open.cached(Author))
                await open.expectBypassed(() =>
                    repository.findOne({ where: { id: 1 }, lock: { mode: "pessimistic_write" } }),
                )
            })
            const { version } = await open.plain(Author).findOneByOrFail({ id: 1 })
            const read = (): Promise<unknown> =>
                open.cached(Author).findOne({ where: { id: 1 }, lock: { mode: "optimistic", version } })
            await open.expectBypassed(read)
        })

    it("reads with `transaction: true`", async () => {
        await open.expectBypassed(() => open.cached(Author).find({ where: { id: 1 }, transaction: true }))
        await open.expectBypassed(() => open.cached(Author).findOne({ where: { id: 1 }, transaction: true }))
    })

    const RAW: Record<string, (it: Repository<Author>) => Promise<unknown>> = {
        "Raw in a list": (it) => it.find({ where: { age: Raw((column) => `${column} > 35`) } }),
        "Raw in a row": (it) => it.findOneBy({ id: Raw((column) => `${column} = 1`) }),
        "Raw beside a key": (it) => it.findOneBy({ id: 1, age: Raw((column) => `${column} = 30`) }),
        "Raw inside Not": (it) => it.findBy({ age: Not(Raw((column) => `${column} > 35`)) }),
        "Raw in a count": (it) => it.countBy({ age: Raw((column) => `${column} > 35`) }),
        "Raw in an aggregate": (it) => it.sum("age", { age: Raw((column) => `${column} > 35`) }),
        "Raw on a unique key": (it) => it.findOneBy({ email: Raw((column) => `${column} = 'ann@example.org'`) }),
        "Raw in a relation": (it) => it.findBy({ books: { title: Raw((column) => `${column} = 'One'`) } }),
    }
    for (const [title, read] of Object.entries(RAW))
        it(`${title}, whose SQL may name any table`, async () => {
            expect(await read(open.cached(Author))).to.deep.equal(await read(open.plain(Author)))
            await open.expectBypassed(() => read(open.cached(Author)))
        })

    it("a condition that is null or undefined, which TypeORM reads by version and option", async () => {
        for (const value of [null, undefined]) {
            const read = (it: Repository<Author>) => async (): Promise<unknown> =>
                Promise.all(
                    [{ bio: value }, { email: value }, { id: value }, { id: 1, name: value }].map((where) =>
                        it.findBy(where as never).catch((error: Error) => error.name),
                    ),
                )
            expect(await read(open.cached(Author))()).to.deep.equal(await read(open.plain(Author))())
            expect(open.store.calls.filter(({ method }) => method === "write")).to.deep.equal([])
        }
    })

    it("a view and a virtual column of which nobody says what they read", async () => {
        for (const name of ["LooseView", "LooseVirtual"])
            for (const cache of [undefined, true, 60_000])
                await open.expectBypassed(() => open.cached(name).find({ ...(cache === undefined ? {} : { cache }) }))
    })

    for (const name of ["TypeormView", "DeclaredView", "TableView", "DeclaredVirtual"])
        it(`caches ${name}, until a table that it is said to read is written`, async () => {
            const repository = open.cached<Row>(name)
            const reads: (() => Promise<unknown>)[] = [
                () => repository.find({ order: { id: "ASC" } }),
                () => repository.count(),
                () => repository.findOneBy({ id: name === "DeclaredVirtual" ? 1 : 2 }),
            ]
            const plain = open.plain<Row>(name)
            const expected = (): Promise<unknown> =>
                Promise.all([
                    plain.find({ order: { id: "ASC" } }),
                    plain.count(),
                    plain.findOneBy({ id: name === "DeclaredVirtual" ? 1 : 2 }),
                ])
            for (const read of reads) await open.miss(read)
            for (const read of reads) await open.hit(read)
            for (const write of [
                () => open.plain(Author).insert({ name: "New", email: "new@example.org", age: 70 }),
                () => open.plain(Author).update({ email: "new@example.org" }, { name: "Newer" }),
                () => open.plain(Author).delete({ email: "new@example.org" }),
            ]) {
                await write()
                const found = []
                for (const read of reads) found.push(await open.miss(read))
                expect(found).to.deep.equal(await expected())
            }
        })

    it("counts what it leaves", async () => {
        await open.cached(Author).findBy({ age: Raw((column) => `${column} > 35`) })
        await open.cached(Author).find({ cache: false })
        await open.cached(Author).findBy({ age: LessThan(35) })
        expect(open.cache.stats.entity(Author)).to.include({ bypasses: 2, misses: 1, hits: 0 })
    })
})
