import { expect } from "chai"
import type { DataSource } from "typeorm"
import { forEachDatabase } from "../databases"
import {
    Animal,
    Author,
    Book,
    Cat,
    Category,
    Computed,
    Device,
    DeviceKind,
    Dog,
    ENTITIES,
    Ledger,
    Membership,
    Money,
    Note,
    Place,
    Profile,
    Review,
    Secret,
    Shelf,
    Tag,
} from "."

forEachDatabase("the spec domain", (database) => {
    let dataSource: DataSource
    before(async () => (dataSource = await database.createDataSource({ entities: ENTITIES })))

    it("keeps columns of every kind", async () => {
        const books = dataSource.getRepository(Book)
        const publishedAt = new Date("2020-02-29T12:00:00.000Z")
        const { id } = await books.save({
            title: "Types",
            price: Money.parse("12.50"),
            details: { pages: 3, languages: ["en"] },
            cover: Buffer.from([0, 1, 255]),
            views: "123",
            publishedAt,
        })
        const book = await books.findOneByOrFail({ id })

        expect(book.price).to.be.instanceOf(Money)
        expect(book.price?.cents).to.equal(1250)
        expect(book.details).to.deep.equal({ pages: 3, languages: ["en"] })
        expect(Buffer.from(book.cover as Buffer)).to.deep.equal(Buffer.from([0, 1, 255]))
        expect(String(book.views)).to.equal("123")
        expect(book.publishedAt).to.deep.equal(publishedAt)
    })

    it("relates rows in every way", async () => {
        const { manager } = dataSource
        const author = await manager.save(Author, { name: "Ann", email: "ann@example.org" })
        const editor = await manager.save(Author, { name: "Ed", email: "ed@example.org" })
        const tags = await manager.save(Tag, [{ name: "red" }, { name: "blue" }])
        const book = await manager.save(Book, { title: "One", author, editor, tags })
        await manager.save(Profile, { website: "example.org", author })
        const note = manager.create(Note, { text: "lazy" })
        note.author = Promise.resolve(author)
        await manager.save(note)
        await manager.save(Review, { stars: 5, book })
        const parent = await manager.save(Category, { name: "parent" })
        await manager.save(Category, { name: "child", parent })

        const found = await manager.findOneOrFail(Author, {
            where: { id: author.id },
            relations: { books: { tags: true, editor: true }, profile: true },
        })
        expect(found.version).to.equal(1)
        expect(found.books[0]?.authorId).to.equal(author.id)
        expect(found.books[0]?.editor?.name).to.equal("Ed")
        expect(found.books[0]?.tags.map((tag) => tag.name)).to.have.members(["red", "blue"])
        expect(found.profile?.website).to.equal("example.org")
        expect((await found.notes).map((note) => note.text)).to.deep.equal(["lazy"])
        expect((await manager.findOneByOrFail(Review, { stars: 5 })).book.title).to.equal("One")
        const family = await manager.findOneOrFail(Category, {
            where: { id: parent.id },
            relations: { children: true },
        })
        expect(family.children[0]?.name).to.equal("child")

        await manager.delete(Author, author.id)
        expect((await manager.findOneByOrFail(Book, { id: book.id })).authorId).to.equal(null)
        expect(await manager.count(Note)).to.equal(0)
        await manager.softDelete(Author, editor.id)
        expect(await manager.countBy(Author, { id: editor.id })).to.equal(0)
    })

    it("keys rows in every way", async () => {
        const { manager } = dataSource
        await manager.save(Membership, { groupId: 1, userId: "u", role: "owner" })
        const device = await manager.save(Device, { label: "mine", kind: DeviceKind.Tablet })
        await manager.save(Ledger, { id: "7", balance: "100" })
        await manager.save(Shelf, { key: { hall: "A", row: 2 }, capacity: 10 })

        expect((await manager.findOneByOrFail(Membership, { groupId: 1, userId: "u" })).role).to.equal("owner")
        expect((await manager.findOneByOrFail(Device, { id: device.id })).kind).to.equal(DeviceKind.Tablet)
        expect(String((await manager.findOneByOrFail(Ledger, { id: "7" })).balance)).to.equal("100")
        expect((await manager.findOneByOrFail(Shelf, { key: { hall: "A", row: 2 } })).capacity).to.equal(10)
    })

    it("has embedded, inherited, hidden and computed properties", async () => {
        const { manager } = dataSource
        const address = { street: "Main Street", city: null, geo: { latitude: 1.5, longitude: null } }
        await manager.save(Place, { name: "here", address })
        await manager.save(Cat, { name: "Tom", indoor: false })
        await manager.save(Dog, { name: "Rex", trick: "roll" })
        await manager.save(Secret, { login: "me", password: "hush" })
        await manager.save(Computed, { first: "Ada", last: "Byron" })

        expect((await manager.findOneByOrFail(Place, { name: "here" })).address.geo.latitude).to.equal(1.5)
        const [tom, rex] = await manager.find(Animal, { order: { name: "DESC" } })
        expect(tom).to.be.instanceOf(Cat)
        expect(rex).to.be.instanceOf(Dog)
        expect(await manager.findOneByOrFail(Secret, { login: "me" })).not.to.have.property("password")
        const computed = await manager.findOneByOrFail(Computed, { first: "Ada" })
        expect([computed.full, computed.loads]).to.deep.equal(["Ada Byron", 1])
    })
})
