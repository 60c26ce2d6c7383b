import { expect } from "chai"
import { AfterLoad, Column, Entity, ManyToOne, OneToMany, PrimaryColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, Book, ENTITIES, Tag } from "../../support/entity"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"

/** Its keys have a hidden column, a value that can be changed in place, and a listener. */
@Entity()
@Cached()
class Safe {
    @PrimaryColumn()
    id: number

    @OneToMany(() => SafeKey, (key) => key.safe)
    @CachedRelation()
    keys: SafeKey[]

    @OneToMany(() => SafeKey, (key) => key.lazySafe)
    @CachedRelation()
    lazyKeys: Promise<SafeKey[]>
}

@Entity()
@Cached()
class SafeKey {
    @PrimaryColumn()
    id: number

    @Column()
    label: string

    @Column({ type: "simple-json" })
    teeth: { depth: number[] }

    @Column({ select: false, default: "0000" })
    code: string

    @ManyToOne(() => Safe, (safe) => safe.keys)
    @CachedRelation()
    safe: Safe

    @ManyToOne(() => Safe, (safe) => safe.lazyKeys)
    lazySafe: Promise<Safe>

    loads?: number

    @AfterLoad()
    async loaded(): Promise<void> {
        await Promise.resolve()
        this.loads = (this.loads ?? 0) + 1
        this.label += "!"
    }
}

@Entity()
@Cached()
class Handle {
    @PrimaryColumn()
    id: number

    @Column()
    shape: string
}

@Entity()
@Cached()
class Room {
    @PrimaryColumn()
    id: number

    @OneToMany(() => Door, (door) => door.room)
    @CachedRelation()
    doors: Door[]
}

/** Never comes without its handle. */
@Entity()
@Cached()
class Door {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Room, (room) => room.doors)
    room: Room

    @ManyToOne(() => Handle, { eager: true, nullable: true })
    handle: Handle | null
}

type Read = (open: OpenCache) => Promise<SafeKey[]>

const READS: Readonly<Record<string, Read>> = {
    find: async (open) => (await open.cached(Safe).find({ relations: { keys: true } }))[0]!.keys,
    findOne: async (open) => (await open.cached(Safe).findOne({ where: { id: 1 }, relations: { keys: true } }))!.keys,
    loadRelation: async (open) =>
        (await open.cached(Safe).loadRelation(await open.plain(Safe).findOneByOrFail({ id: 1 }), "keys")).keys,
    "a lazy relation": async (open) => (await open.plain(Safe).findOneByOrFail({ id: 1 })).lazyKeys,
    "cache.relation": async (open) => {
        const keys = open.cache.relation(Safe, "keys")
        const found = await keys.get<SafeKey[]>(1)
        if (found !== undefined) return found
        await READS["loadRelation"]!(open)
        return (await keys.get<SafeKey[]>(1))!
    },
}

