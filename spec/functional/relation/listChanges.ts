import { type EntityManager, In, type ObjectLiteral } from "typeorm"
import { type Change, changesOf, lacks, saved, takenBack } from "./Change"
import type { ListLink } from "./ListLink"

interface Whole {
    updateAll(target: unknown, values: object): Promise<unknown>
    deleteAll(target: unknown): Promise<unknown>
}

const save = (m: EntityManager, { owner }: ListLink, row: ObjectLiteral): Promise<unknown> => saved(m, owner, row)
const keys = (link: ListLink, ...positions: number[]): ObjectLiteral[] => positions.map((at) => link.itemKey(at))
const item = (m: EntityManager, link: ListLink, at: number): Promise<ObjectLiteral> =>
    m.findOneByOrFail(link.related, link.itemKey(at))
const move = (m: EntityManager, link: ListLink, at: number, to: number | null): Promise<unknown> =>
    saved(m, link.related, { ...link.itemKey(at), ...link.ownedBy(to) })
const to = (link: ListLink, owner: number | null): never => link.ownedBy(owner) as never

/** Ways of changing a list of rows with a foreign key: for each, whose entries it may take out of the cache. */
export const LIST_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    // through the list
    ["save(owner) with an item added", [1], [5], (m, it) => save(m, it, it.withItems(1, keys(it, 1, 2, 5)))],
    ["save(owner) with an item taken out", [1], [2], (m, it) => save(m, it, it.withItems(1, keys(it, 1)))],
    ["save(owner) with no item left", [1], [1, 2], (m, it) => save(m, it, it.withItems(1, []))],
    ["save(owner) with another's item", [1, 2], [3], (m, it) => save(m, it, it.withItems(1, keys(it, 1, 2, 3)))],
    [
        "save(owner) with the items in another order",
        [],
        [],
        (m, it) => save(m, it, it.withItems(1, keys(it, 2, 1))),
        { isIdle: true },
    ],
    [
        "save(owner) with a new item",
        [1],
        [],
        (m, it) => save(m, it, it.withItems(1, [...keys(it, 1, 2), { ...it.itemKey(9), name: "new" }])),
    ],
    [
        "save(owner) with a changed item",
        [1],
        [1],
        (m, it) => save(m, it, it.withItems(1, [{ ...it.itemKey(1), name: "changed" }, it.itemKey(2)])),
    ],
    ["save(owner) of a new one with items", [1, 2], [1, 3, 5], (m, it) => save(m, it, it.withItems(9, keys(it, 1, 3)))],
    // through the item
    ["save(item) with another owner", [1, 2], [1], (m, it) => move(m, it, 1, 2)],
    ["save(item) without its owner", [1], [1], (m, it) => move(m, it, 1, null)],
    ["save(item) with a first owner", [3], [5], (m, it) => move(m, it, 5, 3)],
    ["save(item) with another name", [1], [1], (m, it) => m.save(it.related, { ...it.itemKey(1), name: "changed" })],
    [
        "save() of several items with another owner",
        [1, 2, 3],
        [2, 3],
        (m, it) =>
            m.save(
                it.related,
                [2, 3].map((at) => m.create(it.related, { ...it.itemKey(at), ...it.ownedBy(3) })) as never,
            ),
    ],
    // by update()
    ["update(item) by key, of the owner", [1, 2], [1], (m, it) => m.update(it.related, it.itemKey(1), to(it, 2))],
    ["update(item) by key, to no owner", [1], [1], (m, it) => m.update(it.related, it.itemKey(1), to(it, null))],
    [
        "update(item) by a condition, of the owner",
        "all",
        "all",
        (m, it) => m.update(it.related, { name: "item 1" }, to(it, 2)),
    ],
    [
        "update() of a query builder, of the owner of several",
        [1, 2, 3],
        [1, 3],
        (m, it) =>
            m
                .createQueryBuilder()
                .update(it.related)
                .set(to(it, 3))
                .whereInIds(keys(it, 1, 3))
                .execute(),
    ],
    ["update(item) by key, of the name", [1], [1], (m, it) => m.update(it.related, it.itemKey(1), { name: "changed" })],
    [
        "update(item) by a condition, of the name",
        "all",
        "all",
        (m, it) => m.update(it.related, { name: In(["item 1", "item 3"]) }, { name: "changed" }),
    ],
    [
        "updateAll(item)",
        "all",
        "all",
        (m, it) => (m as unknown as Whole).updateAll(it.related, { name: "all" }),
        { missing: lacks("updateAll") },
    ],
    // by insert()
    ["insert(item) with an owner", [2], [], (m, it) => m.insert(it.related, it.itemRow(9, 2))],
    ["insert(item) without an owner", [], [], (m, it) => m.insert(it.related, it.itemRow(9, null))],
    [
        "insert() of several items",
        [1, 2],
        [],
        (m, it) => m.insert(it.related, [it.itemRow(8, 1), it.itemRow(9, 2), it.itemRow(7, null)] as never),
    ],
    ["save(item) of a new one", [2], [], (m, it) => saved(m, it.related, it.itemRow(9, 2))],
    [
        "upsert(item) with another owner",
        "all",
        "all",
        (m, it) => m.upsert(it.related, it.itemRow(3, 1), Object.keys(it.itemKey(3))),
    ],
    // removed
    ["remove(item)", [1], [1], async (m, it) => m.remove(it.related as never, await item(m, it, 1))],
    ["delete(item) by key", [1], [1], (m, it) => m.delete(it.related, it.itemKey(1))],
    ["delete(item) by a condition", "all", "all", (m, it) => m.delete(it.related, { name: "item 1" })],
    [
        "delete() of a query builder",
        [1, 3],
        [1, 4],
        (m, it) =>
            m
                .createQueryBuilder()
                .delete()
                .from(it.related)
                .whereInIds(keys(it, 1, 4))
                .execute(),
    ],
    [
        "deleteAll(item)",
        "all",
        "all",
        (m, it) => (m as unknown as Whole).deleteAll(it.related),
        { missing: lacks("deleteAll") },
    ],
    // by the relation's query builder
    [
        "relation(list).add()",
        [1],
        [5],
        (m, it) => m.createQueryBuilder().relation(it.owner, it.many).of(it.ownerRef(1)).add(it.itemKey(5)),
    ],
    [
        "relation(list).remove()",
        "all",
        "all",
        (m, it) => m.createQueryBuilder().relation(it.owner, it.many).of(it.ownerRef(1)).remove(it.itemKey(2)),
    ],
    [
        "relation(list).addAndRemove()",
        "all",
        "all",
        (m, it) =>
            m
                .createQueryBuilder()
                .relation(it.owner, it.many)
                .of(it.ownerRef(1))
                .addAndRemove([it.itemKey(5)], [it.itemKey(2)]),
    ],
    [
        "relation(owner).set()",
        [1, 2],
        [1],
        (m, it) => m.createQueryBuilder().relation(it.related, it.one).of(it.itemKey(1)).set(it.ownerRef(2)),
    ],
    [
        "relation(owner).set(null)",
        [1],
        [1],
        (m, it) => m.createQueryBuilder().relation(it.related, it.one).of(it.itemKey(1)).set(null),
        {
            // TypeORM does not take null for a composite key
            suits: (_, it) => Object.keys(it.ownerKey(1)).length === 1,
        },
    ],
    // by SQL
    ["INSERT", [2], [], (m, it) => m.query(it.sqlOf(m).insert(9, 2))],
    [
        "INSERT … SELECT",
        "all",
        "all",
        async (m, it) => {
            const sql = it.sqlOf(m).insert(9, 2)
            await m.query(sql.replace(/VALUES \((.*)\)$/, "SELECT $1"))
        },
    ],
    [
        "UPDATE of a foreign key",
        [1, 2],
        [1],
        (m, it) => {
            const sql = it.sqlOf(m)
            return m.query(`UPDATE ${sql.table} SET ${sql.owned(2, ", ")} WHERE ${sql.isItem(1)}`)
        },
    ],
    [
        "UPDATE of all items of an owner",
        "all",
        "all",
        (m, it) => {
            const sql = it.sqlOf(m)
            return m.query(`UPDATE ${sql.table} SET ${sql.owned(3, ", ")} WHERE ${sql.owned(1, " AND ")}`)
        },
    ],
    [
        "UPDATE of a name",
        [2],
        [3],
        (m, it) => {
            const sql = it.sqlOf(m)
            return m.query(`UPDATE ${sql.table} SET ${sql.quote("name")} = 'raw' WHERE ${sql.isItem(3)}`)
        },
    ],
    [
        "DELETE",
        [1],
        [1],
        (m, it) => {
            const sql = it.sqlOf(m)
            return m.query(`DELETE FROM ${sql.table} WHERE ${sql.isItem(1)}`)
        },
    ],
    // of the owner
    [
        "save(owner) with another name",
        [],
        [1, 2, 5],
        (m, it) => m.save(it.owner, { ...it.ownerKey(1), name: "changed" }),
    ],
    [
        "update(owner) by a condition",
        [],
        "all",
        (m, it) => m.update(it.owner, { name: "owner 1" }, { name: "changed" }),
    ],
    ["insert(owner)", [], [5], (m, it) => m.insert(it.owner, it.ownerRow(9))],
    ["delete(owner) that the database follows", "all", "all", (m, it) => m.delete(it.owner, it.ownerKey(1))],
    [
        "remove(owner) with his list loaded",
        "all",
        "all",
        async (m, it) => {
            const found = await m.findOneOrFail(it.owner, { where: it.ownerKey(1), relations: it.relations })
            await m.remove(found)
        },
    ],
    // transactions
    [
        "a transaction of two moves",
        [1, 2, 3],
        [1, 3],
        (m, it) =>
            m.transaction(async (inner) => {
                await move(inner, it, 1, 3)
                await inner.update(it.related, it.itemKey(3), to(it, 1))
            }),
    ],
    [
        "a transaction that is rolled back",
        [1, 2],
        [1],
        (m, it) => takenBack(m, (inner) => move(inner, it, 1, 2)),
        { isIdle: true },
    ],
    [
        "a savepoint that is rolled back",
        [1, 2, 3],
        [1, 3],
        (m, it) =>
            m.transaction(async (inner) => {
                await takenBack(inner, (innermost) => move(innermost, it, 1, 2))
                await move(inner, it, 3, 3)
            }),
    ],
])

/** For a table that nothing refers to. */
export const CLEAR: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["clear()", "all", "all", (m, it) => m.clear(it.related)],
    ["DELETE of everything", "all", "all", (m, it) => m.query(`DELETE FROM ${it.sqlOf(m).table}`)],
])
