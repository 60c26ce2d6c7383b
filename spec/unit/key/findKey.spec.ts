import { expect } from "chai"
import * as fc from "fast-check"
import type { EntityMetadata, FindManyOptions } from "typeorm"
import type { DependsOn } from "../../../lib/key/EntityReach"
import { planFind } from "../../../lib/key/findKey"
import { tableName } from "../../../lib/key/tableName"
import { type Library, Money, openLibrary, VERSIONS } from "./library"

for (const version of VERSIONS)
    describe(`planFind on ${version}`, () => {
        let library: Library
        let author: EntityMetadata
        let book: EntityMetadata

        before(async () => {
            library = await openLibrary(version)
            author = library.metadata("Author")
            book = library.metadata("Book")
        })

        const textOf = (metadata: EntityMetadata, options?: unknown, method = "find", extra?: unknown): string => {
            const plan = planFind(metadata, method, options as FindManyOptions, extra)
            if ("bypass" in plan) throw new Error(plan.bypass)
            return plan.text
        }
        const tablesOf = (metadata: EntityMetadata, options?: unknown, dependsOn?: DependsOn): string[] => {
            const plan = planFind(metadata, "find", options as FindManyOptions, undefined, dependsOn)
            if ("bypass" in plan) throw new Error(plan.bypass)
            return [...new Set([...plan.tables].map(tableName))].sort()
        }
        const bypassOf = (metadata: EntityMetadata, options: unknown): string | undefined => {
            const plan = planFind(metadata, "find", options as FindManyOptions)
            return "bypass" in plan ? plan.bypass : undefined
        }

        describe("text", () => {
            it("tells values of different types apart", () => {
                const values = [
                    1,
                    "1",
                    1n,
                    true,
                    "true",
                    NaN,
                    "NaN",
                    0,
                    -0,
                    "",
                    new Date(0),
                    new Date(NaN),
                    Buffer.from("1"),
                    new Uint8Array([49]),
                    [1],
                    ["1"],
                    [],
                    [[]],
                    {},
                    { a: 1 },
                    { a: "1" },
                    { a: undefined },
                    { a: null },
                ]
                const texts = values.map((value) => textOf(author, { where: { notes: value } }))
                expect(new Set(texts).size).to.equal(values.length)
            })

            it("is different for different values", () => {
                const value = fc.oneof(
                    fc.string(),
                    fc.integer(),
                    fc.jsonValue(),
                    fc.date(),
                    fc.bigInt(),
                    fc.uint8Array(),
                )
                const text = (v: unknown): string => textOf(author, { where: { notes: v } })
                fc.assert(
                    fc.property(
                        value.filter((v) => v !== null),
                        value.filter((v) => v !== null),
                        (a, b) => {
                            const same = isSame(a, b)
                            expect(text(a) === text(b)).to.equal(same)
                            expect(text(a)).to.equal(text(a))
                        },
                    ),
                )
            })

            it("says where each value ends", () => {
                const { In } = library.t
                const lists = [["a;sb"], ["a", "b"], ["a]s"], ["a:1"], ["1:a"], ["as1:b"], ["a", "s1:b"]]
                const texts = lists.map((list) => textOf(author, { where: { name: In(list) } }))
                expect(new Set(texts).size).to.equal(lists.length)
                const values = [
                    { a: "x" },
                    { "a1:": "x" },
                    { a: "", x: "" },
                    { a2: "x" },
                    ["x"],
                    ["", "x"],
                    { "": ["x"] },
                ]
                expect(new Set(values.map((notes) => textOf(author, { where: { notes } }))).size).to.equal(
                    values.length,
                )
            })

            it("tells operators apart that TypeORM's getters flatten", () => {
                const { In, Not, Equal, IsNull, Like, ILike, And, Or, MoreThan, LessThan, Between, Any } = library.t
                const operators = [
                    1,
                    [1],
                    In([1]),
                    Not(In([1])),
                    Not(1),
                    Not(Not(1)),
                    Equal(1),
                    Not(Equal(1)),
                    In(["1"]),
                    In([]),
                    IsNull(),
                    Not(IsNull()),
                    Like("1"),
                    ILike("1"),
                    MoreThan(1),
                    LessThan(1),
                    Not(MoreThan(1)),
                    Between(1, 2),
                    In([1, 2]),
                    Any([1, 2]),
                    And(MoreThan(1), LessThan(2)),
                    Or(MoreThan(1), LessThan(2)),
                    And(MoreThan(1)),
                ]
                const texts = operators.map((age) => textOf(author, { where: { age } }))
                expect(new Set(texts).size).to.equal(operators.length)
            })

            it("does not depend on the order of conditions, and does on the order of `order`", () => {
                expect(textOf(author, { where: { name: "a", age: 1 } })).to.equal(
                    textOf(author, { where: { age: 1, name: "a" } }),
                )
                expect(textOf(author, { order: { name: "ASC", age: "ASC" } })).to.not.equal(
                    textOf(author, { order: { age: "ASC", name: "ASC" } }),
                )
            })

            it("tells entities, methods, options and extras apart", () => {
                const texts = [
                    textOf(author),
                    textOf(book),
                    textOf(author, {}, "count"),
                    textOf(author, {}, "sum", "age"),
                    textOf(author, {}, "sum", "id"),
                    textOf(author, { where: {} }),
                    textOf(author, { where: [] }),
                    textOf(author, { where: [{}] }),
                    textOf(author, { take: 1 }),
                    textOf(author, { skip: 1 }),
                    textOf(author, { take: "1" }),
                    textOf(author, { withDeleted: true }),
                    textOf(author, { loadEagerRelations: false }),
                    textOf(author, { loadRelationIds: true }),
                    textOf(author, { loadRelationIds: { disableMixedMap: true } }),
                    textOf(author, { relationLoadStrategy: "query" }),
                    textOf(author, { relations: { books: true } }),
                    textOf(author, { relations: { books: { tags: true } } }),
                    textOf(author, { select: { id: true } }),
                    textOf(author, { order: { id: "ASC" } }),
                    textOf(author, { order: { id: { direction: "ASC", nulls: "first" } } }),
                ]
                expect(new Set(texts).size).to.equal(texts.length)
            })

            it("leaves out what changes no result", () => {
                const plain = textOf(author, {})
                const options = [
                    undefined,
                    { cache: true },
                    { cache: { id: "x", milliseconds: 1 } },
                    { comment: "x" },
                    { where: undefined },
                    { lock: undefined },
                    { transaction: false },
                    { withDeleted: false },
                    { loadEagerRelations: true },
                    { relationLoadStrategy: "join" },
                    { loadRelationIds: false },
                ]
                for (const one of options) expect(textOf(author, one)).to.equal(plain)
            })

            it("counts the DataSource's own strategy", () => {
                const options = library.dataSource.options as { relationLoadStrategy?: string }
                const plain = textOf(author)
                options.relationLoadStrategy = "query"
                try {
                    expect(textOf(author)).to.equal(textOf(author, { relationLoadStrategy: "query" }))
                    expect(textOf(author)).to.not.equal(plain)
                    expect(textOf(author, { relationLoadStrategy: "join" })).to.equal(plain)
                } finally {
                    delete options.relationLoadStrategy
                }
            })

            it("writes a class instance as its column's transformer does", () => {
                const { In, MoreThan } = library.t
                const two = textOf(book, { where: { price: new Money(2) } })
                expect(two).to.equal(textOf(book, { where: { price: new Money(2) } }))
                expect(two).to.not.equal(textOf(book, { where: { price: new Money(3) } }))
                expect(two).to.not.equal(textOf(book, { where: { price: 2 } }))
                expect(textOf(book, { where: { price: In([new Money(2)]) } })).to.not.equal(
                    textOf(book, { where: { price: In([new Money(3)]) } }),
                )
                expect(textOf(book, { where: { price: MoreThan(new Money(2)) } })).to.be.a("string")
            })

            it("takes an entity as the conditions that it holds", () => {
                const instance = Object.assign(new library.entities["Author"]!(), { id: 1 })
                expect(textOf(book, { where: { author: instance } })).to.equal(
                    textOf(book, { where: { author: { id: 1 } } }),
                )
                expect(textOf(author, { where: instance })).to.equal(textOf(author, { where: { id: 1 } }))
            })

            it("is not fooled by hostile names", () => {
                const hostile = JSON.parse(`{ "__proto__": { "name": "a" } }`) as object
                expect(bypassOf(author, { where: hostile })).to.match(/unknown property/)
                const value = JSON.parse(`{ "__proto__": 1 }`) as object
                expect(textOf(author, { where: { notes: value } })).to.not.equal(
                    textOf(author, { where: { notes: {} } }),
                )
                expect(bypassOf(author, { where: { constructor: 1 } })).to.match(/unknown property/)
            })
        })

        describe("bypass", () => {
            const cases: [string, (metadata: { t: Library["t"] }) => unknown, RegExp][] = [
                ["a lock", () => ({ lock: { mode: "pessimistic_read" } }), /^lock$/],
                ["a transaction", () => ({ transaction: true }), /^transaction/],
                ["the join option", () => ({ join: { alias: "a" } }), /^join option$/],
                ["an unknown option", () => ({ wehre: {} }), /^unknown option wehre$/],
                ["options of a class", () => new Money(1), /object literal/],
                ["null as a condition", () => ({ where: { name: null } }), /^null in where$/],
                ["undefined as a condition", () => ({ where: { name: undefined } }), /^undefined in where$/],
                ["null for where", () => ({ where: null }), /where value/],
                ["a string for where", () => ({ where: "id = 1" }), /where value/],
                ["an unknown property", () => ({ where: { nmae: "a" } }), /unknown property Author.nmae/],
                ["an unknown relation", () => ({ relations: { boks: true } }), /unknown property Author.boks/],
                ["an unknown path", () => ({ relations: ["books.tgas"] }), /unknown property/],
                ["an unknown order", () => ({ order: { nmae: "ASC" } }), /unknown property/],
                ["order as text on a relation", () => ({ order: { books: "ASC" } }), /^order of type string$/],
                ["Raw", ({ t }) => ({ where: { name: t.Raw("1=1") } }), /^Raw operator$/],
                ["Raw with a function", ({ t }) => ({ where: { name: t.Raw((a) => `${a} > 1`) } }), /^Raw operator$/],
                ["Raw inside another", ({ t }) => ({ where: { name: t.Not(t.Raw("1")) } }), /^Raw operator$/],
                [
                    "an operator of unknown type",
                    ({ t }) => ({ where: { name: new t.FindOperator("near" as never, 1) } }),
                    /near/,
                ],
                [
                    "an operator of another make",
                    ({ t }) => ({ where: { name: new t.FindOperator("in", [1], true, false) } }),
                    /unusual/,
                ],
                ["an operator of undefined", ({ t }) => ({ where: { name: t.Equal(undefined) } }), /undefined/],
                ["an operator in place of an object", ({ t }) => ({ where: { address: t.IsNull() } }), /FindOperator/],
                ["a class instance", () => ({ where: { name: new Money(1) } }), /^where value of class Money$/],
                ["a class instance in a list", ({ t }) => ({ where: { name: t.In([new Money(1)]) } }), /class Money/],
                ["a class instance for a relation", () => ({ where: { books: new Money(1) } }), /class Money/],
                ["a bare id for a relation", () => ({ where: { books: 1 } }), /relation/],
                ["a function", () => ({ where: { name: () => "a" } }), /function/],
                ["a symbol", () => ({ where: { name: Symbol("a") } }), /symbol/],
            ]
            for (const [what, options, reason] of cases)
                it(`refuses ${what}`, () => {
                    expect(bypassOf(author, options(library))).to.match(reason)
                })

            it("refuses an operator of a class of the user's", () => {
                class Odd extends library.t.FindOperator<unknown> {
                    override get value(): unknown {
                        return Math.random()
                    }
                }
                expect(bypassOf(author, { where: { age: new Odd("moreThan", 1) } })).to.match(/operator/)
            })

            it("refuses what has no end", () => {
                const notes: Record<string, unknown> = {}
                notes["a"] = notes["b"] = notes
                expect(bypassOf(author, { where: { notes } })).to.match(/deep/)
                const where: Record<string, unknown> = {}
                where["books"] = { author: where }
                expect(bypassOf(author, { where })).to.match(/deep/)
                const wide = Array.from({ length: 60_000 }, () => [])
                expect(bypassOf(author, { where: { notes: wide } })).to.match(/large/)
            })

            it("refuses a view or a virtual column that says nothing of its tables", () => {
                expect(bypassOf(library.metadata("Silent"), {})).to.match(/^view Silent without dependsOn$/)
                expect(bypassOf(library.metadata("Counted"), {})).to.match(/^virtual column Counted.total$/)
            })
        })

        describe("tables", () => {
            it("are the entity's own for a plain read", () => {
                expect(tablesOf(author)).to.deep.equal(["tbl_author"])
                expect(tablesOf(author, { where: { address: { city: "a" } }, order: { name: "ASC" } })).to.deep.equal([
                    "tbl_author",
                ])
            })

            it("count eager relations at every level unless they are switched off", () => {
                expect(tablesOf(book)).to.deep.equal(["tbl_book", "tbl_country", "tbl_publisher"])
                expect(tablesOf(book, { loadEagerRelations: false })).to.deep.equal(["tbl_book"])
                expect(tablesOf(author, { relations: { books: true } })).to.deep.equal([
                    "tbl_author",
                    "tbl_book",
                    "tbl_country",
                    "tbl_publisher",
                ])
                expect(tablesOf(author, { relations: { books: true }, loadEagerRelations: false })).to.deep.equal([
                    "tbl_author",
                    "tbl_book",
                ])
            })

            it("count the junction of an eager relation", () => {
                expect(tablesOf(library.metadata("Series"))).to.deep.equal(["tbl_series", "tbl_series_tag", "tbl_tag"])
            })

            it("count what relations loaded by their own queries bring along in any version", () => {
                const options = { relations: { books: true }, loadEagerRelations: false, relationLoadStrategy: "query" }
                expect(tablesOf(author, options)).to.include.members(["tbl_book", "tbl_publisher", "tbl_country"])
            })

            it("count relations in conditions, order and selection", () => {
                const own = { loadEagerRelations: false }
                expect(tablesOf(book, { ...own, where: { author: { name: "a" } } })).to.deep.equal([
                    "tbl_author",
                    "tbl_book",
                ])
                expect(tablesOf(book, { ...own, where: [{ id: 1 }, { tags: { label: "a" } }] })).to.deep.equal([
                    "tbl_book",
                    "tbl_book_tag",
                    "tbl_tag",
                ])
                expect(tablesOf(book, { ...own, where: { tags: library.t.MoreThan(1) } })).to.deep.equal([
                    "tbl_book",
                    "tbl_book_tag",
                    "tbl_tag",
                ])
                expect(tablesOf(book, { ...own, order: { author: { name: "ASC" } } })).to.deep.equal([
                    "tbl_author",
                    "tbl_book",
                ])
                expect(tablesOf(author, { where: { address: { country: { code: "a" } } } })).to.deep.equal([
                    "tbl_author",
                    "tbl_country",
                ])
                expect(tablesOf(library.metadata("Tag"), { ...own, relations: { books: true } })).to.deep.equal([
                    "tbl_book",
                    "tbl_book_tag",
                    "tbl_tag",
                ])
            })

            it("leave a relation out whose own column answers", () => {
                const options = { loadEagerRelations: false, where: { author: library.t.IsNull() } }
                expect(tablesOf(book, options)).to.deep.equal(["tbl_book"])
            })

            it("count the paths of TypeORM 0.3", () => {
                expect(
                    tablesOf(author, {
                        relations: ["books", "books.tags", "address.country"],
                        loadEagerRelations: false,
                    }),
                ).to.deep.equal(["tbl_author", "tbl_book", "tbl_book_tag", "tbl_country", "tbl_tag"])
            })

            it("count relation ids", () => {
                expect(tablesOf(library.metadata("Shelf"))).to.include("tbl_shelf_book")
                const own = { loadEagerRelations: false }
                expect(tablesOf(book, { ...own, loadRelationIds: true })).to.include.members([
                    "tbl_book_tag",
                    "tbl_author",
                ])
                expect(tablesOf(book, { ...own, loadRelationIds: { relations: ["author"] } })).to.deep.equal([
                    "tbl_author",
                    "tbl_book",
                ])
            })

            it("are what a view depends on, and the view", () => {
                expect(tablesOf(library.metadata("Declared"))).to.deep.equal(["tbl_author", "view_declared"])
            })

            it("are what the caller declares for a view or a virtual column", () => {
                const tag = library.metadata("Tag")
                const dependsOn: DependsOn = (metadata) => (metadata.name === "Author" ? undefined : [tag])
                expect(tablesOf(library.metadata("Silent"), {}, dependsOn)).to.deep.equal(["tbl_tag", "view_silent"])
                expect(tablesOf(library.metadata("Counted"), {}, dependsOn)).to.deep.equal(["tbl_tag", "tbl_virtual"])
            })

            it("of one read do not leak into the next", () => {
                tablesOf(author, { relations: { books: true } })
                expect(tablesOf(author)).to.deep.equal(["tbl_author"])
            })
        })
    })

function isSame(a: unknown, b: unknown): boolean {
    const text = (value: unknown): string =>
        JSON.stringify(value, (_, v: unknown) =>
            typeof v === "bigint" ? ["bigint", String(v)] : Object.is(v, -0) ? ["minus zero"] : v,
        )
    const kind = (value: unknown): string => Object.prototype.toString.call(value)
    if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime())
    return kind(a) === kind(b) && text(a) === text(b)
}
