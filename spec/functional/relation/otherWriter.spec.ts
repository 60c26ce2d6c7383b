import { expect } from "chai"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { DataSource } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { World } from "../subscriber/World"
import { Author, Book, Course, Student } from "./entity"

const ENTITIES = [Author, Book, Student, Course]

forEachDatabaseAndStore("a writer with a DataSource and a cache of its own", (database, store) => {
    // nobody else reaches a database that is inside its DataSource
    if (database.name === "sqlite") return

    let world: World
    let other: DataSource
    let otherCache: SecondLevelCache

    before(async () => {
        const prefix = store.prefix()
        world = await World.open(database, store, ENTITIES, { cache: { prefix, storeTimeout: "20s" } })
        otherCache = new SecondLevelCache({ store: world.store, prefix, storeTimeout: "20s" })
        other = await new DataSource({
            ...database.optionsOf(world.dataSource),
            entities: ENTITIES,
            subscribers: [otherCache.subscriber],
        }).initialize()
        const { manager } = world.dataSource
        await manager.insert(
            Author,
            [1, 2, 3].map((id) => ({ id, name: `author ${id}` })),
        )
        await manager.insert(
            Book,
            [1, 2, 3].map((id) => ({ id, name: `book ${id}`, authorId: id })),
        )
        await manager.insert(Student, { id: 1, name: "student" })
        await manager.insert(Course, { id: 1, name: "course" })
    })
    after(async () => {
        await other.destroy()
        await otherCache.close()
        await world.close()
    })

    const books = async (id: number): Promise<number[]> => {
        const authors = world.cached(Author)
        const { books: found } = await authors.loadRelation(authors.create({ id }), "books")
        return found.map((it) => it.id).sort()
    }

    it("is seen by readers elsewhere, who keep what it leaves alone", async () => {
        for (const id of [1, 2, 3]) await books(id)
        await other.manager.save(Book, { id: 1, author: { id: 2 } })
        expect(await books(1)).to.deep.equal([])
        expect(await books(2)).to.deep.equal([1, 2])
        expect(await world.sql.expectQueries(0, () => books(3))).to.deep.equal([3])
    })

    it("is seen with its pairs", async () => {
        const students = world.cached(Student)
        const courses = async (): Promise<number> =>
            (await students.loadRelation(students.create({ id: 1 }), "courses")).courses.length
        expect(await courses()).to.equal(0)
        await other.manager.createQueryBuilder().relation(Course, "students").of(1).add(1)
        expect(await courses()).to.equal(1)
        await other.query(`DELETE FROM student_course`)
        expect(await courses()).to.equal(0)
    })

    it("is not seen before it commits", async () => {
        const before = await books(3)
        await other.manager.transaction(async (manager) => {
            await manager.save(Book, { id: 3, author: { id: 1 } })
            // where one transaction holds up all others, nobody can read beside it
            if (database.isConcurrent) expect(await books(3)).to.deep.equal(before)
        })
        expect(await books(3)).to.deep.equal([])
        expect(await books(1)).to.deep.equal([3])
    })
})
