import { expect } from "chai"
import type { DataSource, QueryRunner } from "typeorm"
import { MemoryStore } from "typeorm-second-level-cache"
import { forEachDatabase, forEachDatabaseAndStore } from "../../support/databases"
import { Author, Book, Tag } from "../../support/entity"
import { typeormVersion } from "../../support/resolve"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"
import { expectSame } from "../hydration/expectSame"

forEachDatabaseAndStore("TypeORM's own query cache", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, { queryCache: ({ queryResultCache: provider }) => ({ provider }) })
        await seedLibrary(open.dataSource)
        await open.settled()
    })
    beforeEach(() => open.reset())
    after(async () => {
        await open.cache.close()
        await database.cleanUp()
    })
    const always = async <T>(run: () => Promise<T>): Promise<T> => {
        const options = open.dataSource.options.cache as { alwaysEnabled?: boolean; duration?: number }
        Object.assign(options, { alwaysEnabled: true, duration: 60_000 })
        try {
            return await run()
        } finally {
            delete options.alwaysEnabled
            delete options.duration
        }
    }
    const authors = (source: DataSource = open.dataSource) => source.createQueryBuilder(Author, "a").orderBy("a.id")
    const books = () => open.dataSource.createQueryBuilder(Book, "b").orderBy("b.id")

    const READS: Readonly<Record<string, (cached: boolean) => Promise<unknown>>> = {
        "getMany()": (on) => authors().cache(on).getMany(),
        "getMany() of every type": (on) => books().cache(on).getMany(),
        "getOne()": (on) => authors().cache(on).getOne(),
        "getRawMany() of every type": (on) => books().cache(on).getRawMany(),
        "getRawOne()": (on) =>
            authors().select("MAX(a.createdAt)", "last").addSelect("COUNT(*)", "n").orderBy().cache(on).getRawOne(),
        "getCount()": (on) => authors().cache(on).getCount(),
        "getManyAndCount()": (on) => authors().take(1).cache(on).getManyAndCount(),
        "a page with a join": (on) =>
            authors().leftJoinAndSelect("a.books", "b").skip(1).take(1).cache(on).getManyAndCount(),
        "a join": (on) => authors().innerJoinAndSelect("a.books", "b").cache(on).getMany(),
        "find()": (on) => open.plain(Author).find({ order: { id: "ASC" }, cache: on }),
        "findAndCount()": (on) => open.plain(Author).findAndCount({ order: { id: "ASC" }, take: 1, cache: on }),
        "count()": (on) => open.plain(Author).count({ cache: on }),
    }
    for (const [what, read] of Object.entries(READS))
        it(`${what} sends nothing the second time, and brings what it brings without`, async () => {
            const fresh = await read(false)
            const first = await read(true)
            expectSame(first, fresh, "first")
            const second = await open.hit(() => read(true))
            expectSame(second, fresh, "second")
            if (typeof second === "object" && second !== null) expect(second).not.to.equal(first)
            await open.plain(Author).increment({ id: 1 }, "age", 1)
            await open.plain(Book).update(1, { title: `title ${Math.random()}` })
            await open.settled()
            expectSame(await read(true), await read(false), "behind a write")
        })

    it("hands out rows that are the caller's own", async () => {
        const read = () => books().cache(60_000).getRawMany<Record<string, unknown>>()
        await read()
        const spoilt = await read()
        spoilt[0]!["b_title"] = "spoilt"
        spoilt.length = 1
        expectSame(await open.hit(read), await books().getRawMany(), "rows")
    })

    it("is left alone by writes to other tables, and invalidated by those in a subquery", async () => {
        const read = () =>
            authors()
                .where((qb) => `a.id IN ${qb.subQuery().select("b.authorId").from(Book, "b").getQuery()}`)
                .cache(60_000)
                .getMany()
        await read()
        await open.plain(Tag).insert({ name: `tag ${Math.random()}` })
        await open.settled()
        await open.hit(read)
        await open.plain(Book).update(1, { title: `title ${Math.random()}` })
        await open.settled()
        await open.load(read)
    })

    it("keeps two queries of one name apart, and removes both with their counts", async () => {
        const some = () => authors().where("a.id > 1").cache("mine", 60_000).getMany()
        const page = () => authors().take(1).cache("mine", 60_000).getManyAndCount()
        const [fewer, [, count]] = [await some(), await page()]
        expect(fewer.length).to.be.lessThan(count)
        expectSame(await open.hit(some), fewer, "some")
        expect((await open.hit(page))[1]).to.equal(count)
        await open.dataSource.queryResultCache!.remove(["mine"])
        await open.load(some)
        const sent = await open.recorder.during(page)
        expect(sent).to.have.length(2)
    })

    it("is emptied without anything else", async () => {
        const read = () => authors().cache(60_000).getMany()
        await read()
        await open.cached(Author).findOneBy({ id: 1 })
        await open.cache.set("value", 1)
        await open.dataSource.queryResultCache!.clear()
        await open.hit(() => open.cached(Author).findOneBy({ id: 1 }))
        expect(await open.cache.get("value")).to.equal(1)
        await open.load(read)
    })

    it("neither answers nor learns inside a transaction", async () => {
        const age = async (manager = open.dataSource.manager) =>
            (await manager.createQueryBuilder(Author, "a").where("a.id = 1").cache(60_000).getOneOrFail()).age
        const before = await age()
        const gone = new Error("gone")
        await open.dataSource
            .transaction(async (manager) => {
                await manager.update(Author, 1, { age: before + 50 })
                expect(await age(manager)).to.equal(before + 50)
                expect(await age(manager)).to.equal(before + 50)
                throw gone
            })
            .catch((error: unknown) => expect(error).to.equal(gone))
        await open.settled()
        expect(await age()).to.equal(before)
        await open.dataSource.transaction(async (manager) => {
            await manager.update(Author, 1, { age: before + 1 })
        })
        await open.settled()
        expect(await age()).to.equal(before + 1)
    })

    it("asks the database inside a transaction, whatever is stored, and stores nothing", async () => {
        const read = (manager = open.dataSource.manager) =>
            manager.createQueryBuilder(Author, "a").orderBy("a.id").cache(60_000).getMany()
        await read()
        const runner = open.dataSource.createQueryRunner()
        for (const [begin, end] of [
            [() => runner.startTransaction(), () => runner.rollbackTransaction()],
            [() => runner.query("BEGIN"), () => runner.query("ROLLBACK")],
        ] as const) {
            await open.hit(read)
            await begin()
            open.store.reset()
            await open.load(() => read(runner.manager))
            await open.load(() => read(runner.manager))
            expect(open.store.calls).to.deep.equal([])
            await end()
        }
        await runner.release()
        await open.hit(read)
    })

    // one runner for all flows is SQLite's
    const itOnSqlite = database.name === "sqlite" && typeormVersion !== "0.3.20" ? it : () => undefined
    itOnSqlite("learns nothing on the runner of all flows, on which a transaction begins meanwhile", async () => {
        const runner = open.dataSource.createQueryRunner()
        const age = async () => (await authors().where("a.id = 1").cache(60_000).getOneOrFail()).age
        const before = await age()
        await open.reset()
        const { subscribers } = open.dataSource
        let turns = 0
        subscribers.push({
            // the SELECT has been let through to the cache, and has yet to be run
            async beforeQuery({ query }) {
                if (!query.startsWith("SELECT") || turns++ > 0) return
                await runner.startTransaction()
                await runner.query(`UPDATE author SET age = ${before + 500} WHERE id = 1`)
            },
        })
        expect(await age()).to.equal(before + 500)
        subscribers.pop()
        // another process would not know of the transaction
        expect(open.store.calls.filter(({ method }) => method === "write")).to.deep.equal([])
        await runner.rollbackTransaction()
        await open.settled()
        expect(await age()).to.equal(before)
    })

    it("neither answers nor learns in a transaction by plain SQL", async () => {
        const runner = open.dataSource.createQueryRunner()
        const read = () =>
            open.dataSource.createQueryBuilder(Author, "a", runner).where("a.id = 1").cache(60_000).getOneOrFail()
        const { age } = await authors().where("a.id = 1").cache(60_000).getOneOrFail()
        await runner.query("BEGIN")
        await runner.query(`UPDATE author SET age = ${age + 70} WHERE id = 1`)
        expect((await read()).age).to.equal(age + 70)
        await runner.query("ROLLBACK")
        await runner.release()
        await open.settled()
        expect((await authors().where("a.id = 1").cache(60_000).getOneOrFail()).age).to.equal(age)
    })

    it("does not take an update from save() when it is always on", () =>
        always(async () => {
            const plain = open.plain(Author)
            for (const name of ["one", "two", "three"]) {
                const author = await plain.findOneByOrFail({ id: 2 })
                await plain.findOneByOrFail({ id: 2 })
                await plain.save({ ...author, name })
                await open.settled()
                const [row] = await open.dataSource.query<{ name: string }[]>("SELECT name FROM author WHERE id = 2")
                expect(row!.name).to.equal(name)
                expect((await plain.findOneByOrFail({ id: 2 })).name).to.equal(name)
            }
            await open.hit(() => plain.findOneByOrFail({ id: 2 }))
            await open.load(() => authors().cache(false).getMany())
        }))

    it("gives a runner its own query back, whatever becomes of it", async () => {
        const runner = open.dataSource.createQueryRunner() as QueryRunner & { query: unknown }
        const own = runner.query
        const qb = () => open.dataSource.createQueryBuilder(Author, "a", runner).orderBy("a.id").cache(60_000)
        await qb().getMany()
        expect(runner.query).to.equal(own)
        await qb().getMany()
        expect(runner.query).to.equal(own)
        const failure = await qb()
            .where("nothing = 1")
            .getMany()
            .catch((error: unknown) => error)
        expect(failure).to.be.instanceOf(Error)
        expect(runner.query).to.equal(own)
        const [rows, count] = await Promise.all([qb().getMany(), qb().getCount()])
        expect(rows).to.have.length(count)
        expect(runner.query).to.equal(own)
        await runner.release()
    })

    it("tells queries on one runner apart that differ by a parameter alone, and by its type", async () => {
        const runner = open.dataSource.createQueryRunner()
        const one = async (id: unknown) =>
            (
                await open.dataSource
                    .createQueryBuilder(Author, "a", runner)
                    .where("a.id = :id", { id })
                    .cache(60_000)
                    .getMany()
            ).map((it) => it.id)
        for (let round = 0; round < 3; round++)
            expect(await Promise.all([one(1), one(2), one(3), one(2)])).to.deep.equal([[1], [2], [3], [2]])
        await runner.release()

        const since = (date: unknown) => authors().where("a.createdAt > :date", { date }).cache(60_000).getMany()
        const long = new Date(0)
        await since(long)
        await open.hit(() => since(long))
        await open.load(() => since(long.toISOString()))
    })

    it("answers many at once, the same and others, on one runner or on many", async () => {
        const read = () => open.plain(Author).find({ order: { id: "ASC" }, cache: 60_000 })
        const fresh = await open.plain(Author).find({ order: { id: "ASC" } })
        const count = () => authors().cache(60_000).getCount()
        const found = await Promise.all([read(), count(), read(), authors().getMany(), count(), read()])
        expectSame(found, [fresh, fresh.length, fresh, fresh, fresh.length, fresh], "at once")
        expectSame(await open.hit(() => Promise.all([read(), count(), read()])), [fresh, fresh.length, fresh], "hits")
    })

    it("takes a name with its companions away, and nothing of another", async () => {
        const named = (name: string) => authors().cache(name, 60_000).getMany()
        const names = ["a", "a-count", "b"]
        for (const name of names) await named(name)
        await open.dataSource.queryResultCache!.remove(["a-count"])
        await open.hit(() => named("a"))
        await open.load(() => named("a-count"))
        await open.dataSource.queryResultCache!.remove(["a"])
        await open.load(() => named("a-count"))
        await open.hit(() => named("b"))
    })

    it("refuses a DataSource that has no subscriber of the cache", async () => {
        const source = await database.createDataSource({ entities: [] })
        Object.assign(source, { queryResultCache: open.cache.queryResultCache(source) })
        const failure = await source.query("SELECT 1").then(() =>
            source
                .createQueryBuilder()
                .select("t.id")
                .from("tag", "t")
                .cache(60_000)
                .getRawMany()
                .catch((error: unknown) => error),
        )
        expect(failure).to.include({ code: "E_NO_SUBSCRIBER" })
    })

    it("goes to the database while the store fails, and while the cache is switched off", async () => {
        const read = () => authors().cache(60_000).getMany()
        const fresh = await read()
        open.store.fail("read")
        expectSame(await open.load(read), fresh, "store failing")
        open.store.heal()
        open.cache.enabled = false
        expectSame(await open.load(read), fresh, "switched off")
        open.cache.enabled = true
        await open.hit(read)
    })
})

