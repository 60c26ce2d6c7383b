import { expect } from "chai"
import { Column, DeleteDateColumn, Entity, IsNull, PrimaryColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { openCache, type OpenCache } from "./openCache"

@Entity()
@Cached({ uniqueKeys: [["email"]] })
class Author {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @Column({ unique: true })
    email: string

    @DeleteDateColumn()
    deletedAt: Date | null
}

/** With several unique keys, whose values may be the same texts. */
@Entity()
@Cached({ uniqueKeys: [["code"], ["nickname"], ["country", "number"]] })
class Citizen {
    @PrimaryColumn()
    id: number

    @Column({ unique: true })
    code: string

    @Column({ type: "varchar", unique: true, nullable: true })
    nickname: string | null

    @Column()
    country: string

    @Column()
    number: number
}

const EMAILS = ["a@example.org", "b@example.org", "c@example.org"] as const
const [A, B, C] = EMAILS

type Step = (open: OpenCache) => Promise<unknown>

const sql = ({ dataSource }: OpenCache, text: string): Promise<unknown> =>
    dataSource.query(dataSource.options.type === "postgres" ? text : text.replaceAll('"', "`"))

/** Each begins with the authors 1 (a) and 2 (b). */
const HISTORIES: Record<string, readonly Step[]> = {
    "the key changes": [(it) => it.cached(Author).update(1, { email: C })],
    "the row changes": [(it) => it.cached(Author).update(1, { name: "other" })],
    "the row is saved": [
        async (it) => it.cached(Author).save({ ...(await it.plain(Author).findOneByOrFail({ id: 1 })), email: C }),
    ],
    "the row goes and comes again": [
        (it) => it.cached(Author).delete(1),
        (it) => it.cached(Author).insert({ id: 1, name: "again", email: A }),
    ],
    "another row takes the key": [
        (it) => it.cached(Author).delete(1),
        (it) => it.cached(Author).insert({ id: 7, name: "heir", email: A }),
        (it) => it.cached(Author).update(7, { email: C }),
    ],
    "two rows change places": [
        async (it) => {
            await it.dataSource.transaction(async (manager) => {
                await manager.update(Author, 1, { email: "x" })
                await manager.update(Author, 2, { email: A })
                await manager.update(Author, 1, { email: B })
            })
        },
    ],
    "a change is taken back": [
        (it) =>
            it.dataSource
                .transaction(async (manager) => {
                    await manager.update(Author, 1, { email: C })
                    throw new Error("take it back")
                })
                .catch(() => undefined),
    ],
    "the row is deleted softly and restored": [
        (it) => it.cached(Author).softDelete(1),
        (it) => it.cached(Author).restore(1),
    ],
    "the row's primary key changes": [
        (it) => it.cached(Author).update(1, { id: 9 }),
        (it) => it.cached(Author).insert({ id: 1, name: "new one", email: C }),
    ],
    "plain SQL changes it": [
        (it) => sql(it, `UPDATE "author" SET "email" = '${C}' WHERE "email" = '${A}'`),
        (it) => sql(it, `UPDATE "author" SET "email" = '${A}' WHERE "id" = 2`),
    ],
    "a query builder changes all": [
        (it) =>
            it.dataSource.createQueryBuilder().update(Author).set({ email: C }).where("email = :A", { A }).execute(),
        (it) => it.dataSource.createQueryBuilder().delete().from(Author).execute(),
    ],
}

forEachDatabaseAndStore("rows by a unique key", (database, store) => {
    let open: OpenCache
    before(async () => (open = await openCache(database, store, { entities: [Author, Citizen] })))
    beforeEach(async () => {
        await open.plain(Author).createQueryBuilder().delete().execute()
        await open.plain(Author).insert([
            { id: 1, name: "first", email: A },
            { id: 2, name: "second", email: B },
        ])
        await open.reset()
    })

    const read = async (): Promise<unknown[]> =>
        Promise.all(EMAILS.map((email) => open.cached(Author).findOneBy({ email })))
    const readPlain = async (): Promise<unknown[]> =>
        Promise.all(EMAILS.map((email) => open.plain(Author).findOneBy({ email })))

    for (const [title, steps] of Object.entries(HISTORIES))
        it(`finds what is there when ${title}`, async () => {
            await read()
            for (const step of steps) {
                await step(open)
                await open.settled()
                const expected = await readPlain()
                expect(await read()).to.deep.equal(expected)
                expect(await open.hit(read)).to.deep.equal(expected)
                // by key as well: the way over the unique key fills the row's entry
                for (const id of [1, 2, 7, 9])
                    expect(await open.cached(Author).findOneBy({ id })).to.deep.equal(
                        await open.plain(Author).findOneBy({ id }),
                    )
            }
        })

    it("fills the row's own entry on the way", async () => {
        await open.miss(() => open.cached(Author).findOneBy({ email: A }))
        await open.hit(() => open.cached(Author).findOneBy({ id: 1 }))
    })

    it("keeps what a write to another row cannot have changed", async () => {
        await read()
        await open.cached(Author).update(2, { name: "changed" })
        await open.hit(() => open.cached(Author).findOneBy({ email: A }))
        await open.miss(() => open.cached(Author).findOneBy({ email: B }))
    })

    it("tells keys of the same value apart", async () => {
        const citizens = open.cached(Citizen)
        await citizens.insert([
            { id: 1, code: "x", nickname: "y", country: "x", number: 1 },
            { id: 2, code: "y", nickname: "x", country: "x", number: 11 },
            { id: 3, code: "z", nickname: null, country: "y", number: 1 },
        ])
        const wheres = [
            { code: "x" },
            { nickname: "x" },
            { code: "y" },
            { nickname: "y" },
            { nickname: "z" },
            { country: "x", number: 1 },
            { country: "x", number: 11 },
            { number: 1, country: "y" },
            { nickname: IsNull() },
        ]
        for (const where of [...wheres, ...wheres])
            expect(await citizens.findOneBy(where)).to.deep.equal(await open.plain(Citizen).findOneBy(where))
        for (const where of wheres.slice(0, 8)) await open.hit(() => citizens.findOneBy(where))
    })

    it("does not take a value for another one that the database tells apart", async () => {
        const ask = [A, A.toUpperCase(), `${A} `, ` ${A}`, "", "null", "0"]
        for (const email of [...ask, ...ask])
            expect(await open.cached(Author).findOneBy({ email }), JSON.stringify(email)).to.deep.equal(
                await open.plain(Author).findOneBy({ email }),
            )
    })
})
