import { expect } from "chai"
import { Between, ILike, In, IsNull, LessThan, Like, MoreThan, Not, type ObjectLiteral, type Repository } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Animal, Author, Book, Cat, Category, Note, Place, Profile, Review, Tag } from "../../support/entity"
import { openCache, type OpenCache } from "./openCache"
import { seedLibrary } from "./seedLibrary"

type Read = (repository: Repository<ObjectLiteral>) => Promise<unknown>

/** Every read method, by the entity that it reads. `Repository<never>` lets each entry name its own entity. */
function reads<Entity extends ObjectLiteral>(
    target: new () => Entity,
    table: Record<string, (repository: Repository<Entity>) => Promise<unknown>>,
): [string, new () => ObjectLiteral, Read][] {
    return Object.entries(table).map(([title, read]) => [`${target.name} ${title}`, target, read as unknown as Read])
}

const READS = [
    ...reads(Author, {
        "find()": (it) => it.find({ order: { id: "ASC" } }),
        "find() by a condition": (it) => it.find({ where: { age: MoreThan(30) }, order: { id: "DESC" } }),
        "find() of alternatives": (it) => it.find({ where: [{ name: "Ann" }, { age: 50 }], order: { id: "ASC" } }),
        "find() a page": (it) => it.find({ order: { id: "ASC" }, skip: 1, take: 1 }),
        "find() some columns": (it) => it.find({ select: { id: true, name: true }, order: { id: "ASC" } }),
        "find() with the deleted": (it) => it.find({ withDeleted: true, order: { id: "ASC" } }),
        "find() nothing": (it) => it.find({ where: { name: "Nobody" } }),
        "find() of no key": (it) => it.find({ where: { id: In([]) } }),
        "find() with a relation": (it) =>
            it.find({ relations: { books: true }, order: { id: "ASC", books: { id: "ASC" } } }),
        "find() with nested relations": (it) =>
            it.find({
                relations: { books: { tags: true, editor: true }, profile: true },
                order: { id: "ASC", books: { id: "ASC", tags: { id: "ASC" } } },
            }),
        "find() a page with a relation": (it) =>
            it.find({ relations: { books: true }, order: { id: "ASC", books: { id: "ASC" } }, take: 2 }),
        "find() with a relation by queries": (it) =>
            it.find({ relations: { books: true }, relationLoadStrategy: "query", order: { id: "ASC" } }),
        "find() by a relation": (it) => it.find({ where: { books: { title: "Two" } } }),
        "find() by a relation of a relation": (it) => it.find({ where: { books: { tags: { name: "blue" } } } }),
        "find() ordered by a relation": (it) =>
            it.find({ relations: { profile: true }, order: { profile: { website: "DESC" }, id: "ASC" } }),
        "find() with a lazy relation": (it) => it.find({ where: { id: 1 }, relations: { notes: true } }),
        "find() with ids of relations": (it) =>
            it.find({ where: { id: 1 }, loadRelationIds: { relations: ["books", "profile"] } }),
        "find() columns of a relation": (it) =>
            it.find({
                select: { id: true, books: { title: true } },
                relations: { books: true },
                order: { id: "ASC", books: { id: "ASC" } },
            }),
        "findBy()": (it) => it.findBy({ name: Like("A%") }),
        "findBy() keys": (it) => it.findBy({ id: In([1, 2, 9]) }),
        "findBy() a null": (it) => it.findBy({ bio: IsNull(), active: true, id: Not(4) }),
        "findAndCount()": (it) => it.findAndCount({ order: { id: "ASC" } }),
        "findAndCount() a page": (it) => it.findAndCount({ order: { id: "ASC" }, skip: 1, take: 1 }),
        "findAndCount() nothing": (it) => it.findAndCount({ where: { age: LessThan(0) }, take: 5 }),
        "findAndCountBy()": (it) => it.findAndCountBy({ name: "Ann" }),
        "findOne() by key": (it) => it.findOne({ where: { id: 1 } }),
        "findOne() by key, some columns": (it) => it.findOne({ where: { id: 1 }, select: { name: true, age: true } }),
        "findOne() by key and more": (it) => it.findOne({ where: { id: 1, active: true } }),
        "findOne() by key with a relation": (it) => it.findOne({ where: { id: 1 }, relations: { profile: true } }),
        "findOne() by order": (it) => it.findOne({ where: { active: true }, order: { age: "DESC" } }),
        "findOne() the deleted by key": (it) => it.findOne({ where: { id: 4 }, withDeleted: true }),
        "findOneBy() key": (it) => it.findOneBy({ id: 2 }),
        "findOneBy() a deleted row's key": (it) => it.findOneBy({ id: 4 }),
        "findOneBy() a key that is not there": (it) => it.findOneBy({ id: 999 }),
        "findOneBy() a unique key": (it) => it.findOneBy({ email: "bob@example.org" }),
        "findOneBy() a unique value that is not there": (it) => it.findOneBy({ email: "nobody@example.org" }),
        "findOneBy() anything else": (it) => it.findOneBy({ name: "Cid" }),
        "findOneOrFail()": (it) => it.findOneOrFail({ where: { id: 1 } }),
        "findOneByOrFail()": (it) => it.findOneByOrFail({ email: "ann@example.org" }),
        "count()": (it) => it.count(),
        "count() with the deleted": (it) => it.count({ withDeleted: true }),
        "count() by a relation": (it) => it.count({ where: { books: { tags: { name: "red" } } } }),
        "countBy()": (it) => it.countBy({ age: Between(30, 40) }),
        "countBy() nothing": (it) => it.countBy({ age: 1 }),
        "exists()": (it) => it.exists({ where: { name: "Ann" } }),
        "exists() by key": (it) => it.exists({ where: { id: 2 } }),
        "existsBy() nothing": (it) => it.existsBy({ name: "Nobody" }),
        "sum()": (it) => it.sum("age"),
        "sum() by a condition": (it) => it.sum("age", { active: true }),
        "sum() of nothing": (it) => it.sum("age", { name: "Nobody" }),
        "average()": (it) => it.average("age"),
        "minimum()": (it) => it.minimum("age"),
        "maximum()": (it) => it.maximum("age", { active: false }),
    }),
    ...reads(Book, {
        "find() of every type of column": (it) => it.find({ order: { id: "ASC" } }),
        "findOneBy() key": (it) => it.findOneBy({ id: 1 }),
        "find() with a many-to-many": (it) =>
            it.find({ relations: { tags: true }, order: { id: "ASC", tags: { id: "ASC" } } }),
        "find() with a many-to-one": (it) =>
            it.find({ relations: { author: true, editor: true }, order: { id: "ASC" } }),
        "findBy() a foreign key": (it) => it.findBy({ authorId: 2 }),
        "findBy() a related key": (it) => it.findBy({ editor: { id: 2 } }),
        "find() with all ids of relations": (it) => it.find({ where: { id: 2 }, loadRelationIds: true }),
    }),
    ...reads(Review, {
        "findOneBy() key, with its eager relation": (it) => it.findOneBy({ id: 1 }),
        "findOne() key, without its eager relation": (it) =>
            it.findOne({ where: { id: 1 }, loadEagerRelations: false }),
        "find() with the eager relation": (it) => it.find({ order: { id: "ASC" } }),
    }),
    ...reads(Note, {
        "findOneBy() key, its relation lazy": (it) => it.findOneBy({ id: 1 }),
        "find() with its lazy relation": (it) => it.find({ relations: { author: true } }),
    }),
    ...reads(Tag, { "findBy() letters of any case": (it) => it.findBy({ name: ILike("RED") }) }),
    ...reads(Profile, { "find() with a one-to-one": (it) => it.find({ relations: { author: true } }) }),
    ...reads(Category, {
        "find() related to itself": (it) =>
            it.find({ relations: { parent: true, children: { children: true } }, order: { id: "ASC" } }),
    }),
    ...reads(Animal, {
        "find() of several classes": (it) => it.find({ order: { id: "ASC" } }),
        "findBy() keys of several classes": (it) => it.findBy({ id: In([1, 2, 3]) }),
        "findOneBy() the key of a child": (it) => it.findOneBy({ id: 1 }),
    }),
    ...reads(Cat, {
        "find() of a child": (it) => it.find(),
        "findOneBy() key of a child": (it) => it.findOneBy({ id: 1 }),
        "findOneBy() key of another child": (it) => it.findOneBy({ id: 2 }),
    }),
    ...reads(Place, {
        "find() with embedded columns": (it) => it.find({ order: { id: "ASC" } }),
        "findOneBy() key, with embedded columns": (it) => it.findOneBy({ id: 1 }),
        "findBy() an embedded column": (it) => it.findBy({ address: { geo: { latitude: 1.5 } } }),
        "find() ordered by an embedded column": (it) => it.find({ order: { address: { street: "DESC" } } }),
    }),
]