forEachDatabase("TypeORM's own query cache on one connection", (database) => {
    if (!database.isConcurrent) return
    let open: OpenCache
    before(async () => {
        open = await openCache(
            database,
            { name: "memory", create: () => new MemoryStore(), prefix: () => "one" },
            { poolSize: 1, queryCache: ({ queryResultCache: provider }) => ({ provider }) },
        )
        await open.plain(Author).insert([1, 2, 3].map((id) => ({ id, name: `n${id}`, email: `e${id}` })))
        await open.settled()
    })
    after(async () => {
        await open.cache.close()
        await database.cleanUp()
    })

    it("never waits for a load that waits for the connection", async () => {
        const page = (skip: number) =>
            open.dataSource
                .createQueryBuilder(Author, "a")
                .orderBy("a.id")
                .skip(skip)
                .take(1)
                .cache(60_000)
                .getManyAndCount()
        // the rows of the second page are there already, its count is not
        await open.dataSource.createQueryBuilder(Author, "a").orderBy("a.id").skip(1).take(1).cache(60_000).getMany()
        const found = await Promise.all([page(0), page(1), page(2), page(0)])
        expect(found.map(([rows, count]) => [rows[0]!.id, count])).to.deep.equal([
            [1, 3],
            [2, 3],
            [3, 3],
            [1, 3],
        ])
    })
})
