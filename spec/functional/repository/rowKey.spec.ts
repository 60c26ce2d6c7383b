import { expect } from "chai"
import { Column, Entity, EntitySchema, In, PrimaryColumn, type EntityTarget, type ObjectLiteral } from "typeorm"
import { Cached, cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Device, ENTITIES, Ledger, Membership, Shelf } from "../../support/entity"
import { expectSame } from "../hydration/expectSame"
import { openCache, type OpenCache } from "./openCache"

/** Its keys are given, not generated. */
@Entity()
@Cached()
class Item {
    @PrimaryColumn()
    id: number

    @Column()
    name: string
}

/** Rows that a spec may ask for by key, and a property that it may change. */
interface Keyed {
    readonly target: EntityTarget<ObjectLiteral>
    readonly rows: readonly ObjectLiteral[]
    readonly key: (row: ObjectLiteral) => ObjectLiteral
    readonly change: ObjectLiteral
}

const byId = (row: ObjectLiteral): ObjectLiteral => ({ id: row["id"] as unknown })

const KEYED: Record<string, Keyed> = {
    "a number": {
        target: Item,
        rows: [
            { id: 101, name: "a" },
            { id: 102, name: "b" },
        ],
        key: byId,
        change: { name: "changed" },
    },
    "two columns": {
        target: Membership,
        rows: [
            { groupId: 1, userId: "1-1.2", role: "x" },
            { groupId: 1, userId: "1", role: "y" },
            { groupId: 11, userId: "1", role: "z" },
        ],
        key: ({ groupId, userId }) => ({ groupId, userId }),
        change: { role: "changed" },
    },
    "a uuid": {
        target: Device,
        rows: [
            { id: "00000000-0000-4000-8000-00000000000a", label: "one" },
            { id: "00000000-0000-4000-8000-00000000000b", label: "two" },
        ],
        key: byId,
        change: { label: "changed" },
    },
    "a bigint": {
        target: Ledger,
        rows: [
            { id: "9007199254740991", balance: "1" },
            { id: "10", balance: "2" },
            { id: "-7", balance: "3" },
        ],
        key: byId,
        change: { balance: "99" },
    },
    "an embedded key": {
        target: Shelf,
        rows: [
            { key: { hall: "A", row: 1 }, capacity: 1 },
            { key: { hall: "A", row: 11 }, capacity: 2 },
        ],
        key: ({ key }) => ({ key: { ...(key as object) } }),
        change: { capacity: 99 },
    },
    bytes: {
        target: "Blob",
        rows: [
            { id: Buffer.from([0, 255]), text: "one" },
            { id: Buffer.from("00ff"), text: "two" },
        ],
        key: byId,
        change: { text: "changed" },
    },
}

