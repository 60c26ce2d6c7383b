import type { EntityManager, ObjectLiteral } from "typeorm"
import { type Change, changesOf, saved, takenBack } from "./Change"
import type { PairLink } from "./PairLink"

/** With more than a key: what relation() asks of a value is to have as many properties as the other side's key. */
const left = (it: PairLink, at: number): ObjectLiteral => ({ ...it.leftKey(at), name: "" })
const right = (it: PairLink, at: number): ObjectLiteral => ({ ...it.rightKey(at), name: "" })
const ofLeft = (m: EntityManager, it: PairLink, at: number) =>
    m.createQueryBuilder().relation(it.left, it.rights).of(left(it, at))
const ofRight = (m: EntityManager, it: PairLink, at: number) =>
    m.createQueryBuilder().relation(it.right, it.lefts).of(right(it, at))
const setRights = (m: EntityManager, it: PairLink, at: number, rights: number[]): Promise<unknown> =>
    saved(m, it.left, it.withRights(at, rights))
const setLefts = (m: EntityManager, it: PairLink, at: number, lefts: number[]): Promise<unknown> =>
    saved(m, it.right, it.withLefts(at, lefts))
const deletePairs = (m: EntityManager, it: PairLink, where: string): Promise<unknown> =>
    m.query(`DELETE FROM ${it.table(m)} WHERE ${where}`)

/** Ways of changing a list of pairs: `lists` are of the owning side, `ones` of the other. */
export const PAIR_CHANGES: readonly Change<PairLink>[] = changesOf<PairLink>([
    ["save(owner) with a pair more", [1], [3], (m, it) => setRights(m, it, 1, [1, 2, 3])],
    ["save(owner) with a pair less", [1], [2], (m, it) => setRights(m, it, 1, [1])],
    ["save(owner) with other pairs", [1], [1, 3], (m, it) => setRights(m, it, 1, [2, 3])],
    ["save(owner) with no pairs", [1], [1, 2], (m, it) => setRights(m, it, 1, [])],
    ["save(owner) with the pairs in another order", [], [], (m, it) => setRights(m, it, 1, [2, 1]), { isIdle: true }],
    [
        "save(owner) with a new row to be paired",
        [1],
        [],
        (m, it) =>
            saved(m, it.left, {
                ...it.leftKey(1),
                [it.rights]: [it.rightKey(1), it.rightKey(2), { ...it.rightKey(9), name: "new" }],
            }),
    ],
    ["save() of the other side with a pair more", [1], [3], (m, it) => setLefts(m, it, 3, [1, 3])],
    ["save() of the other side with a pair less", [2], [2], (m, it) => setLefts(m, it, 2, [1])],
    ["relation().add()", [3], [1, 2], (m, it) => ofLeft(m, it, 3).add([right(it, 1), right(it, 2)])],
    ["relation().remove()", [1], [2], (m, it) => ofLeft(m, it, 1).remove(right(it, 2))],
    ["relation().addAndRemove()", [1], [1, 3], (m, it) => ofLeft(m, it, 1).addAndRemove(right(it, 3), right(it, 1))],
    ["relation().add() on the other side", [2], [3], (m, it) => ofRight(m, it, 3).add(left(it, 2))],
    ["relation().remove() on the other side", [2], [2], (m, it) => ofRight(m, it, 2).remove(left(it, 2))],
    [
        "relation().addAndRemove() on the other side",
        [1, 3],
        [2],
        (m, it) => ofRight(m, it, 2).addAndRemove(left(it, 3), left(it, 1)),
    ],
    // of the rows themselves
    ["a changed name on the owning side", [], [1, 2], (m, it) => m.update(it.left, it.leftKey(1), { name: "changed" })],
    [
        "a changed name on the other side",
        [1, 2],
        [],
        (m, it) => m.update(it.right, it.rightKey(2), { name: "changed" }),
    ],
    ["update() by a condition", "all", [], (m, it) => m.update(it.right, { name: "right 2" }, { name: "changed" })],
    ["insert() on both sides", [], [], (m, it) => insertBoth(m, it)],
    ["delete() on the owning side", "all", "all", (m, it) => m.delete(it.left, it.leftKey(1))],
    ["delete() on the other side", "all", "all", (m, it) => m.delete(it.right, it.rightKey(2))],
    [
        "remove() with the list loaded",
        "all",
        "all",
        async (m, it) =>
            m.remove(await m.findOneOrFail(it.left, { where: it.leftKey(1), relations: { [it.rights]: true } })),
    ],
    // of the junction by SQL
    ["INSERT of a pair", [3], [1], (m, it) => m.query(it.insertPair(m, 3, 1))],
    ["DELETE of a pair", [1], [2], (m, it) => deletePairs(m, it, `${it.is(m, "left", 1)} AND ${it.is(m, "right", 2)}`)],
    ["DELETE of all pairs of an owner", [1], [1, 2], (m, it) => deletePairs(m, it, it.is(m, "left", 1))],
    ["DELETE of all pairs of the other side", [1, 2], [2], (m, it) => deletePairs(m, it, it.is(m, "right", 2))],
    ["DELETE of every pair", "all", "all", (m, it) => m.query(`DELETE FROM ${it.table(m)}`)],
    [
        "TRUNCATE of the junction",
        "all",
        "all",
        (m, it) => m.query(`TRUNCATE TABLE ${it.table(m)}`),
        { suits: (database) => database !== "sqlite" },
    ],
    [
        "UPDATE of a pair",
        "all",
        "all",
        (m, it) =>
            m.query(
                `UPDATE ${it.table(m)} SET ${it.is(m, "right", 1, ", ")}` +
                    ` WHERE ${it.is(m, "left", 3)} AND ${it.is(m, "right", 3)}`,
            ),
    ],
    // transactions
    [
        "a transaction of two changes",
        [1, 2],
        [2, 3],
        (m, it) =>
            m.transaction(async (inner) => {
                await setRights(inner, it, 1, [1])
                await ofLeft(inner, it, 2).add(right(it, 3))
            }),
    ],
    [
        "a transaction that is rolled back",
        [1],
        [2],
        (m, it) => takenBack(m, (i) => setRights(i, it, 1, [1])),
        { isIdle: true },
    ],
    [
        "a savepoint that is rolled back",
        [1, 3],
        [1, 2],
        (m, it) =>
            m.transaction(async (inner) => {
                await takenBack(inner, (innermost) => setRights(innermost, it, 1, [1]))
                await ofLeft(inner, it, 3).add(right(it, 1))
            }),
    ],
])

async function insertBoth(m: EntityManager, it: PairLink): Promise<void> {
    await m.insert(it.left, { ...it.leftKey(8), name: "new" })
    await m.insert(it.right, { ...it.rightKey(9), name: "new" })
}
