import { expect } from "chai"
import type { EntityMetadata, FindManyOptions } from "typeorm"
import { pinnedId, rowLookup, uniqueLookup } from "../../../lib/key/rowLookup"
import { type Library, metadataFor, Money, openLibrary, VERSIONS } from "./library"

for (const version of VERSIONS)
    describe(`rowLookup on ${version}`, () => {
        let library: Library
        let author: EntityMetadata
        let pair: EntityMetadata

        before(async () => {
            library = await openLibrary(version)
            author = library.metadata("Author")
            pair = library.metadata("Pair")
        })

        const lookup = (metadata: EntityMetadata, method: string, options: unknown) =>
            rowLookup(metadata, method, options as FindManyOptions)

        it("sees one row asked for by its key", () => {
            for (const method of ["findOne", "findOneBy", "findOneOrFail", "findOneByOrFail"])
                expect(lookup(author, method, { where: { id: 7 } })).to.deep.equal({
                    ids: ["7"],
                    keys: ["7"],
                    wheres: [{ id: 7 }],
                    single: true,
                    withDeleted: false,
                })
            expect(lookup(author, "find", { where: { id: "7" } })?.single).to.equal(false)
            expect(lookup(author, "findOne", { where: { id: library.t.Equal(7) } })?.wheres).to.deep.equal([{ id: 7 }])
            expect(lookup(author, "findOne", { where: [{ id: 7 }] })?.ids).to.deep.equal(["7"])
        })

        it("sees rows asked for by their keys, each once", () => {
            const { In } = library.t
            const found = lookup(author, "findBy", { where: { id: In([3, 1, "3", 2]) } })
            expect(found?.ids).to.deep.equal(["3", "1", "2"])
            expect(found?.wheres).to.deep.equal([{ id: 3 }, { id: 1 }, { id: 2 }])
            expect(lookup(author, "find", { where: [{ id: 1 }, { id: In([2]) }] })?.ids).to.deep.equal(["1", "2"])
            expect(lookup(author, "findOne", { where: { id: In([1, "1"]) } })?.ids).to.deep.equal(["1"])
        })

        it("sees composite and embedded keys", () => {
            const { Equal } = library.t
            expect(lookup(pair, "findOne", { where: { b: "x", a: Equal(1) } })?.wheres).to.deep.equal([
                { a: 1, b: "x" },
            ])
            expect(
                lookup(pair, "find", {
                    where: [
                        { a: 1, b: "x" },
                        { a: 2, b: "y" },
                    ],
                })?.ids,
            ).to.have.length(2)
            const seat = library.metadata("Seat")
            expect(lookup(seat, "findOne", { where: { place: { row: 1, seat: 2 } } })?.ids).to.deep.equal(["1.1-1.2"])
            expect(lookup(seat, "findOne", { where: { place: { row: 1 } } })).to.equal(undefined)
        })

        it("sees the bare key of a relation whose column is declared", () => {
            expect(lookup(library.metadata("Profile"), "findOne", { where: { author: 5 } })?.ids).to.deep.equal(["5"])
        })

        it("lets options pass that change nothing, and says whether softly deleted rows count", () => {
            const options = {
                where: { id: 1 },
                cache: 1000,
                comment: "x",
                loadEagerRelations: true,
                lock: undefined,
                transaction: false,
            }
            expect(lookup(author, "findOne", options)?.ids).to.deep.equal(["1"])
            expect(lookup(author, "findOne", { where: { id: 1 }, withDeleted: true })?.withDeleted).to.equal(true)
            expect(
                lookup(library.metadata("Book"), "findOne", { where: { id: 1 }, loadEagerRelations: false })?.ids,
            ).to.deep.equal(["1"])
        })

        const others: [string, (t: Library["t"]) => unknown, string?][] = [
            ["no options", () => undefined],
            ["no conditions", () => ({})],
            ["no alternatives", () => ({ where: [] })],
            ["an empty list", (t) => ({ where: { id: t.In([]) } })],
            ["another property", () => ({ where: { name: "a" } })],
            ["a further condition", () => ({ where: { id: 1, name: "a" } })],
            ["an undefined further condition", () => ({ where: { id: 1, name: undefined } })],
            ["undefined", () => ({ where: { id: undefined } })],
            ["null", () => ({ where: { id: null } })],
            ["another operator", (t) => ({ where: { id: t.MoreThan(1) } })],
            ["the negation of a list", (t) => ({ where: { id: t.Not(t.In([1])) } })],
            ["a list in an Equal", (t) => ({ where: { id: t.Equal(t.In([1]) as never) } })],
            ["an uncertain id", () => ({ where: { id: "01" } })],
            ["an uncertain id among others", (t) => ({ where: { id: t.In([1, "01"]) } })],
            ["an alternative that is no key", () => ({ where: [{ id: 1 }, { name: "a" }] })],
            ["order", () => ({ where: { id: 1 }, order: { id: "ASC" } })],
            ["take", () => ({ where: { id: 1 }, take: 1 })],
            ["skip", () => ({ where: { id: 1 }, skip: 1 })],
            ["select", () => ({ where: { id: 1 }, select: { id: true } })],
            ["relations", () => ({ where: { id: 1 }, relations: { books: true } })],
            ["loadRelationIds", () => ({ where: { id: 1 }, loadRelationIds: true })],
            ["a lock", () => ({ where: { id: 1 }, lock: { mode: "dirty_read" } })],
            ["a transaction", () => ({ where: { id: 1 }, transaction: true })],
            ["an unknown option", () => ({ where: { id: 1 }, wehre: 1 })],
            ["eager relations", () => ({ where: { id: 1 } }), "Book"],
            ["relation ids", () => ({ where: { id: 1 } }), "Shelf"],
            ["a virtual column", () => ({ where: { id: 1 } }), "Counted"],
            ["a view", () => ({ where: { id: 1 } }), "Declared"],
            ["a list of related entities", (t) => ({ where: { author: t.In([{ id: 1 }]) } }), "Profile"],
            ["the key of a relation", () => ({ where: { author: { id: 1 } } }), "Profile"],
        ]
        for (const [what, options, entity] of others)
            it(`is not for ${what}`, () => {
                expect(lookup(library.metadata(entity ?? "Author"), "find", options(library.t))).to.equal(undefined)
            })

        it("is not for one of several rows, nor for other methods", () => {
            expect(lookup(author, "findOne", { where: [{ id: 1 }, { id: 2 }] })).to.equal(undefined)
            expect(lookup(author, "count", { where: { id: 1 } })).to.equal(undefined)
            expect(lookup(author, "findAndCount", { where: { id: 1 } })).to.equal(undefined)
        })

        it("keeps the spelling of a key where only the collation knows whether it matters", async () => {
            const code = await metadataFor(version, "mysql", (t) => {
                class Code {
                    id: unknown
                }
                t.Entity()(Code)
                t.PrimaryColumn({ type: "varchar" })(Code.prototype, "id")
                return [Code]
            })
            const { In } = library.t
            const found = lookup(code, "find", { where: { id: In(["US", "de", "US"]) } })
            expect(found?.ids).to.deep.equal(["us", "de"])
            expect(found?.keys).to.deep.equal(["US", "de"])
            expect(lookup(code, "find", { where: { id: In(["US", "us"]) } })).to.equal(undefined)
        })

        describe("pinnedId", () => {
            it("is the key among conditions on the entity's own columns", () => {
                expect(pinnedId(author, { id: 1, name: "a", age: library.t.MoreThan(3) })).to.equal("1")
                expect(pinnedId(author, { id: library.t.Equal("1"), address: { city: "a" } })).to.equal("1")
                expect(pinnedId(pair, { a: 1, b: "x", note: "n" })).to.equal(pinnedId(pair, { a: "1", b: "x" }))
                expect(pinnedId(library.metadata("Seat"), { place: { row: 1, seat: 2 }, note: "n" })).to.equal(
                    "1.1-1.2",
                )
            })

            it("is not there when other rows or tables could matter", () => {
                const { In, Not, Raw } = library.t
                expect(pinnedId(author, { name: "a" })).to.equal(undefined)
                expect(pinnedId(author, { id: In([1, 2]) })).to.equal(undefined)
                expect(pinnedId(author, [{ id: 1 }])).to.equal(undefined)
                expect(pinnedId(author, { id: 1, books: { title: "a" } })).to.equal(undefined)
                expect(pinnedId(author, { id: 1, address: { country: { code: "a" } } })).to.equal(undefined)
                expect(pinnedId(author, { id: 1, name: Not(Raw("1")) })).to.equal(undefined)
                expect(pinnedId(author, { id: 1, nmae: "a" })).to.equal(undefined)
                expect(pinnedId(library.metadata("Counted"), { id: 1, total: 1 })).to.equal(undefined)
                expect(pinnedId(pair, { a: 1 })).to.equal(undefined)
            })
        })

        describe("uniqueLookup", () => {
            const keys = [["email"], ["name", "age"]]

            it("sees exactly the properties of a unique key", () => {
                expect(uniqueLookup(author, keys, { email: "a" })?.key).to.deep.equal(["email"])
                const one = uniqueLookup(author, keys, { age: 1, name: "a" })
                expect(one).to.deep.equal(uniqueLookup(author, keys, { name: library.t.Equal("a"), age: 1 }))
                expect(one?.key).to.deep.equal(["name", "age"])
            })

            it("tells values apart by type", () => {
                const texts = [1, "1", 1n, true, "true", new Date(1), Buffer.from("1")].map(
                    (email) => uniqueLookup(author, keys, { email })?.text,
                )
                expect(new Set(texts).size).to.equal(7)
                expect(texts).to.not.include(undefined)
            })

            it("is not for anything else", () => {
                const { In, Not } = library.t
                const odd: unknown[] = [
                    undefined,
                    {},
                    [],
                    { name: "a" },
                    { email: "a", age: 1 },
                    { email: null },
                    { email: undefined },
                    { email: In(["a"]) },
                    { email: Not("a") },
                    { email: {} },
                    { email: [] },
                    { email: new Money(1) },
                    [{ email: "a" }],
                ]
                for (const where of odd) expect(uniqueLookup(author, keys, where)).to.equal(undefined)
                expect(uniqueLookup(author, [["nmae"]], { nmae: "a" })).to.equal(undefined)
                expect(uniqueLookup(author, [["books"]], { books: 1 })).to.equal(undefined)
            })
        })
    })