forEachDatabaseAndStore("rows by key", (database, store) => {
    let open: OpenCache
    before(async () => {
        const blob = cached(
            new EntitySchema({
                name: "Blob",
                columns: {
                    id: {
                        primary: true,
                        ...({
                            postgres: { type: "bytea" },
                            mariadb: { type: "varbinary", length: 16 },
                            sqlite: { type: "blob" },
                        }[database.name] as { type: "bytea" }),
                    },
                    text: { type: "varchar" },
                },
            }),
        )
        open = await openCache(database, store, {
            entities: [...ENTITIES, Item, blob],
        })
        for (const { target, rows } of Object.values(KEYED))
            await open.plain(target).insert(rows.map((row) => ({ ...row })))
        await open.plain(Item).insert([1, 2, 3, 10].map((id) => ({ id, name: `${id}` })))
    })
    beforeEach(() => open.reset())

    for (const [title, { target, rows, key, change }] of Object.entries(KEYED)) {
        it(`${title}: each row has an entry of its own, which its update alone removes`, async () => {
            const repository = open.cached(target)
            const plain = open.plain(target)
            const read = (row: ObjectLiteral): Promise<unknown> => repository.findOneBy(key(row))
            for (const row of rows) expectSame(await open.miss(() => read(row)), await plain.findOneBy(key(row)))
            for (const row of rows) expectSame(await open.hit(() => read(row)), await plain.findOneBy(key(row)))

            const [first, ...others] = rows as [ObjectLiteral, ...ObjectLiteral[]]
            await repository.update(key(first), change)
            for (const row of others) await open.hit(() => read(row))
            const changed = await open.miss(() => read(first))
            expect(changed).to.deep.equal(await plain.findOneBy(key(first)))
            expect(changed).to.deep.include(
                typeof Object.values(change)[0] === "number" || target !== Ledger ? change : {},
            )
        })

        it(`${title}: removed and inserted again, the row is found as it is now`, async () => {
            const repository = open.cached(target)
            const [first] = rows as [ObjectLiteral]
            await repository.findOneBy(key(first))
            await repository.delete(key(first))
            expect(await open.miss(() => repository.findOneBy(key(first)))).to.equal(null)
            expect(await open.hit(() => repository.findOneBy(key(first)))).to.equal(null)
            await repository.insert({ ...first })
            const again = await open.miss(() => repository.findOneBy(key(first)))
            expectSame(again, await open.plain(target).findOneBy(key(first)))
            expect(again).to.not.equal(null)
        })
    }

    describe("several at once", () => {
        const ids = async (keys: number[]): Promise<number[]> =>
            (await open.cached(Item).findBy({ id: In(keys) })).map(({ id }) => id)

        it("takes one trip to the store, and one query for those that are not there", async () => {
            await open.cached(Item).findOneBy({ id: 2 })
            open.store.reset()
            const [sql] = await open.recorder.during(() => ids([1, 2, 3]))
            expect(open.store.calls.map(({ method }) => method).slice(0, 1)).to.deep.equal(["read"])
            expect(open.store.calls.filter(({ method }) => method === "read")).to.have.length(1)
            const query = sql!.slice(sql!.indexOf("IN ("))
            expect(query).to.match(/^IN \(([^,)]+, ){1}[^,)]+\)/)

            open.store.reset()
            await open.hit(() => ids([3, 2, 1]))
            expect(open.store.calls.map(({ method }) => method)).to.deep.equal(["read"])
            await open.hit(() => open.cached(Item).findOneBy({ id: 3 }))
        })

        it("remembers the keys that have no row", async () => {
            expect(await open.miss(() => ids([1, 77]))).to.deep.equal([1])
            expect(await open.hit(() => ids([1, 77]))).to.deep.equal([1])
            await open.cached(Item).insert({ id: 77, name: "77" })
            expect(await open.miss(() => ids([1, 77]))).to.deep.equal([1, 77])
            await open.cached(Item).delete(77)
            expect(await open.miss(() => ids([1, 77]))).to.deep.equal([1])
        })

        it("answers each row once, in one order whether it was cached or not", async () => {
            const plain = (await open.plain(Item).findBy({ id: In([10, 3, 1, 3]) })).map(({ id }) => id)
            await open.cached(Item).findOneBy({ id: 3 })
            expect(await open.miss(() => ids([10, 3, 1, 3]))).to.deep.equal(plain)
            expect(await open.hit(() => ids([10, 3, 1, 3]))).to.deep.equal(plain)
            expect(await open.hit(() => ids([3, 1, 10]))).to.deep.equal(plain)
        })

        it("reads several composite keys in one query", async () => {
            const memberships = open.cached(Membership)
            const where = KEYED["two columns"]!.rows.map(KEYED["two columns"]!.key)
            await memberships.findOneBy(where[0]!)
            expect(await open.miss(() => memberships.find({ where }))).to.have.length(3)
            const found = await open.hit(() => memberships.find({ where }))
            expect(found).to.have.deep.members(await open.plain(Membership).find({ where }))
        })
    })

    it("lets a change of one row's key alone remove both keys' entries", async () => {
        const authors = open.cached(Item)
        for (const id of [2, 3, 20]) await authors.findOneBy({ id })
        await authors.update({ id: 2 }, { id: 20 })
        expect(await authors.findOneBy({ id: 2 })).to.equal(null)
        expect((await authors.findOneBy({ id: 20 }))?.name).to.equal("2")
        await authors.update({ id: 20 }, { id: 2 })
        expect((await authors.findOneBy({ id: 2 }))?.name).to.equal("2")
        expect(await authors.findOneBy({ id: 20 })).to.equal(null)
    })
})
