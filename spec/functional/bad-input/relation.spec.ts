import { expect } from "chai"
import { Column, Entity, EntitySchema, PrimaryColumn } from "typeorm"
import { cached, CachedRelation, CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { Author, Book, Membership, Profile } from "../../support/entity"
import { forEachDatabaseAndStore } from "../../support/databases"
import { closeLocalCaches, openCache, openLocalCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"
import { expectError } from "./expectError"

/** No relation of an author, in every type. */
const NO_RELATIONS = [null, 7, "", "nope", "name", "books.author", "__proto__", "constructor", {}, ["books"], () => ""]

/** Not cached itself; its lazy relations would be. */
@Entity()
class Shop {
    @PrimaryColumn()
    id: number

    @Column()
    @CachedRelation()
    name: string
}

forEachDatabaseAndStore("a relation that cannot be read", (database, store) => {
    let open: OpenCache
    let author: Author
    before(async () => {
        open = await openCache(database, store)
        await seedLibrary(open.dataSource)
        author = await open.plain(Author).findOneByOrFail({ id: 1 })
    })
    beforeEach(() => open.reset())

    /** Is refused, and asks neither the database nor the store. */
    const refused = async (code: string, names: RegExp, run: () => unknown): Promise<void> => {
        await open.recorder.expectQueries(0, () => expectError(code, names, run))
        expect(open.store.trips).to.equal(0)
    }

    it("by its name is refused, with the names that there are", async () => {
        const authors = open.cached(Author)
        const names = /Author has no relation .*books, editedBooks, profile, notes/
        for (const name of NO_RELATIONS) {
            await refused("E_UNKNOWN_RELATION", names, () => authors.loadRelation(author, name as never))
            await refused("E_UNKNOWN_RELATION", names, () => authors.loadRelation([], name as never))
            await refused("E_UNKNOWN_RELATION", names, () => authors.clearRelationCache(author, name as never))
            await refused("E_UNKNOWN_RELATION", names, () => open.cache.relation(Author, name as never))
        }
        await refused("E_UNKNOWN_RELATION", names, () => authors.loadRelation(author, undefined as never))
        await refused("E_UNKNOWN_RELATION", /Membership.*none at all/, () => open.cache.relation(Membership, "group"))
    })

    it("of an owner that is none is refused", async () => {
        const authors = open.cached(Author)
        const book = await open.plain(Book).findOneByOrFail({ id: 1 })
        open.recorder.clear()
        class Imposter extends Author {}
        const strangers = [null, undefined, 1, "1", true, {}, { id: 1 }, { ...author }, book, Author, new Imposter()]
        for (const stranger of [...strangers, new Author(), open.plain(Author).create({ name: "New" }), [author]]) {
            const about = /is no Author|has no id/
            for (const owners of [stranger, [stranger], [author, stranger]]) {
                if (Array.isArray(stranger) && owners === stranger) continue
                await refused("E_NO_OWNER", about, () => authors.loadRelation(owners as never, "books"))
                await refused("E_NO_OWNER", about, () => authors.clearRelationCache(owners as never, "books"))
                await refused("E_NO_OWNER", about, () => authors.clearRelationCache(owners as never))
            }
        }
        expect(author).to.not.have.property("books")
    })

    it("of an owner that is none, nor an id of one, is refused by hand", async () => {
        const books = open.cache.relation(Author, "books")
        const book = await open.plain(Book).findOneByOrFail({ id: 1 })
        open.recorder.clear()
        for (const stranger of [null, undefined, {}, { nope: 1 }, [], [1], book, Author, new Author(), new Date()]) {
            const names = /is no Author|has no id/
            await refused("E_NO_OWNER", names, () => books.get(stranger))
            await refused("E_NO_OWNER", names, () => books.set(stranger, []))
            await refused("E_NO_OWNER", names, () => books.delete(stranger))
        }
    })

    it("of an id that no row can have gets into nobody else's entry", async () => {
        const books = open.cache.relation(Author, "books")
        const [book] = await open.plain(Book).find()
        for (const id of [NaN, Infinity, "", " ", "x", "1 or 1=1", Symbol.iterator, 1.5, -1, "\0", "1\0"]) {
            await books.set(id, [book!])
            expect(await books.get(1), String(id)).to.equal(undefined)
            await books.delete(id)
            expect(await books.get(id), String(id)).to.equal(undefined)
        }
    })

    it("that is not decorated has no entries, and comes from the database each time", async () => {
        await refused("E_UNKNOWN_RELATION", /Author\.editedBooks has no @CachedRelation/, () =>
            open.cache.relation(Author, "editedBooks"),
        )
        const [bob] = await open.plain(Author).findBy({ id: 2 })
        for (let i = 0; i < 2; i++) {
            await open.miss(() => open.cached(Author).loadRelation(bob!, "editedBooks"))
            expect(bob!.editedBooks.map(({ title }) => title)).to.deep.equal(["Two"])
        }
        expect(open.store.calls).to.deep.equal([])
        await open.cached(Author).clearRelationCache(bob!, "editedBooks")
        await open.cached(Author).clearRelationCache(bob!)
    })

    it("of nobody is nothing", async () => {
        expect(await open.hit(() => open.cached(Author).loadRelation([], "books"))).to.deep.equal([])
        await open.cached(Author).clearRelationCache([], "books")
        await open.cached(Author).clearRelationCache([])
    })

    it("of an owner that is gone is empty, and not stored: it may come back", async () => {
        const [gone, alone] = ["books", "profile"] as const
        const ghost = open.plain(Author).create({ id: 99 })
        for (let i = 0; i < 2; i++) {
            await open.miss(() => open.cached(Author).loadRelation(ghost, gone))
            await open.miss(() => open.cached(Author).loadRelation(ghost, alone))
            expect(ghost).to.deep.include({ books: [], profile: null })
        }
        expect(await open.cache.relation(Author, "books").get(99)).to.equal(undefined)
    })

    it("is set to nothing but entities of its own kind", async () => {
        const book = await open.plain(Book).findOneByOrFail({ id: 1 })
        const profile = await open.plain(Profile).findOneByOrFail({ id: 1 })
        open.recorder.clear()
        const wrong: [string, string, unknown[]][] = [
            [
                "books",
                "a list of Book",
                [undefined, null, book, {}, "x", [null], [{ ...book }], [book, author], [[book]]],
            ],
            ["profile", "one Profile", [undefined, [profile], [], {}, { ...profile }, book, 7]],
        ]
        for (const [name, kind, values] of wrong)
            for (const value of values) {
                const names = new RegExp(`Author\\.${name} holds ${kind}`)
                await refused("E_SERIALIZE", names, () => open.cache.relation(Author, name).set(author, value as never))
            }
        expect(await open.cache.relation(Author, "books").get(author)).to.equal(undefined)
    })
})

describe("a relation that is declared wrongly", () => {
    afterEach(closeLocalCaches)

    it("is refused before the cache knows a DataSource", async () => {
        const cache = new SecondLevelCache()
        await expectError("E_UNKNOWN_ENTITY", /no DataSource yet/, () => cache.relation(Author, "books"))
        await expectError("E_UNKNOWN_ENTITY", /no DataSource yet/, () => cache.relation("nope", "books"))
    })

    it("is refused for an entity that the DataSource does not know", async () => {
        const { cache } = await openLocalCache()
        for (const target of [class Stranger {}, "nope", undefined, null, 7, {}])
            await expectError("E_UNKNOWN_ENTITY", /no entity|no DataSource/, () =>
                cache.relation(target as never, "books"),
            )
    })

    it("on a property that is no relation is refused by the repository and by attach()", async () => {
        const { cache, dataSource } = await openLocalCache({ entities: [Shop] })
        const names = /@CachedRelation on Shop\.name: it is no relation/
        await expectError("E_UNKNOWN_RELATION", names, () => new CachedRepository(Shop, dataSource.manager))
        await expectError("E_UNKNOWN_RELATION", names, () => cache.attach(dataSource))
    })

    it("in a schema, under a name that is no relation, is refused", async () => {
        const schema = new EntitySchema({ name: "Bare", columns: { id: { type: "int", primary: true } } })
        const { cache, dataSource } = await openLocalCache({ entities: [cached(schema, {}, { nope: {} })] })
        const names = /Bare\.nope: it is no relation/
        await expectError("E_UNKNOWN_RELATION", names, () => new CachedRepository("Bare", dataSource.manager))
        await expectError("E_UNKNOWN_RELATION", names, () => cache.attach(dataSource))
    })
})
