import { expect } from "chai"
import type { QueryRunner } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { START_TIMEOUT } from "../../support/choice"
import { forEachDatabase, forEachDatabaseAndStore } from "../../support/databases"
import { Author, Book, ENTITIES } from "../../support/entity"
import { expectSame } from "../hydration/expectSame"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"

const queryCache = ({ queryResultCache: provider }: SecondLevelCache) => ({ provider, duration: 60_000 })
const alwaysOn = (cache: SecondLevelCache) => ({ ...queryCache(cache), alwaysEnabled: true })

forEachDatabaseAndStore("what is wrong with TypeORM's own query cache, and is not with this one", (database, store) => {
    let open: OpenCache
    let always: OpenCache
    before(async () => {
        open = await openCache(database, store, { queryCache })
        always = await openCache(database, store, { queryCache: alwaysOn })
        for (const { dataSource } of [open, always]) await seedLibrary(dataSource)
    })
    beforeEach(() => Promise.all([open.reset(), always.reset()]))
    after(async () => {
        await open.cache.close()
        await always.cache.close()
        await database.cleanUp()
    })
    const authors = (runner?: QueryRunner) => open.dataSource.createQueryBuilder(Author, "a", runner).orderBy("a.id")
    const ageOf = async (runner?: QueryRunner): Promise<number> =>
        (await authors(runner).where("a.id = 1").cache(true).getOneOrFail()).age

    it("a write is not seen until the ttl has passed", async () => {
        const age = await ageOf()
        await open.hit(() => ageOf())
        await open.plain(Author).update(1, { age: age + 1 })
        await open.settled()
        expect(await ageOf()).to.equal(age + 1)
    })

    it("what a transaction wrote is kept for others, even after its rollback", async () => {
        const age = await ageOf()
        await open.cache.clear()
        const runner = open.dataSource.createQueryRunner()
        await runner.startTransaction()
        await runner.manager.update(Author, 1, { age: age + 100 })
        expect(await ageOf(runner)).to.equal(age + 100)
        await runner.rollbackTransaction()
        await runner.release()
        await open.settled()
        expect(await ageOf()).to.equal(age)
    })

    it("alwaysEnabled lets save() compare with an old row, and drops the update", async () => {
        const { dataSource } = always
        const plain = always.plain(Author)
        const author = await plain.findOneByOrFail({ id: 2 })
        await dataSource.manager.update(Author, 2, { name: "somebody else" })
        await plain.save(author)
        await always.settled()
        expect((await plain.findOneByOrFail({ id: 2 })).name).to.equal(author.name)
    })

    it("alwaysEnabled is a hit for plain reads as well, but not where a call says no", async () => {
        const read = () => always.plain(Author).find({ order: { id: "ASC" } })
        const fresh = await read()
        expectSame(await always.hit(read), fresh, "hit")
        await always.load(() => always.plain(Author).find({ cache: false }))
    })

    it("two queries of one name get each other's rows", async () => {
        const named = (id: number) => authors().where("a.id = :id", { id }).cache("one name", 60_000).getMany()
        expect((await named(1)).map(({ id }) => id)).to.deep.equal([1])
        expect((await named(2)).map(({ id }) => id)).to.deep.equal([2])
        expect((await open.hit(() => named(1))).map(({ id }) => id)).to.deep.equal([1])
    })

    it("bytes, dates and big numbers come back as something else", async () => {
        const raw = () =>
            open.dataSource.createQueryBuilder(Book, "b").where("b.id = 1").cache(true).getRawOne<object>()
        const fresh = await open.dataSource.createQueryBuilder(Book, "b").where("b.id = 1").getRawOne<object>()
        await raw()
        expectSame(await open.hit(raw), fresh, "raw row")
        const many = () => open.plain(Book).find({ where: { id: 1 }, cache: true })
        await many()
        expectSame(await open.hit(many), await open.plain(Book).find({ where: { id: 1 } }), "entity")
    })

    it("a count and a page of a name outlive its removal", async () => {
        const page = () => authors().leftJoinAndSelect("a.books", "b").take(1).cache("front", 60_000).getManyAndCount()
        await page()
        await open.hit(page)
        await open.dataSource.queryResultCache!.remove(["front"])
        // the count, the ids of the page, the page
        expect(await open.recorder.during(page)).to.have.length(3)
    })

    it("clear() takes everything of the store with it", async () => {
        await open.cache.set("a value", 1)
        await open.inner.write([{ key: `not-${store.name}`, payload: `"x"`, ttl: 10_000, stamps: [], size: 1 }])
        await ageOf()
        await open.dataSource.queryResultCache!.clear()
        expect(await open.cache.get("a value")).to.equal(1)
        expect((await open.inner.read([`not-${store.name}`], [])).payloads[0]).to.equal(`"x"`)
        await open.inner.delete([`not-${store.name}`])
        await open.load(() => ageOf())
    })

    it("many names are removed by one command, which no cluster takes", async () => {
        const named = (name: string) => authors().cache(name, 60_000).getMany()
        const names = Array.from({ length: 5 }, (_, i) => `name ${i}`)
        for (const name of names) await named(name)
        await open.dataSource.queryResultCache!.remove(names)
        // RedisStore sends one command for each key, see the specs of the cluster
        for (const name of names) await open.load(() => named(name))
    })

    it("relations by a query of their own, their ids and exists() are not cached, and are not here; a CachedRepository does", async () => {
        const options = { where: { id: 1 }, relations: { books: true }, relationLoadStrategy: "query" as const }
        const plain = () => open.plain(Author).findOneOrFail({ ...options, cache: true })
        expectSame(await plain(), await open.plain(Author).findOneOrFail(options), "first")
        expectSame(await plain(), await open.plain(Author).findOneOrFail(options), "second")
        await open.plain(Book).update(1, { title: `title ${Math.random()}` })
        await open.settled()
        expectSame(await plain(), await open.plain(Author).findOneOrFail(options), "behind a write")
        const cached = () => open.cached(Author).findOneOrFail(options)
        await cached()
        expectSame(await open.hit(cached), await open.plain(Author).findOneOrFail(options), "CachedRepository")
    })

    it("a query that fails is one that fails, whatever ignoreErrors says", async () => {
        const broken = () => authors().where("nothing = 1").cache(true).getMany()
        for (let i = 0; i < 2; i++)
            expect(await broken().catch((error: Error) => error.name)).to.equal("QueryFailedError")
    })

    // pg wants another package for it
    const itOnMariadb = database.name === "mariadb" ? it : () => undefined
    itOnMariadb("streams go around it", async () => {
        await authors().cache(true).getMany()
        const runner = open.dataSource.createQueryRunner()
        try {
            const stream = await authors(runner).cache(true).stream()
            const rows: unknown[] = []
            for await (const row of stream) rows.push(row)
            expect(rows).to.have.length(await open.plain(Author).count())
        } finally {
            await runner.release()
        }
        await open.hit(() => authors().cache(true).getMany())
    })

    const itWithLocks = database.name === "sqlite" ? () => undefined : it
    itWithLocks("locks go around it", async () => {
        const runner = open.dataSource.createQueryRunner()
        await runner.startTransaction()
        const locked = () => authors(runner).setLock("pessimistic_write").cache(true).getMany()
        await open.load(locked)
        await open.load(locked)
        await runner.rollbackTransaction()
        await runner.release()
    })

    it("a DataSource with it is synchronized, destroyed, and its tables made again", async () => {
        const { dataSource } = await openCache(database, store, { queryCache })
        await dataSource.createQueryBuilder(Author, "a").cache(true).getMany()
        await dataSource.synchronize(true)
        await dataSource.createQueryBuilder(Author, "a").cache(true).getMany()
        await dataSource.destroy()
    })
})

forEachDatabase("TypeORM's own query cache with a Redis that is not there", (database) => {
    it("keeps neither initialize() nor a read waiting", async function () {
        this.timeout(START_TIMEOUT)
        const store = new RedisStore({ url: "redis://127.0.0.1:1" })
        const cache = new SecondLevelCache({ store, storeTimeout: "50ms" })
        const dataSource = await database.createDataSource({
            entities: ENTITIES,
            subscribers: [cache.subscriber],
            cache: queryCache(cache),
        })
        for (let i = 0; i < 5; i++)
            expect(await dataSource.createQueryBuilder(Author, "a").cache(true).getMany()).to.deep.equal([])
        await dataSource.manager.insert(Author, { id: 1, name: "Ada", email: "ada@example.org" })
        expect(await dataSource.createQueryBuilder(Author, "a").cache(true).getMany()).to.have.length(1)
        await dataSource.queryResultCache!.remove(["nothing"])
        await cache.close()
        await database.cleanUp()
    })
})
