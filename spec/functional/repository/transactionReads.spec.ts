import { expect } from "chai"
import { In, type DataSource, type EntityManager } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { readersOf } from "../../../lib/repository/EntityReaders"
import { forEachDatabase } from "../../support/databases"
import { LIBRARY } from "../../support/entity"
import { Author } from "../../support/entity/Author"
import { Tag } from "../../support/entity/Tag"
import { QueryRecorder } from "../../support/QueryRecorder"

forEachDatabase(`transactionReads: "until-dirty"`, (database) => {
    let dataSource: DataSource
    let cache: SecondLevelCache
    const queries = new QueryRecorder()
    const selects = async (read: () => Promise<unknown>): Promise<string[]> =>
        (await queries.during(read)).filter((sql) => sql.startsWith("SELECT"))

    before(async () => {
        cache = new SecondLevelCache({ transactionReads: "until-dirty" })
        dataSource = await database.createDataSource({
            entities: LIBRARY,
            subscribers: [cache.subscriber],
            logger: queries,
        })
        await dataSource.getRepository(Author).save({ name: "Ada", email: "ada@x" })
        await dataSource.getRepository(Tag).save({ name: "math" })
    })
    after(() => cache.close())

    // SQLite shares one connection, where a transaction is everybody's
    const onServers = database.name === "sqlite" ? () => undefined : it

    onServers("answers from the cache what the transaction has not written, at READ COMMITTED", async () => {
        await new CachedRepository(Author, dataSource.manager).find()
        await dataSource.transaction("READ COMMITTED", async (manager) => {
            const authors = new CachedRepository(Author, manager)
            expect(await selects(() => authors.find())).lengthOf(0)
            await manager.getRepository(Tag).update({ name: "math" }, { name: "maths" })
            expect(await selects(() => authors.find())).lengthOf(0)
            await manager.getRepository(Author).update({ name: "Ada" }, { name: "Bea" })
            expect(await selects(() => authors.find())).lengthOf(1)
            expect((await authors.find())[0]!.name).equal("Bea")
            await manager.getRepository(Author).update({ name: "Bea" }, { name: "Ada" })
        })
    })

    onServers("fills from a transaction that has written nothing, and never from one that has", async () => {
        const authors = new CachedRepository(Author, dataSource.manager)
        await cache.clear()
        await dataSource.transaction("READ COMMITTED", async (manager) => {
            const within = new CachedRepository(Author, manager)
            expect(await selects(() => within.findOneBy({ id: 1 }))).lengthOf(1)
            expect(await selects(() => within.findOneBy({ id: 1 }))).lengthOf(0)
        })
        expect(await selects(() => authors.findOneBy({ id: 1 }))).lengthOf(0)

        await cache.clear()
        await dataSource.transaction("READ COMMITTED", async (manager) => {
            await manager.getRepository(Tag).save({ name: "more" })
            const within = new CachedRepository(Author, manager)
            expect(await selects(() => within.findOneBy({ id: 1 }))).lengthOf(1)
            expect(await selects(() => within.findOneBy({ id: 1 }))).lengthOf(1)
        })
        expect(await selects(() => authors.findOneBy({ id: 1 }))).lengthOf(1)
    })

    const READS: Readonly<Record<string, (authors: CachedRepository<Author>) => Promise<unknown>>> = {
        "a row": (authors) => authors.findOneBy({ id: 1 }),
        "several rows": (authors) => authors.findBy({ id: In([1, 2]) }),
        "a row by a unique key": (authors) => authors.findOneBy({ email: "ada@x" }),
        "a list": (authors) => authors.find({ order: { id: "ASC" } }),
        relations: (authors) => authors.loadRelation(Object.assign(new Author(), { id: 1 }), "books"),
    }
    for (const [title, read] of Object.entries(READS))
        onServers(`waits for nobody who waits for its connection: ${title}`, async () => {
            const own = new SecondLevelCache({ transactionReads: "until-dirty" })
            const single = await database.createDataSource({
                entities: LIBRARY,
                subscribers: [own.subscriber],
                poolSize: 1,
            })
            let outside: Promise<unknown> | undefined
            await single.transaction("READ COMMITTED", async (manager) => {
                await manager.query("SELECT 1")
                outside = read(new CachedRepository(Author, single.manager))
                // it has begun its load, and waits for a connection
                for (let i = 0; i < 10; i++) await new Promise(setImmediate)
                await read(new CachedRepository(Author, manager))
            })
            await outside
            await own.close()
        })

    onServers("shares nothing that was read in it when it has rolled back before the answer arrives", async () => {
        const views: { hasWritten(): boolean; hasTouched(tags: readonly string[]): boolean }[] = []
        const view = async (manager: EntityManager): Promise<void> =>
            void views.push((await readersOf(dataSource).accessOf(manager)) as (typeof views)[number])
        await dataSource
            .transaction("READ COMMITTED", async (manager) => {
                await view(manager)
                expect(views[0]!.hasWritten()).equal(false)
                await manager.getRepository(Author).update({ name: "Ada" }, { name: "never" })
                throw new Error("rollback")
            })
            .catch(() => undefined)
        expect(views[0]!.hasWritten()).equal(true)
        expect(views[0]!.hasTouched([])).equal(true)
    })

    it("reads the database in a transaction above READ COMMITTED", async () => {
        await new CachedRepository(Author, dataSource.manager).find()
        const level = database.name === "mariadb" ? "REPEATABLE READ" : "SERIALIZABLE"
        await dataSource.transaction(level, async (manager) => {
            const authors = new CachedRepository(Author, manager)
            expect(await selects(() => authors.find())).lengthOf(1)
            expect(await selects(() => authors.find())).lengthOf(1)
        })
    })

    it("asks PostgreSQL for the level that was not said, and takes others at their word", async () => {
        await new CachedRepository(Author, dataSource.manager).find()
        await dataSource.transaction(async (manager) => {
            const authors = new CachedRepository(Author, manager)
            expect(await selects(() => authors.find())).lengthOf(database.name === "postgres" ? 0 : 1)
        })
        if (database.name !== "postgres") return
        await dataSource.transaction(async (manager) => {
            await manager.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            expect(await selects(() => new CachedRepository(Author, manager).find())).lengthOf(1)
        })
    })

    if (database.name !== "postgres") return
    it("reads the database after a statement that names no table", async () => {
        await new CachedRepository(Author, dataSource.manager).find()
        await dataSource.transaction("READ COMMITTED", async (manager) => {
            await manager.query("DO $$ BEGIN UPDATE author SET name = 'Cleo'; END $$")
            expect((await new CachedRepository(Author, manager).find())[0]!.name).equal("Cleo")
        })
        expect((await new CachedRepository(Author, dataSource.manager).find())[0]!.name).equal("Cleo")
    })
})
