import type { EntityManager, ObjectLiteral } from "typeorm"
import { type Change, changesOf } from "./Change"
import type { ListLink } from "./ListLink"
import type { PairLink } from "./PairLink"
import { Animal, Cat, Faded, Performance } from "./oddEntity"

const item = (m: EntityManager, link: ListLink, at: number, withDeleted = false): Promise<ObjectLiteral> =>
    m.findOneOrFail(link.related, { where: link.itemKey(at), withDeleted })
const keys = (link: ListLink, ...positions: number[]): ObjectLiteral[] => positions.map((at) => link.itemKey(at))
const q = ({ connection }: EntityManager, name: string): string => connection.driver.escape(name)

/** For items and owners with a date of their removal. */
export const SOFT_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["softRemove(item)", [1], [1], async (m, it) => m.softRemove(await item(m, it, 1))],
    ["softDelete(item) by key", [1], [1], (m, it) => m.softDelete(it.related, it.itemKey(1))],
    ["softDelete(item) by a condition", "all", "all", (m, it) => m.softDelete(it.related, { name: "item 1" })],
    [
        "recover(item)",
        "all",
        "all",
        async (m, it) => m.recover(await item(m, it, 1, true)),
        { prepare: (m, it) => m.softDelete(it.related, it.itemKey(1)) },
    ],
    [
        "restore(item)",
        "all",
        "all",
        (m, it) => m.restore(it.related, it.itemKey(2)),
        { prepare: (m, it) => m.softDelete(it.related, it.itemKey(2)) },
    ],
    [
        "UPDATE that restores an item",
        "all",
        "all",
        (m, it) => m.query(`UPDATE post SET ${q(m, "deletedAt")} = NULL WHERE ${it.sqlOf(m).isItem(2)}`),
        { prepare: (m, it) => m.softDelete(it.related, it.itemKey(2)) },
    ],
    [
        "restore(owner)",
        "all",
        "all",
        (m, it) => m.restore(it.owner, it.ownerKey(1)),
        { prepare: (m, it) => m.softDelete(it.owner, it.ownerKey(1)) },
    ],
    [
        "a removed item that is moved",
        [2],
        [1],
        (m, it) => m.update(it.related, it.itemKey(1), { ...it.ownedBy(2), name: "moved" }),
        { prepare: (m, it) => m.softDelete(it.related, it.itemKey(1)), isIdle: true },
    ],
    [
        "softRemove(owner)",
        [],
        [1, 2, 5],
        async (m, it) => m.softRemove(await m.findOneByOrFail(it.owner, it.ownerKey(1))),
    ],
    ["softDelete(owner)", [], [1, 2, 5], (m, it) => m.softDelete(it.owner, it.ownerKey(1))],
    [
        "softRemove(owner) with its list",
        [1],
        [1, 2, 5],
        async (m, it) =>
            m.softRemove(await m.findOneOrFail(it.owner, { where: it.ownerKey(1), relations: it.relations })),
    ],
    [
        "UPDATE that removes softly",
        [1],
        [1],
        (m, it) =>
            m.query(`UPDATE post SET ${q(m, "deletedAt")} = '2020-01-01 00:00:00' WHERE ${it.sqlOf(m).isItem(1)}`),
    ],
])

/** For a foreign key to a column that is no key. */
export const UNIQUE_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["a changed unique column", "all", "all", (m, it) => m.update(it.owner, it.ownerKey(1), { code: "new" })],
    [
        "an UPDATE of the unique column",
        "all",
        "all",
        (m) => m.query(`UPDATE country SET code = 'raw' WHERE code = 'c1'`),
    ],
    [
        "two that change their unique columns",
        "all",
        "all",
        async (m, it) => {
            for (const [at, code] of [
                [1, "x"],
                [2, "c1"],
                [1, "c2"],
            ] as const)
                await m.update(it.owner, it.ownerKey(at), { code })
        },
    ],
])

/** For a table of several classes. */
export const KIND_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["a row that becomes another class", "all", "all", (m) => m.query(`UPDATE animal SET kind = 'dog' WHERE id = 1`)],
    [
        "a row that was of another class",
        "all",
        "all",
        (m, it) => m.query(`UPDATE animal SET kind = '${it.related === Cat ? "cat" : "Animal"}' WHERE id = 1`),
        { prepare: (m) => m.query(`UPDATE animal SET kind = 'dog' WHERE id = 1`) },
    ],
    [
        "save() of a child class with both owners",
        "all",
        "all",
        (m) => m.save(Cat, { id: 9, name: "new", zoo: { id: 1 }, cattery: { id: 2 } } as never),
    ],
    ["update() of the parent class", [1], [1], (m) => m.update(Animal, 1, { name: "changed" })],
    ["delete() of the parent class", [1], [1], (m) => m.delete(Animal, 1)],
])

