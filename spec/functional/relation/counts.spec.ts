import { expect } from "chai"
import { Column, Entity, ManyToMany, JoinTable, ManyToOne, OneToMany, PrimaryColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { World } from "../subscriber/World"

@Entity("poet")
@Cached()
class Poet {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @OneToMany(() => Poem, (poem) => poem.poet)
    @CachedRelation()
    poems: Poem[]

    @OneToMany(() => Letter, (letter) => letter.poet, { lazy: true })
    @CachedRelation()
    letters: Promise<Letter[]>
}

@Entity("poem")
@Cached()
class Poem {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Poet, (poet) => poet.poems)
    @CachedRelation()
    poet: Poet

    @ManyToMany(() => Subject)
    @JoinTable({ name: "poem_subject" })
    @CachedRelation()
    subjects: Subject[]
}

@Entity("subject")
@Cached()
class Subject {
    @PrimaryColumn()
    id: number
}

@Entity("letter")
@Cached()
class Letter {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Poet, (poet) => poet.letters, { lazy: true })
    @CachedRelation()
    poet: Promise<Poet>
}

const COUNT = 100
const NUMBERS = Array.from({ length: COUNT }, (_, i) => i + 1)

forEachDatabaseAndStore("the trips that relations of many owners take", (database, store) => {
    let world: World
    before(async () => {
        world = await World.open(database, store, [Poet, Poem, Subject, Letter], { cache: { storeTimeout: "20s" } })
        const { manager } = world.dataSource
        await manager.insert(
            Poet,
            NUMBERS.map((id) => ({ id, name: `poet ${id}` })),
        )
        const owned = [...NUMBERS, ...NUMBERS].map((owner, i) => ({ id: i + 1, poet: { id: owner } }))
        await manager.insert(Poem, owned)
        await manager.insert(Letter, owned as never)
        await manager.insert(Subject, [{ id: 1 }, { id: 2 }])
        await manager.createQueryBuilder().relation(Poem, "subjects").of(1).add([1, 2])
    })
    beforeEach(() => world.cache.clear())
    after(() => world.close())

    /** Fails unless the read sends one command to the store, a read, and nothing to the database. */
    async function expectOneTrip<T>(read: () => Promise<T>): Promise<T> {
        const start = world.store.calls.length
        const result = await world.sql.expectQueries(0, read)
        expect(world.store.calls.slice(start).map(({ method }) => method)).to.deep.equal(["read"])
        return result
    }

    it("a find takes two statements, and one trip to the store when all is there", async () => {
        const read = () => world.cached(Poet).find({ relations: { poems: true } })
        await world.sql.expectQueries(2, read)
        await read()
        const found = await expectOneTrip(read)
        expect(found.flatMap(({ poems }) => poems)).to.have.length(2 * COUNT)
    })

    it("a find by keys takes two statements, and one trip to the store", async () => {
        const read = () => world.cached(Poet).find({ where: NUMBERS.map((id) => ({ id })), relations: { poems: true } })
        await world.sql.expectQueries(2, read)
        await read()
        await expectOneTrip(read)
    })

    it("a find of three levels takes a statement for each, and one trip to the store", async () => {
        const read = () => world.cached(Poet).find({ relations: { poems: { subjects: true } } })
        await world.sql.expectQueries(3, read)
        await read()
        const found = await expectOneTrip(read)
        expect(found.flatMap(({ poems }) => poems.flatMap(({ subjects }) => subjects))).to.have.length(2)
    })

    it("lazy relations of many owners take one statement, and one trip to the store", async () => {
        const poets = world.cached(Poet)
        const read = async (owners: Poet[]) => Promise.all(owners.map((it) => it.letters))
        const [first, second, third] = [await poets.find(), await poets.find(), await poets.find()]
        await world.sql.expectQueries(1, () => read(first))
        await read(second)
        const found = await expectOneTrip(() => read(third))
        expect(found.flat()).to.have.length(2 * COUNT)
    })

    it("lazy relations to one owner take one statement, and one trip to the store", async () => {
        const letters = world.cached(Letter)
        const read = async (items: Letter[]) => Promise.all(items.map((it) => it.poet))
        const [first, second, third] = [await letters.find(), await letters.find(), await letters.find()]
        await world.sql.expectQueries(1, () => read(first))
        await read(second)
        expect(await expectOneTrip(() => read(third))).to.have.length(2 * COUNT)
    })

    it("loadRelation takes one statement, and one trip to the store", async () => {
        const poets = world.cached(Poet)
        const owners = await poets.find()
        await world.sql.expectQueries(1, () => poets.loadRelation(owners, "poems"))
        await poets.loadRelation(owners, "poems")
        const found = await expectOneTrip(() => poets.loadRelation(owners, "poems"))
        expect(found.flatMap(({ poems }) => poems)).to.have.length(2 * COUNT)
    })

    it("the owners that are missing are loaded together, and no others", async () => {
        const poets = world.cached(Poet)
        const read = () => poets.find({ relations: { poems: true } })
        await read()
        await world.dataSource.manager.update(Poem, 7, { poet: { id: 9 } })
        const sent = await world.sql.during(read)
        await world.dataSource.manager.update(Poem, 7, { poet: { id: 7 } })
        expect(sent).to.have.length(1)
        expect(world.cache.stats.relation(Poet, "poems").misses).to.be.at.least(2)
        const start = world.cache.stats.relation(Poet, "poems")
        await read()
        const end = world.cache.stats.relation(Poet, "poems")
        expect(end.misses - start.misses).to.equal(2)
        expect(end.hits - start.hits).to.equal(COUNT - 2)
    })
})
