import { expect } from "chai"
import {
    AfterLoad,
    Column,
    Entity,
    type EntitySubscriberInterface,
    EventSubscriber,
    In,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    type Repository,
} from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, Computed, ENTITIES, Note, Secret } from "../../support/entity"
import { expectSame } from "../hydration/expectSame"
import { OpenCache, openCache } from "./openCache"
import { seedLibrary } from "./seedLibrary"

/** Counts its loads, and so do its leaves. */
@Entity()
@Cached({ uniqueKeys: [["name"]] })
class Branch {
    @PrimaryColumn()
    id: number

    @Column({ unique: true })
    name: string

    @OneToMany(() => Leaf, (leaf) => leaf.branch)
    leaves: Leaf[]

    loads: number

    @AfterLoad()
    loaded(): void {
        this.loads = (this.loads ?? 0) + 1
        this.name += "!"
    }
}

@Entity()
@Cached()
class Leaf {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Branch, (branch) => branch.leaves)
    branch: Branch

    loads: number

    @AfterLoad()
    async loaded(): Promise<void> {
        await Promise.resolve()
        this.loads = (this.loads ?? 0) + 1
    }
}

/** The user's own: sees each entity that is handed out once. */
const seen: unknown[] = []
@EventSubscriber()
class Watcher implements EntitySubscriberInterface {
    afterLoad(entity: unknown): void {
        seen.push(entity)
    }
}

forEachDatabaseAndStore("what a read gives", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, { entities: [...ENTITIES, Branch, Leaf] })
        await seedLibrary(open.dataSource)
        await open.plain(Computed).insert({ first: "Ada", last: "Byron" })
        await open.plain(Secret).insert({ login: "me", password: "hush" })
        await open.plain(Branch).insert([
            { id: 1, name: "one" },
            { id: 2, name: "two" },
        ])
        await open.plain(Leaf).insert([1, 2, 3].map((id) => ({ id, branch: { id: 1 } })))
    })
    beforeEach(() => open.reset())

    const BRANCHES: Record<string, (branches: Repository<Branch>) => Promise<unknown>> = {
        "a row": (it) => it.findOneBy({ id: 1 }),
        rows: (it) => it.findBy({ id: In([1, 2]) }),
        "a row by its unique key": (it) => it.findOneBy({ name: "one" }),
        "a list": (it) => it.find({ order: { id: "ASC" } }),
        "a page": (it) => it.findAndCount({ order: { id: "ASC" }, take: 1 }),
        "a list with relations": (it) =>
            it.find({ relations: { leaves: { branch: true } }, order: { id: "ASC", leaves: { id: "ASC" } } }),
        nothing: (it) => it.findOneBy({ id: 9 }),
    }
    for (const [title, read] of Object.entries(BRANCHES))
        it(`${title}: has run each listener once, on the first read and on every hit`, async () => {
            const expected = await read(open.plain(Branch))
            for (let i = 0; i < 3; i++) {
                const found = await read(open.cached(Branch))
                expectSame(found, expected)
                expect(JSON.stringify(found) ?? "").to.not.match(/"loads":[^1]|!!/)
            }
        })

    it("does not run listeners twice for relations that a second query loads", async () => {
        const read = (it: Repository<Branch>): Promise<Branch[]> =>
            it.find({ relations: { leaves: true }, relationLoadStrategy: "query", order: { id: "ASC" } })
        const expected = await read(open.plain(Branch))
        for (let i = 0; i < 2; i++) expect(await read(open.cached(Branch))).to.deep.equal(expected)
    })

    it("runs the user's subscriber once for each entity that is handed out", async () => {
        const { dataSource } = open
        const before = dataSource.subscribers
        Object.assign(dataSource, { subscribers: [...before, new Watcher()] })
        try {
            const authors = open.cached(Author)
            for (let i = 0; i < 2; i++) {
                seen.length = 0
                const one = await authors.findOneBy({ id: 1 })
                expect(seen).to.have.length(1)
                expect(seen[0]).to.equal(one)
                seen.length = 0
                const list = await authors.find({ order: { id: "ASC" } })
                expect(seen).to.have.length(3)
                list.forEach((author) => expect(seen.filter((it) => it === author)).to.have.length(1))
            }
        } finally {
            Object.assign(dataSource, { subscribers: before })
        }
    })

    it("never has a hidden column that was not asked for, whoever asked before", async () => {
        const secrets = open.cached(Secret)
        const asked = (): Promise<Secret | null> =>
            secrets.findOne({ where: { id: 1 }, select: { id: true, password: true } })
        for (let i = 0; i < 2; i++) {
            expect(await asked()).to.deep.equal(
                await open.plain(Secret).findOne({ where: { id: 1 }, select: { id: true, password: true } }),
            )
            for (const secret of [await secrets.findOneBy({ id: 1 }), (await secrets.find())[0]!]) {
                expect(secret).to.be.instanceOf(Secret).and.to.include({ login: "me" })
                expect(secret).to.not.have.property("password")
            }
        }
        await open.hit(asked)
    })

    it("has its lazy relations still to be loaded, each instance its own", async () => {
        const notes = open.cached(Note)
        for (let i = 0; i < 2; i++) {
            const [a, b] = [await notes.findOneByOrFail({ id: 1 }), (await notes.find())[0]!]
            for (const note of [a, b]) {
                expect(Object.keys(note)).to.not.include("__author__")
                expect(note.author).to.be.instanceOf(Promise)
                expect(await note.author)
                    .to.be.instanceOf(Author)
                    .and.to.include({ name: "Ann" })
            }
            expect(await a.author).to.not.equal(await b.author)
        }
    })

    it("can be saved and removed like any other entity", async () => {
        const authors = open.cached(Author)
        for (let i = 0; i < 2; i++) {
            const author = await authors.findOneByOrFail({ id: 3 })
            author.name = `saved ${i}`
            await authors.save(author)
            expect((await authors.findOneByOrFail({ id: 3 })).name).to.equal(`saved ${i}`)
            expect(await authors.findOneByOrFail({ id: 3 })).to.deep.equal(
                await open.plain(Author).findOneBy({ id: 3 }),
            )
        }
        const before = await authors.findOneByOrFail({ id: 3 })
        const sent = await open.recorder.during(() => authors.save(before), { transactionControl: false })
        expect(
            sent.filter((sql) => /^UPDATE/i.test(sql)),
            "an unchanged entity",
        ).to.deep.equal([])
        await authors.remove(await authors.findOneByOrFail({ id: 3 }))
        expect(await authors.findOneBy({ id: 3 })).to.equal(null)
    })
})
