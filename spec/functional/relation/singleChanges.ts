import type { EntityManager } from "typeorm"
import { type Change, changesOf, takenBack } from "./Change"
import { Citizen, Passport } from "./oddEntity"

const to = (id: number | null): { citizen: Citizen | null } => ({ citizen: id === null ? null : ({ id } as Citizen) })
const passports = (m: EntityManager) => m.createQueryBuilder().relation(Passport, "citizen")
const citizens = (m: EntityManager) => m.createQueryBuilder().relation(Citizen, "passport")
const q = ({ connection }: EntityManager, name: string): string => connection.driver.escape(name)

/** Citizens 1 and 2 have the passports of their numbers, citizen 3 has none and passport 3 nobody. */
export const SINGLE = {
    async fill(manager: EntityManager): Promise<void> {
        await manager.insert(
            Citizen,
            [1, 2, 3].map((id) => ({ id, name: `citizen ${id}` })),
        )
        await manager.insert(
            Passport,
            [1, 2, 3].map((id) => ({ id, name: `passport ${id}`, ...to(id === 3 ? null : id) })),
        )
    },
}

/** Ways of changing a one-to-one relation: `lists` are citizens, `ones` passports, which have the foreign key. */
export const SINGLE_CHANGES: readonly Change<unknown>[] = changesOf<unknown>([
    ["save(passport) with a citizen", [3], [3], (m) => m.save(Passport, { id: 3, ...to(3) })],
    ["save(passport) with another citizen", [1, 3], [1], (m) => m.save(Passport, { id: 1, ...to(3) })],
    ["save(passport) without its citizen", [1], [1], (m) => m.save(Passport, { id: 1, ...to(null) })],
    ["save(passport) with another name", [1], [1], (m) => m.save(Passport, { id: 1, name: "changed" })],
    ["save(citizen) with a passport", [3], [3], (m) => m.save(Citizen, { id: 3, passport: { id: 3 } })],
    ["save(citizen) without his passport", [1], [1], (m) => m.save(Citizen, { id: 1, passport: null })],
    ["save(citizen) with another's passport", [1, 3], [1], (m) => m.save(Citizen, { id: 3, passport: { id: 1 } })],
    ["save(citizen) with a new passport", [3], [], (m) => m.save(Citizen, { id: 3, passport: { id: 9, name: "new" } })],
    ["save(citizen) with another name", [], [1, 3], (m) => m.save(Citizen, { id: 1, name: "changed" })],
    ["update(passport) of the citizen", [1, 3], [1], (m) => m.update(Passport, 1, to(3))],
    ["update(passport) by a condition", "all", "all", (m) => m.update(Passport, { name: "passport 1" }, to(3))],
    ["insert(passport)", [3], [], (m) => m.insert(Passport, { id: 9, name: "new", ...to(3) })],
    ["insert(passport) without a citizen", [], [], (m) => m.insert(Passport, { id: 9, name: "new" })],
    ["insert(citizen)", [], [3], (m) => m.insert(Citizen, { id: 9, name: "new" })],
    ["upsert(passport)", "all", "all", (m) => m.upsert(Passport, { id: 1, name: "put", ...to(3) }, ["id"])],
    ["remove(passport)", [1], [1], async (m) => m.remove(await m.findOneByOrFail(Passport, { id: 1 }))],
    ["delete(passport)", [2], [2], (m) => m.delete(Passport, 2)],
    ["delete(passport) by a condition", "all", "all", (m) => m.delete(Passport, { name: "passport 2" })],
    ["delete(citizen) that the database follows", "all", "all", (m) => m.delete(Citizen, 1)],
    ["relation(passport).set()", [1, 3], [1], (m) => passports(m).of(1).set(3)],
    ["relation(passport).set(null)", [1], [1], (m) => passports(m).of(1).set(null)],
    ["relation(citizen).set()", [3], [3], (m) => citizens(m).of(3).set(3)],
    ["relation(citizen).set(null)", "all", "all", (m) => citizens(m).of(1).set(null)],
    ["INSERT", [3], [], (m) => m.query(`INSERT INTO passport (id, name, ${q(m, "citizenId")}) VALUES (9, 'raw', 3)`)],
    ["UPDATE", [1, 3], [1], (m) => m.query(`UPDATE passport SET ${q(m, "citizenId")} = 3 WHERE id = 1`)],
    [
        "UPDATE by the citizen",
        "all",
        "all",
        (m) => m.query(`UPDATE passport SET name = 'raw' WHERE ${q(m, "citizenId")} = 1`),
    ],
    ["DELETE", [1], [1], (m) => m.query("DELETE FROM passport WHERE id = 1")],
    ["clear()", "all", "all", (m) => m.clear(Passport)],
    [
        "a transaction that swaps",
        [1, 2],
        [1, 2],
        (m) =>
            m.transaction(async (inner) => {
                await inner.update(Passport, 1, to(null))
                await inner.save(Passport, { id: 2, ...to(1) })
                await inner.save(Passport, { id: 1, ...to(2) })
            }),
    ],
    [
        "a transaction that is rolled back",
        [1, 3],
        [1],
        (m) => takenBack(m, (inner) => inner.save(Passport, { id: 1, ...to(3) })),
        { isIdle: true },
    ],
])
