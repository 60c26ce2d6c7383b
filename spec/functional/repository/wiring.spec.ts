import { expect } from "chai"
import { BaseEntity, Column, Entity, EntitySchema, PrimaryColumn, Repository } from "typeorm"
import { Cached, cached, CachedRepository, MemoryStore, SecondLevelCache } from "typeorm-second-level-cache"
import { forEachDatabase } from "../../support/databases"
import { openCache, type OpenCache } from "./openCache"

@Entity()
@Cached()
class Article extends BaseEntity {
    @PrimaryColumn()
    id: number

    @Column()
    title: string
}

@Entity()
class Uncached {
    @PrimaryColumn()
    id: number
}

@Entity()
@Cached({ enabled: false })
class Disabled {
    @PrimaryColumn()
    id: number
}

const Topic = cached(
    new EntitySchema<{ id: number; title: string }>({
        name: "Topic",
        tableName: "topic_table",
        columns: { id: { type: "int", primary: true }, title: { type: "varchar" } },
    }),
)

class ArticleRepository extends CachedRepository<Article> {
    readonly kind = "articles"

    byTitle(title: string): Promise<Article[]> {
        return this.find({ where: { title }, order: { id: "ASC" } })
    }

    override async findBy(where: Parameters<CachedRepository<Article>["findBy"]>[0]): Promise<Article[]> {
        return (await super.findBy(where)).reverse()
    }
}