/** For items that are deleted when their owner lets go of them. */
export const LOST_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["save(owner) with an item taken out", [1], [2], (m, it) => m.save(it.owner, it.withItems(1, keys(it, 1)))],
    ["save(owner) with no item left", [1], [1, 2], (m, it) => m.save(it.owner, it.withItems(1, []))],
    ["save(owner) with another's item", [1, 2], [3], (m, it) => m.save(it.owner, it.withItems(1, keys(it, 1, 2, 3)))],
    ["delete(owner) that takes the items along", "all", "all", (m, it) => m.delete(it.owner, it.ownerKey(1))],
    ["DELETE of the owner", "all", "all", (m) => m.query(`DELETE FROM box_owner WHERE id = 1`)],
])

/** For items that are removed softly when their owner lets go of them. */
export const FADED_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["save(owner) with an item taken out", [1], [2], (m, it) => m.save(it.owner, it.withItems(1, keys(it, 1)))],
    [
        "save(owner) with an item taken out and recovered",
        "all",
        "all",
        async (m, it) => {
            await m.save(it.owner, it.withItems(1, keys(it, 1)))
            await m.update(Faded, 2, { ...it.itemRow(2), name: "back" })
            await m.recover(Faded, { id: 2 } as never)
        },
    ],
])

/** For items that are always somebody's. */
export const BOUND_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["save(item) with another owner", [1, 2], [1], (m, it) => m.save(it.related, it.itemRow(1, 2))],
    ["delete(owner) that takes the items along", "all", "all", (m, it) => m.delete(it.owner, it.ownerKey(1))],
    [
        "remove(owner) with its list loaded",
        "all",
        "all",
        async (m, it) => m.remove(await m.findOneOrFail(it.owner, { where: it.ownerKey(1), relations: it.relations })),
    ],
])

/** For pairs that are rows of an entity. */
export const PERFORMANCE_CHANGES: readonly Change<unknown>[] = changesOf<unknown>([
    ["insert() of a row", [3], [1], (m) => m.insert(Performance, { artistId: 3, songId: 1 })],
    ["save() of a row with its ends", [3], [1], (m) => m.save(Performance, { artist: { id: 3 }, song: { id: 1 } })],
    ["another stage", "all", "all", (m) => m.update(Performance, { artistId: 1, songId: 2 }, { stage: "new" })],
    ["delete() of a row", [1], [2], (m) => m.delete(Performance, { artistId: 1, songId: 2 })],
    ["delete() by one end", [1, 2], [2], (m) => m.delete(Performance, { songId: 2 })],
    ["delete() by a condition", "all", "all", (m) => m.delete(Performance, { stage: "" })],
    ["update() of an end", "all", "all", (m) => m.update(Performance, { artistId: 1, songId: 2 }, { songId: 3 })],
])

/** For items that name an owner who may not be there: TypeORM 1 does not find them with him. */
export const GUEST_CHANGES: readonly Change<ListLink>[] = changesOf<ListLink>([
    ["delete(owner) whose items stay", "all", "all", (m, it) => m.delete(it.owner, it.ownerKey(1))],
    [
        "insert(owner) whose items are there",
        "all",
        "all",
        (m, it) => m.insert(it.owner, it.ownerRow(1)),
        { prepare: (m, it) => m.delete(it.owner, it.ownerKey(1)) },
    ],
])

/** For pairs that may be there before their rows. */
export const EARLY_CHANGES: readonly Change<PairLink>[] = changesOf<PairLink>([
    [
        "insert() of a row whose pair is there",
        "all",
        "all",
        (m, it) => m.insert(it.right, { ...it.rightKey(9), name: "late" }),
        { prepare: (m, it) => m.query(it.insertPair(m, 1, 9)) },
    ],
    [
        "insert() of an owner whose pair is there",
        "all",
        "all",
        (m, it) => m.insert(it.left, { ...it.leftKey(9), name: "late" }),
        { prepare: (m, it) => m.query(it.insertPair(m, 9, 1)) },
    ],
])