/** Statements of a first read that takes cached relations apart: one for the roots, one for each relation of a level. */
const IN_PARTS: Readonly<Record<string, number>> = {
    "Author find() with nested relations": 2,
    "Author find() with a relation by queries": 2,
    "Author find() with a lazy relation": 2,
    "Book find() with a many-to-one": 3,
    "Note find() with its lazy relation": 2,
    "Profile find() with a one-to-one": 2,
    "Category find() related to itself": 4,
}

forEachDatabaseAndStore("every read", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store)
        await seedLibrary(open.dataSource)
    })
    beforeEach(() => open.reset())

    for (const [title, target, read] of READS)
        it(`${title}: the second time without SQL, and as a plain repository's`, async () => {
            await open.expectCached(target, read, IN_PARTS[title])
        })

    it("fails as TypeORM does when there is no row, also from the cache", async () => {
        const authors = open.cached(Author)
        const nameOf = (error: Error): string => error.name
        for (const queries of [1, 0]) {
            const names = await open.recorder.expectQueries(queries, async () => [
                await authors.findOneOrFail({ where: { id: 999 } }).catch(nameOf),
                await authors.findOneByOrFail({ id: 999 }).catch(nameOf),
            ])
            expect(names).to.deep.equal(["EntityNotFoundError", "EntityNotFoundError"])
        }
    })

    it("gives every caller an instance of his own", async () => {
        const authors = open.cached(Author)
        const options = { where: { id: 1 }, relations: { books: true } } as const
        const spoil = (author: Author | null): void => {
            author!.name = "spoilt"
            author!.createdAt.setTime(0)
            author!.books?.forEach((book) => (book.title = "spoilt"))
            author!.books?.splice(0)
        }
        const fresh = await open.plain(Author).findOne(options)
        // the result of the load that fills the entry, a hit, and readers who share a load
        for (let i = 0; i < 3; i++) {
            const [a, b] = await Promise.all([authors.findOne(options), authors.findOne(options)])
            expect(a).to.not.equal(b)
            spoil(a)
            expect(b).to.deep.equal(fresh)
            spoil(b)
            spoil(await authors.findOneBy({ id: 1 }))
            expect((await authors.findOneBy({ id: 1 }))!.name).to.equal("Ann")
        }
    })
})
