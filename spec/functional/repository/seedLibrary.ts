import type { DataSource } from "typeorm"
import {
    Animal,
    Author,
    Book,
    Cat,
    Category,
    Dog,
    Money,
    Note,
    Place,
    Profile,
    Review,
    Tag,
} from "../../support/entity"

const PUBLISHED = new Date("2020-02-29T12:00:00.000Z")

/** Some rows in every table of the library; keys count from 1. */
export async function seedLibrary({ manager }: DataSource): Promise<void> {
    const authors = await manager.save(Author, [
        { name: "Ann", email: "ann@example.org", age: 30, bio: "writes" },
        { name: "Bob", email: "bob@example.org", age: 40, active: false },
        { name: "Cid", email: "cid@example.org", age: 50 },
        { name: "Gone", email: "gone@example.org", age: 60 },
    ])
    await manager.softDelete(Author, 4)
    const [red, blue] = await manager.save(Tag, [{ name: "red" }, { name: "blue" }])
    const [ann, bob] = authors
    const books = await manager.save(Book, [
        {
            title: "One",
            price: new Money(1250),
            details: { pages: 3, languages: ["en", "de"] },
            cover: Buffer.from([0, 1, 255]),
            views: "123",
            publishedAt: PUBLISHED,
            author: ann!,
            tags: [red!, blue!],
        },
        { title: "Two", price: null, author: ann!, editor: bob!, tags: [red!] },
        { title: "Three", price: new Money(5), author: bob!, publishedAt: PUBLISHED },
    ])
    await manager.save(Profile, { website: "example.org", author: ann! })
    const note = manager.create(Note, { text: "lazy" })
    note.author = Promise.resolve(ann!)
    await manager.save(note)
    await manager.save(Review, [
        { stars: 5, book: books[0]! },
        { stars: 1, book: books[0]! },
    ])
    const parent = await manager.save(Category, { name: "parent" })
    await manager.save(Category, { name: "child", parent })
    await manager.save([manager.create(Cat, { name: "Tom", indoor: false }), manager.create(Dog, { name: "Rex" })])
    await manager.save(Animal, manager.create(Animal, { name: "Thing" }))
    await manager.save(Place, [
        { name: "here", address: { street: "Main", city: null, geo: { latitude: 1.5, longitude: null } } },
        { name: "there", address: { street: "Side", city: "Town", geo: { latitude: null, longitude: null } } },
    ])
}
