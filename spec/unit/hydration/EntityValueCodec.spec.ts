import { expect } from "chai"
import { DataSource } from "typeorm"
import { CacheError } from "../../../lib/error/CacheError"
import { EntityValueCodec } from "../../../lib/hydration/EntityValueCodec"
import { graphFingerprint } from "../../../lib/hydration/schemaFingerprint"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { openLibrary, type Library } from "../key/library"

interface Row {
    id: number
    name: string
    books?: Row[]
    author?: Row
}

describe("EntityValueCodec", () => {
    let library: Library
    let codec: EntityValueCodec
    const serializer = new JsonSerializer()
    before(async () => {
        library = await openLibrary("typeorm")
        codec = new EntityValueCodec(() => library.dataSource)
    })
    const make = (name: string, fields: object): Row => Object.assign(new library.entities[name]!(), fields) as Row
    const author = (id = 1): Row => make("Author", { id, name: `author ${id}` })
    const classOf = (name: string): new () => object => library.entities[name]!
    const roundTrip = (value: unknown, by = codec): unknown =>
        by.decode(serializer.deserialize(serializer.serialize(codec.encode(value, "value"))))
    const refused = (run: () => unknown, code: string, about = /./): void => {
        expect(run).to.throw(CacheError, about).with.property("code", code)
    }
    /** What stands for an author in a tree. */
    const encodedAuthor = (): { readonly $: string; readonly v: readonly Encoded[] } =>
        codec.encode(author(), "value") as never

    it("gives plain data back as it was, with or without a DataSource", () => {
        const value = {
            list: [1, undefined, null, NaN, -0, 2n ** 70n],
            date: new Date(5),
            map: new Map([["a", new Set([1])]]),
            $: { $: "E", v: ["Author", "x", []] },
            "a:b\n": JSON.parse('{"__proto__":{"x":1}}') as unknown,
        }
        const alone = new EntityValueCodec(() => undefined)
        for (const one of [codec, alone]) expect(roundTrip(value, one)).to.deep.equal(value)
        expect(alone.decode(alone.encode(value, "value"))).to.deep.equal(value)
        for (const one of [null, undefined, 0, "", "x".repeat(10_240), "\ud800"]) expect(roundTrip(one)).to.equal(one)
    })

    it("gives entities back as instances of their classes, anywhere in plain data", () => {
        const value = { one: author(), list: [[author(2)]], map: new Map([["x", { deep: make("Tag", { id: 3 }) }]]) }
        const copy = roundTrip(value) as typeof value
        expect(copy).to.deep.equal(value)
        expect([copy.one, copy.list[0]![0]]).to.satisfy((rows: Row[]) =>
            rows.every((it) => it instanceof classOf("Author")),
        )
        expect(copy.map.get("x")!.deep).to.be.instanceOf(classOf("Tag"))
        expect(copy.one).to.not.equal(value.one)
    })

    it("gives the relations that an entity has loaded back with it", () => {
        const book = make("Book", { id: 5, title: "b", author: author() })
        const copy = roundTrip(Object.assign(author(2), { books: [book] })) as Row
        expect(copy.books![0]).to.be.instanceOf(classOf("Book"))
        expect(copy.books![0]!.author).to.be.instanceOf(classOf("Author")).and.deep.equal(author())
    })

    it("gives every reader an entity of his own", () => {
        const encoded = codec.encode([author()], "value")
        const [first] = codec.decode(encoded) as [Row]
        first.name = "spoilt"
        expect(codec.decode(encoded)).to.deep.equal([author()])
    })

    it("refuses what could not be made again, and says where it is", () => {
        class Stranger {}
        const child = Object.create(author()) as object
        const circle = author()
        circle.books = [make("Book", { id: 1, author: circle })]
        const self: Record<string, unknown> = { author: author() }
        self["self"] = self
        for (const bad of [new Stranger(), child, () => 1, Symbol("x"), Promise.resolve(1), self, circle])
            refused(() => codec.encode({ deep: [bad] }, "page"), "E_SERIALIZE", /page|Author|Book/)
        refused(() => codec.encode({ deep: [new Stranger()] }, "page"), "E_SERIALIZE", /page\.deep\[0\]/)
        refused(() => codec.encode(Object.assign(author(), { extra: () => 1 }), "page"), "E_SERIALIZE")
    })

    it("refuses an entity while there is no DataSource, and one of another", () => {
        refused(() => new EntityValueCodec(() => undefined).encode(author(), "value"), "E_SERIALIZE")
        const other = new DataSource({ type: "sqljs" })
        refused(() => new EntityValueCodec(() => other).encode([author()], "value"), "E_SERIALIZE")
    })

    it("takes an entity of another schema for a corrupt entry", () => {
        const [name, fingerprint, record] = encodedAuthor().v
        const read = (...content: Encoded[]) => codec.decode({ $: "E", v: content })
        expect(read(name!, fingerprint!, record!)).to.deep.equal(author())
        for (const other of ["", "x", "__proto__", null, 5])
            refused(() => read(name!, other, record!), "E_CORRUPT_ENTRY", /under another schema/)
        for (const other of ["", "Nobody", "__proto__", "author", null, 5])
            refused(() => read(other, fingerprint!, record!), "E_CORRUPT_ENTRY", /not known here/)
        // that of another entity
        const book = graphFingerprint(library.metadata("Book"))
        refused(() => read(name!, book, record!), "E_CORRUPT_ENTRY")
        refused(() => new EntityValueCodec(() => undefined).decode(encodedAuthor()), "E_CORRUPT_ENTRY")
    })

    it("takes content of any other form for a corrupt entry", () => {
        const [name, fingerprint] = encodedAuthor().v
        for (const content of [null, 5, "text", [], [name], [name, fingerprint], {}, { 0: name, 1: fingerprint }, [[]]])
            refused(() => codec.decode({ $: "E", v: content as Encoded }), "E_CORRUPT_ENTRY")
        for (const record of [null, 5, "text", {}, [1], [[]], ["__proto__"]])
            refused(() => codec.decode([{ $: "E", v: [name!, fingerprint!, record] }]), "E_CORRUPT_ENTRY")
    })

    it("asks for its DataSource on every call, and sees metadata that were made anew", () => {
        let source: DataSource | undefined
        const late = new EntityValueCodec(() => source)
        refused(() => late.encode(author(), "value"), "E_SERIALIZE")
        source = library.dataSource
        const encoded = late.encode(author(), "value")
        expect(late.decode(encoded)).to.deep.equal(author())
        source = { entityMetadatas: [library.metadata("Tag")] } as unknown as DataSource
        refused(() => late.decode(encoded), "E_CORRUPT_ENTRY")
        refused(() => late.encode(author(), "value"), "E_SERIALIZE")
    })
})