forEachDatabaseAndStore("what a cached relation gives", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, { entities: [...ENTITIES, Safe, SafeKey, Room, Door, Handle] })
        await seedLibrary(open.dataSource)
        await open.plain(Safe).insert({ id: 1 })
        await open
            .plain(SafeKey)
            .insert([1, 2].map((id) => ({ id, label: `key ${id}`, teeth: { depth: [id] }, code: "1234" })))
        await open.plain(SafeKey).update({ id: 1 }, { safe: { id: 1 }, lazySafe: { id: 1 } as never })
    })
    beforeEach(() => open.reset())

    for (const [title, read] of Object.entries(READS)) {
        it(`${title}: has run each listener once, on the first read and on every hit`, async () => {
            for (let i = 0; i < 3; i++) {
                const [key, ...more] = await read(open)
                expect(more).to.deep.equal([])
                expect(key).to.be.instanceOf(SafeKey).and.to.include({ id: 1, label: "key 1!", loads: 1 })
            }
            expect(open.cache.stats.entity(Safe).hits).to.be.greaterThan(1)
        })

        it(`${title}: has no hidden column, whoever has read it before`, async () => {
            await open.cached(SafeKey).find({ select: { id: true, code: true } })
            await open
                .cached(Safe)
                .find({ relations: { keys: true }, select: { id: true, keys: { id: true, code: true } } })
            for (let i = 0; i < 2; i++) expect((await read(open))[0]).to.not.have.property("code")
        })

        it(`${title}: belongs to the caller, whatever it does to it`, async () => {
            for (let i = 0; i < 3; i++) {
                const list = await read(open)
                expect(list).to.have.length(1)
                expect(list[0]).to.deep.include({ label: "key 1!", teeth: { depth: [1] } })
                list[0]!.label = "mine"
                list[0]!.teeth.depth.push(9)
                Object.assign(list[0]!, { extra: true })
                list.push(list[0]!)
            }
            expect((await read(open))[0]).to.not.have.property("extra")
        })
    }

    it("readers of one moment share nothing, nor do owners of the same row", async () => {
        const tags = await open.plain(Tag).find({ order: { id: "ASC" } })
        const twins = await open.plain(Tag).find({ order: { id: "ASC" } })
        const repository = open.cached(Tag)
        for (let i = 0; i < 2; i++) {
            await Promise.all([
                repository.loadRelation(tags, "books"),
                repository.loadRelation(twins, "books"),
                repository.loadRelation([tags[0]!, tags[0]!], "books"),
            ])
            const books = [...tags, ...twins].flatMap((tag) => tag.books)
            expect(books.map(({ title }) => title).sort()).to.deep.equal(["One", "One", "One", "One", "Two", "Two"])
            expect(new Set(books)).to.have.property("size", books.length)
            expect(new Set(books.map((it) => it.cover).filter((it) => it !== null))).to.have.property("size", 4)
        }
    })

    it("an owner that is given twice has its own list in each place", async () => {
        const [author, same] = [await open.plain(Author).findOneByOrFail({ id: 1 }), new Author()]
        same.id = 1
        for (let i = 0; i < 2; i++) {
            await open.cached(Author).loadRelation([author, same], "books")
            expect(author.books).to.have.length(2)
            expect(author.books).to.not.equal(same.books)
            expect(author.books[0]).to.not.equal(same.books[0])
            author.books.pop()
            expect(same.books).to.have.length(2)
        }
    })

    it("what was set by hand is what a load would bring, whatever hung on it", async () => {
        const author = await open.plain(Author).findOneByOrFail({ id: 1 })
        const books = await open.plain(Book).find({ where: { authorId: 1 }, order: { id: "ASC" } })
        const loaded = await open
            .plain(Book)
            .find({ where: { authorId: 1 }, relations: { tags: true }, order: { id: "ASC" } })
        for (const book of loaded) Object.assign(book, { author, mine: true })
        expect(await open.cache.relation(Author, "books").set(author, loaded)).to.equal(true)
        loaded[0]!.title = "changed later"
        loaded.pop()
        await open.hit(() => open.cached(Author).loadRelation(author, "books"))
        expect(author.books).to.deep.equal(books)
    })

    it("what was set by hand has no hidden column", async () => {
        const key = await open.plain(SafeKey).findOneOrFail({
            where: { id: 1 },
            select: { id: true, label: true, teeth: { depth: true }, code: true },
        })
        expect(key).to.have.property("code", "1234")
        expect(await open.cache.relation(Safe, "keys").set(1, [key])).to.equal(true)
        const found = await open.cache.relation(Safe, "keys").get<SafeKey[]>(1)
        expect(found).to.have.length(1)
        expect(found![0]).to.not.have.property("code")
    })

    it("what was set by hand is whole: an entity without all of its columns is refused", async () => {
        const books = open.cache.relation(Author, "books")
        const part = await open.plain(Book).findOneOrFail({ where: { id: 1 }, select: { id: true, title: true } })
        const fresh = open.plain(Book).create({ title: "New" })
        for (const book of [part, fresh])
            try {
                await books.set(1, [book])
                expect.fail("it was taken")
            } catch (error) {
                expect(error).to.include({ code: "E_SERIALIZE" })
                expect((error as Error).message).to.match(/Book without (price|id)/)
            }
        expect(await books.get(1)).to.equal(undefined)
    })

    it("what was set by hand has its eager relations, and changes with their rows", async () => {
        await open.plain(Handle).insert({ id: 1, shape: "round" })
        await open.plain(Room).insert({ id: 1 })
        await open.plain(Door).insert([
            { id: 1, room: { id: 1 }, handle: { id: 1 } },
            { id: 2, room: { id: 1 } },
        ])
        const read = () => open.plain(Door).find({ relations: { room: true }, order: { id: "ASC" } })
        expect(await open.cache.relation(Room, "doors").set(1, await read())).to.equal(true)
        const room = await open.plain(Room).findOneByOrFail({ id: 1 })
        await open.hit(() => open.cached(Room).loadRelation(room, "doors"))
        expect(room.doors).to.deep.equal(await open.plain(Door).find({ order: { id: "ASC" } }))
        await open.plain(Handle).update({ id: 1 }, { shape: "long" })
        await open.miss(() => open.cached(Room).loadRelation(room, "doors"))
        expect(room.doors.map(({ handle }) => handle?.shape)).to.deep.equal(["long", undefined])
    })
})