forEachDatabase("a repository", (database) => {
    let open: OpenCache
    beforeEach(async () => {
        open = await openCache(
            database,
            { name: "memory", create: () => new MemoryStore(), prefix: () => "wiring" },
            {
                entities: [Article, Uncached, Disabled, Topic],
            },
        )
        await open.plain(Article).insert([
            { id: 1, title: "one" },
            { id: 2, title: "two" },
        ])
        await open.plain("Topic").insert({ id: 1, title: "topic" })
        open.recorder.clear()
    })
    afterEach(() => database.cleanUp())

    /** Says that reads of the repository come from the cache, and see what is written through it. */
    const expectCaching = async (repository: Repository<{ id: number; title: string }>): Promise<void> => {
        await open.cache.clear()
        const read = (): Promise<unknown> => repository.findOneBy({ id: 1 })
        await open.miss(read)
        await open.hit(read)
        await repository.update(1, { title: "changed" })
        expect(await open.miss(read)).to.include({ title: "changed" })
        await repository.update(1, { title: "one" })
    }

    const expectPlain = async (repository: Repository<{ id: number; title: string }>): Promise<void> => {
        await open.expectBypassed(() => repository.findOneBy({ id: 1 }))
    }

    it("of a class of one's own reads through the cache, its own methods as well", async () => {
        const articles = new ArticleRepository(Article, open.dataSource.manager)
        await expectCaching(articles)
        expect(articles.kind).to.equal("articles")
        const first = await open.miss(() => articles.byTitle("one"))
        expect(await open.hit(() => articles.byTitle("one"))).to.deep.equal(first)
        expect((await articles.findBy([{ id: 1 }, { id: 2 }])).map(({ id }) => id)).to.deep.equal([2, 1])
    })

    it("made by withRepository() belongs to the manager that it is given", async () => {
        const articles = new ArticleRepository(Article, open.dataSource.manager)
        await expectCaching(open.dataSource.manager.withRepository(articles))
        await articles.byTitle("one")
        await open.dataSource.transaction(async (manager) => {
            const own = manager.withRepository(articles)
            expect(own).to.be.instanceOf(ArticleRepository)
            await open.expectBypassed(() => own.byTitle("one"))
        })
        await open.hit(() => articles.byTitle("one"))
    })

    it("made by extend() keeps what it was extended with, and caches", async () => {
        const extended = new ArticleRepository(Article, open.dataSource.manager).extend({
            titles(this: Repository<Article>): Promise<string[]> {
                return this.find({ order: { id: "ASC" } }).then((all) => all.map(({ title }) => title))
            },
        })
        await expectCaching(extended)
        expect(await open.miss(() => extended.titles())).to.deep.equal(["one", "two"])
        expect(await open.hit(() => extended.titles())).to.deep.equal(["one", "two"])
        await open.dataSource.transaction(async (manager) => {
            await open.expectBypassed(() => manager.withRepository(extended).titles())
        })
    })

    it("works behind a Proxy and as a prototype", async () => {
        const articles = new ArticleRepository(Article, open.dataSource.manager)
        await expectCaching(new Proxy(articles, {}))
        await expectCaching(Object.create(articles) as ArticleRepository)
    })

    it("whose manager changes with the caller's context follows it on every call", async () => {
        let current = open.dataSource.manager
        class Contextual extends CachedRepository<Article> {}
        Object.defineProperty(Contextual.prototype, "manager", { get: () => current, set: () => undefined })
        const articles = new Contextual(Article, open.dataSource.manager)
        await expectCaching(articles)
        await open.dataSource.transaction(async (manager) => {
            current = manager
            await manager.update(Article, 1, { title: "inside" })
            expect(await articles.findOneBy({ id: 1 })).to.include({ title: "inside" })
            await expectPlain(articles)
            current = open.dataSource.manager
            await manager.update(Article, 1, { title: "one" })
        })
        expect(await open.miss(() => articles.findOneBy({ id: 1 }))).to.include({ title: "one" })
        await open.hit(() => articles.findOneBy({ id: 1 }))
    })

    it("takes its target as a class, a schema or a name", async () => {
        for (const target of [Article, "Article", "article"]) await expectCaching(open.cached<Article>(target))
        for (const target of [Topic, "Topic", "topic_table"])
            await expectCaching(open.cached<{ id: number; title: string }>(target))
    })

    describe("of the DataSource, when the cache is attached", () => {
        it("was plain before", async () => {
            await expectPlain(open.dataSource.getRepository(Article))
        })

        it("reads through the cache, by class, schema and name", async () => {
            open.cache.attach(open.dataSource)
            for (const target of [Article, "Article", "article"])
                await expectCaching(open.dataSource.getRepository<Article>(target))
            for (const target of [Topic, "Topic", "topic_table"])
                await expectCaching(open.dataSource.getRepository<{ id: number; title: string }>(target))
            await expectCaching(open.dataSource.manager.getRepository(Article))
        })

        it("serves the statics of BaseEntity", async () => {
            open.cache.attach(open.dataSource)
            Article.useDataSource(open.dataSource)
            const read = (): Promise<unknown> => Article.findOneBy({ id: 1 })
            await open.miss(read)
            await open.hit(read)
            await Article.update(1, { title: "static" })
            expect(await open.miss(read)).to.include({ title: "static" })
            const article = await Article.findOneByOrFail({ id: 1 })
            article.title = "saved"
            await article.save()
            expect(await open.miss(read)).to.include({ title: "saved" })
            await article.reload()
            expect(article.title).to.equal("saved")
            await article.remove()
            expect(await open.miss(read)).to.equal(null)
            for (const list of [() => Article.find(), () => Article.count()]) {
                await open.miss<unknown>(list)
                await open.hit<unknown>(list)
            }
        })

        it("stays plain for entities that are not @Cached, and inside transactions", async () => {
            open.cache.attach(open.dataSource)
            for (const target of [Uncached, Disabled])
                expect(open.dataSource.getRepository<{ id: number }>(target)).to.not.be.instanceOf(CachedRepository)
            await open.dataSource.getRepository(Article).findOneBy({ id: 1 })
            await open.dataSource.transaction(async (manager) => {
                await expectPlain(manager.getRepository(Article))
            })
        })

        it("may be attached twice, and outlives destroy() and initialize()", async () => {
            const { dataSource } = open
            open.cache.attach(dataSource)
            open.cache.attach(dataSource)
            if (database.name === "sqlite") return
            await dataSource.destroy()
            await dataSource.initialize()
            await open.plain(Article).save([
                { id: 1, title: "one" },
                { id: 2, title: "two" },
            ])
            await expectCaching(dataSource.getRepository(Article))
            open.cache.attach(dataSource)
            await expectCaching(dataSource.getRepository(Article))
        })

        it("is refused before initialize(), and with another cache's subscriber", () => {
            const { dataSource } = open
            expect(() => new SecondLevelCache().attach(dataSource))
                .to.throw()
                .with.property("code", "E_SECOND_CACHE")
        })
    })

    it("of a DataSource that is not yet initialised is checked with its first read", async () => {
        if (database.name === "sqlite") return
        await open.dataSource.destroy()
        const articles = new ArticleRepository(Article, open.dataSource.manager)
        await open.dataSource.initialize()
        await open.plain(Article).save({ id: 1, title: "one" })
        await expectCaching(articles)
    })
})
