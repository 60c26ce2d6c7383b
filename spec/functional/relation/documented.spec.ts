import { expect } from "chai"
import { Author, Book, Tag } from "../../support/entity"
import { forEachDatabaseAndStore } from "../../support/databases"
import { openCache, type OpenCache } from "../repository/openCache"

/** Every entry that {@link fill} makes: entity, id, relation. */
const ALL = [
    ...[1, 2, 3].map((id) => `Author ${id} books`),
    ...[1, 2, 3].map((id) => `Book ${id} author`),
    ...[1, 2, 3].map((id) => `Book ${id} tags`),
    ...[1, 2].map((id) => `Tag ${id} books`),
]

/** Author 1 has the books 1 and 2, author 2 has book 3, author 3 none. Tag 1 is on the books 1 and 2, tag 2 on book 2. */
async function fill(open: OpenCache): Promise<void> {
    await open.cached(Author).loadRelation(await open.plain(Author).find(), "books")
    await open.cached(Book).loadRelation(await open.plain(Book).find(), "author")
    await open.cached(Book).loadRelation(await open.plain(Book).find(), "tags")
    await open.cached(Tag).loadRelation(await open.plain(Tag).find(), "books")
}

type Row = readonly [what: string, write: (open: OpenCache) => Promise<unknown>, gone: readonly string[]]

/** The table in docs/relations.md. */
const ROWS: readonly Row[] = [
    ["a book is inserted", (open) => open.plain(Book).insert({ title: "New", author: { id: 1 } }), ["Author 1 books"]],
    ["a book without an author is inserted", (open) => open.plain(Book).insert({ title: "New" }), []],
    [
        "a book moves from one author to another, by id",
        (open) => open.plain(Book).update(1, { author: { id: 2 } }),
        ["Author 1 books", "Author 2 books", "Book 1 author", "Tag 1 books"],
    ],
    [
        "a book moves, by save",
        async (open) => open.plain(Book).save({ id: 3, author: { id: 3 } }),
        ["Author 2 books", "Author 3 books", "Book 3 author"],
    ],
    [
        "a book loses its author",
        (open) => open.plain(Book).update(3, { author: null }),
        ["Author 2 books", "Book 3 author"],
    ],
    [
        "another column of a book changes, by id",
        (open) => open.plain(Book).update(2, { title: "Changed" }),
        ["Author 1 books", "Book 2 author", "Tag 1 books", "Tag 2 books"],
    ],
    [
        "a book is deleted by id, and the database deletes its pairs",
        (open) => open.plain(Book).delete(3),
        ["Author 2 books", "Book 3 author", "Book 1 tags", "Book 2 tags", "Book 3 tags", "Tag 1 books", "Tag 2 books"],
    ],
    [
        "books are updated by anything but their ids",
        (open) => open.plain(Book).update({ title: "Three" }, { title: "Changed" }),
        ALL.filter((it) => !it.endsWith("tags")),
    ],
    [
        "an author is renamed, by id",
        (open) => open.plain(Author).update(1, { name: "Changed" }),
        ["Book 1 author", "Book 2 author"],
    ],
    [
        "an author is soft-deleted, by id",
        (open) => open.plain(Author).softDelete(1),
        ["Book 1 author", "Book 2 author"],
    ],
    [
        "a pair comes",
        (open) => open.plain(Book).createQueryBuilder().relation(Book, "tags").of(3).add(2),
        ["Book 3 tags", "Tag 2 books"],
    ],
    [
        "a pair leaves",
        (open) => open.plain(Book).createQueryBuilder().relation(Book, "tags").of(2).remove(2),
        ["Book 2 tags", "Tag 2 books"],
    ],
    [
        "the pairs of one book are deleted, whatever their tags",
        (open) => {
            const { junctionEntityMetadata } = open.plain(Book).metadata.manyToManyRelations[0]!
            const [column] = junctionEntityMetadata!.ownerColumns
            return open.dataSource
                .createQueryBuilder()
                .delete()
                .from(junctionEntityMetadata!.tableName)
                .where({ [column!.propertyName]: 1 })
                .execute()
        },
        ["Author 1 books", "Book 1 author", "Book 1 tags", "Tag 1 books"],
    ],
]

forEachDatabaseAndStore("what invalidates the entries of relations", (database, store) => {
    let open: OpenCache
    beforeEach(async () => {
        open = await openCache(database, store)
        const authors = [1, 2, 3].map((id) => ({ id, name: `author ${id}`, email: `${id}@example.org` }))
        await open.plain(Author).insert(authors)
        await open.plain(Book).insert([
            { title: "One", author: { id: 1 } },
            { title: "Two", author: { id: 1 } },
            { title: "Three", author: { id: 2 } },
        ])
        await open.plain(Tag).insert([{ name: "red" }, { name: "blue" }])
        await open.plain(Book).save([
            { id: 1, tags: [{ id: 1 }] },
            { id: 2, tags: [{ id: 1 }, { id: 2 }] },
        ])
    })
    afterEach(() => open.cache.close())

    const cached = async (): Promise<string[]> => {
        const found: string[] = []
        for (const name of ALL) {
            const [entity, id, relation] = name.split(" ")
            if ((await open.cache.relation(entity!, relation!).get(Number(id))) !== undefined) found.push(name)
        }
        return found
    }

    for (const [what, write, gone] of ROWS)
        it(`${what}: ${gone.join(", ") || "nothing"} is read anew`, async () => {
            await fill(open)
            await open.settled()
            expect(await cached()).to.deep.equal(ALL)
            await write(open)
            await open.settled()
            expect(ALL.filter((name) => gone.includes(name))).to.have.length(gone.length)
            expect(await cached()).to.deep.equal(ALL.filter((name) => !gone.includes(name)))
        })
})
