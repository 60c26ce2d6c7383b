import { expect } from "chai"
import * as fc from "fast-check"
import type { EntityMetadata } from "typeorm"
import { columnIdOf } from "../../../lib/key/columnId"
import { rowIdOf, rowIdOfDatabaseValues, rowKeyOf } from "../../../lib/key/rowId"
import { type Library, metadataFor, openLibrary, VERSIONS } from "./library"

interface KeyOptions {
    type: unknown
    length?: number | string
    collation?: string
    transformer?: unknown
}

for (const version of VERSIONS)
    describe(`rowIdOf on ${version}`, () => {
        let library: Library
        before(async () => {
            library = await openLibrary(version)
        })

        const keyed = (type: string, options: KeyOptions): Promise<EntityMetadata> =>
            metadataFor(version, type, (t) => {
                class Thing {
                    id: unknown
                }
                t.Entity()(Thing)
                t.PrimaryColumn(options as never)(Thing.prototype, "id")
                return [Thing]
            })

        it("takes whole numbers, bigints and canonical decimals for the same integer", async () => {
            for (const type of ["int", "bigint", "integer", Number]) {
                const metadata = await keyed("postgres", { type })
                for (const id of [7, 7n, "7"]) expect(rowIdOf(metadata, { id })).to.equal("7")
                expect(rowIdOf(metadata, { id: -0 })).to.equal("0")
                expect(rowIdOf(metadata, { id: "-12" })).to.equal("-12")
                expect(rowIdOf(metadata, { id: "9007199254740993" })).to.equal("9007199254740993")
                expect(rowIdOf(metadata, 7)).to.equal("7")
            }
        })

        it("has no id for what may or may not be an integer", async () => {
            const metadata = await keyed("postgres", { type: "int" })
            for (const id of [
                "07",
                "+7",
                " 7",
                "7 ",
                "7.0",
                "-0",
                "",
                "1e3",
                7.5,
                NaN,
                2 ** 53,
                true,
                null,
                undefined,
                {},
            ])
                expect(rowIdOf(metadata, { id }), String(id)).to.equal(undefined)
            expect(rowIdOf(metadata, { id: library.t.In([1]) })).to.equal(undefined)
            expect(rowIdOf(metadata, new Date())).to.equal(undefined)
            expect(rowIdOf(metadata, undefined)).to.equal(undefined)
            expect(rowIdOf(metadata, {})).to.equal(undefined)
        })

        it("folds the case of a native uuid and takes nothing else", async () => {
            const upper = "0D6B5C2E-1F3A-4B7C-9D8E-0123456789AB"
            const metadata = await keyed("postgres", { type: "uuid" })
            expect(rowIdOf(metadata, { id: upper })).to.equal(upper.toLowerCase())
            expect(rowKeyOf(metadata, { id: upper })).to.equal(upper.toLowerCase())
            expect(rowIdOf(metadata, { id: `{${upper}}` })).to.equal(undefined)
            expect(rowIdOf(metadata, { id: upper.replaceAll("-", "") })).to.equal(undefined)
        })

        it("folds the id of a uuid kept as text, but not the key", async () => {
            const upper = "0D6B5C2E-1F3A-4B7C-9D8E-0123456789AB"
            const metadata = await keyed("mysql", { type: "uuid" })
            expect(rowIdOf(metadata, { id: upper })).to.equal(upper.toLowerCase())
            expect(rowKeyOf(metadata, { id: upper })).to.equal(upper)
            const lite = await keyed("sqljs", { type: "uuid" })
            expect(rowIdOf(lite, { id: upper })).to.equal(upper)
        })

        it("compares text exactly where the database does", async () => {
            for (const type of ["postgres", "sqljs"]) {
                const metadata = await keyed(type, { type: "varchar" })
                for (const id of ["a", "A", " a ", "é", "", "x\ny", "7"]) expect(rowIdOf(metadata, { id })).to.equal(id)
                expect(rowIdOf(metadata, { id: 7 })).to.equal(undefined)
            }
        })

        it("has no id for text that is not what it was once the database has it", async () => {
            const metadata = await keyed("postgres", { type: "varchar", length: 3 })
            expect(rowIdOf(metadata, { id: "abc" })).to.equal("abc")
            for (const id of ["abc ", "\ud800", "\udc00x", "a\0b"])
                expect(rowIdOf(metadata, { id })).to.equal(undefined)
            expect(rowIdOf(await keyed("postgres", { type: "varchar" }), { id: "😀" })).to.equal("😀")
        })

        it("has no id for padded, case-insensitive or collated text", async () => {
            for (const type of ["char", "citext"])
                expect(rowIdOf(await keyed("postgres", { type }), { id: "a" })).to.equal(undefined)
            expect(rowIdOf(await keyed("postgres", { type: "varchar", collation: "x" }), { id: "a" })).to.equal(
                undefined,
            )
            expect(rowIdOf(await keyed("mysql", { type: "varchar", collation: "utf8mb4_bin" }), { id: "a" })).to.equal(
                undefined,
            )
        })

        it("folds printable text where the collation may, and keeps the key apart", async () => {
            for (const type of ["mysql", "mariadb"]) {
                const metadata = await keyed(type, { type: "varchar" })
                expect(rowIdOf(metadata, { id: "Ab c" })).to.equal("ab c")
                expect(rowKeyOf(metadata, { id: "Ab c" })).to.equal("Ab c")
                for (const id of ["é", " a", "a ", "", "a\tb"]) expect(rowIdOf(metadata, { id })).to.equal(undefined)
            }
        })

        it("has one id for letters that some collation takes for one another", async () => {
            const metadata = await keyed("mysql", { type: "varchar" })
            for (const [one, other] of [
                ["city", "cyti"],
                ["Yes", "ies"],
                ["join", "ioin"],
                ["vu", "UV"],
            ]) {
                expect(rowIdOf(metadata, { id: one })).to.equal(rowIdOf(metadata, { id: other }))
                expect(rowKeyOf(metadata, { id: one })).to.equal(one)
            }
            expect(rowIdOf(metadata, { id: "a" })).not.to.equal(rowIdOf(metadata, { id: "e" }))
        })

        it("knows the rules of databases whose driver is not here", async () => {
            const [column] = (await keyed("postgres", { type: "varchar" })).primaryColumns
            const as = (type: string) => columnIdOf(column as never, type)
            expect(as("mssql").id("Ab")).to.equal("ab")
            expect(as("mssql").key("Ab")).to.equal("Ab")
            expect(as("oracle").id("Ab")).to.equal("Ab")
            expect(as("oracle").id("")).to.equal(undefined)
            expect(as("something new").id("Ab")).to.equal(undefined)
        })

        it("names bytes in hex unless the column pads them", async () => {
            const bytes = Buffer.from([0, 255])
            expect(rowIdOf(await keyed("postgres", { type: "bytea" }), { id: bytes })).to.equal("00ff")
            expect(rowIdOf(await keyed("postgres", { type: "bytea" }), bytes)).to.equal("00ff")
            expect(rowIdOf(await keyed("mysql", { type: "binary", length: 2 }), { id: bytes })).to.equal("00ff")
            expect(rowIdOf(await keyed("mysql", { type: "binary", length: 4 }), { id: bytes })).to.equal(undefined)
        })

        it("has no id for dates, decimals and JSON", async () => {
            for (const type of ["timestamp", "decimal", "float", "jsonb"])
                for (const id of [new Date(), 1, "1", {}])
                    expect(rowIdOf(await keyed("postgres", { type }), { id })).to.equal(undefined)
        })

        it("takes booleans as booleans alone", async () => {
            const metadata = await keyed("postgres", { type: "boolean" })
            expect(rowIdOf(metadata, { id: true })).to.equal("true")
            expect(rowIdOf(metadata, { id: 1 })).to.equal(undefined)
        })

        it("names the row by what a transformer gives the database", async () => {
            const transformer = { to: (value: { n: number }) => value.n, from: (n: number) => ({ n }) }
            const metadata = await keyed("postgres", { type: "int", transformer })
            expect(rowIdOf(metadata, { id: { n: 3 } })).to.equal("3")
            expect(rowIdOfDatabaseValues(metadata, () => 3)).to.equal("3")
            const angry = await keyed("postgres", {
                type: "int",
                transformer: {
                    to: () => {
                        throw new Error("no")
                    },
                    from: Number,
                },
            })
            expect(rowIdOf(angry, { id: 3 })).to.equal(undefined)
        })

        it("joins the parts of a composite key so that they cannot be mistaken", () => {
            const pair = library.metadata("Pair")
            expect(rowIdOf(pair, { a: 1, b: "x" })).to.equal(rowIdOf(pair, { b: "x", a: "1", note: "more" }))
            expect(rowIdOf(pair, { a: 1 })).to.equal(undefined)
            expect(rowIdOf(pair, { a: 1, b: null })).to.equal(undefined)
            expect(rowIdOf(pair, 1)).to.equal(undefined)
            const part = fc.tuple(fc.integer(), fc.string({ unit: fc.constantFrom("1", "-", ".", "2", "a") }))
            fc.assert(
                fc.property(part, part, ([a, b], [c, d]) => {
                    const equal = rowIdOf(pair, { a, b }) === rowIdOf(pair, { a: c, b: d })
                    expect(equal).to.equal(Object.is(a + 0, c + 0) && b === d)
                }),
            )
        })

        it("descends into embedded keys", () => {
            const seat = library.metadata("Seat")
            expect(rowIdOf(seat, { place: { row: 1, seat: 12 } })).to.equal("1.1-2.12")
            expect(rowIdOf(seat, {})).to.equal(undefined)
        })

        it("takes a related entity or its bare id for a shared key", () => {
            const profile = library.metadata("Profile")
            expect(rowIdOf(profile, { author: { id: 5 } })).to.equal("5")
            expect(rowIdOf(profile, { author: 5 })).to.equal("5")
            expect(rowIdOf(profile, { author: {} })).to.equal(undefined)
        })

        it("reads parameters by the column's name in the database", () => {
            const values = new Map<string, unknown>([
                ["a", 1],
                ["b", "x"],
            ])
            const pair = library.metadata("Pair")
            expect(rowIdOfDatabaseValues(pair, (name) => values.get(name))).to.equal(rowIdOf(pair, { a: 1, b: "x" }))
            const profile = library.metadata("Profile")
            expect(rowIdOfDatabaseValues(profile, (name) => (name === "authorid" ? "5" : undefined))).to.equal("5")
        })

        it("has no id for an entity whose relation and column disagree", async () => {
            const metadata = await metadataFor(version, "postgres", (t) => {
                class Owner {
                    id: unknown
                }
                class Card {
                    ownerId: unknown
                    owner: unknown
                }
                t.Entity()(Owner)
                t.PrimaryColumn({ type: "int" })(Owner.prototype, "id")
                t.Entity()(Card)
                t.PrimaryColumn({ type: "int" })(Card.prototype, "ownerId")
                t.OneToOne(() => Owner)(Card.prototype, "owner")
                t.JoinColumn({ name: "ownerId" })(Card.prototype, "owner")
                return [Card, Owner]
            })
            expect(rowIdOf(metadata, { ownerId: 1, owner: { id: 1 } })).to.equal("1")
            expect(rowIdOf(metadata, { owner: { id: 1 } })).to.equal("1")
            expect(rowIdOf(metadata, { ownerId: 1 })).to.equal("1")
            expect(rowIdOf(metadata, { ownerId: 1, owner: { id: 2 } })).to.equal(undefined)
        })
    })
