import type { EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { CachedRepository } from "typeorm-second-level-cache"
import type { RaceProcess } from "./RaceLab"
import type { Place, Race } from "./races"
import { Mark, Shelf, Slip, Tome } from "./Shelf"

type Row = ObjectLiteral & { readonly id: number; readonly state: number }

/** What an owner has by hand, which is a read of the relation alone: the orders are few. */
async function related(
    { dataSource }: RaceProcess,
    target: EntityTarget<ObjectLiteral>,
    id: number,
    relation: string,
): Promise<readonly Row[]> {
    const repository = new CachedRepository(target, dataSource.manager)
    const owner = await repository.loadRelation(repository.create({ id }), relation)
    const found = owner[relation] as Row | Row[] | null
    return found === null ? [] : Array.isArray(found) ? found : [found]
}

const has = (rows: readonly Row[], id: number): number => (rows.some((row) => row.id === id) ? 1 : 0)
const hasNot = (rows: readonly Row[], id: number): number => 1 - has(rows, id)
const stateOf = (rows: readonly Row[]): number => rows[0]?.state ?? 0

type Write = (manager: EntityManager, ids: readonly [number, number, number]) => Promise<unknown>
const idsOf = ({ ids }: Place): [number, number, number] => ids as unknown as [number, number, number]
const inTransaction =
    (write: Write): Race["write"] =>
    (to, at) =>
        to.dataSource.transaction((manager) => write(manager, idsOf(at)))

/** A shelf with a tome that has a mark, all of one id; and a shelf, a tome and a mark without anything, of the next. */
async function furnish(manager: EntityManager, at: Place): Promise<void> {
    const [id, other] = idsOf(at)
    await manager.insert(Shelf, [{ id }, { id: other }])
    await manager.insert(Tome, [{ id, shelf: { id } }, { id: other }])
    await manager.insert(Mark, [{ id }, { id: other }])
    await manager.createQueryBuilder().relation(Tome, "marks").of(id).add(id)
    await manager.insert(Slip, [{ id, shelf: { id } as never }, { id: other }])
}

/** The same, and a tome of the first shelf and one of a third, both out of sight where they are looked for. */
async function hide(manager: EntityManager, at: Place): Promise<void> {
    await furnish(manager, at)
    const [id, other, next] = idsOf(at)
    await manager.insert(Shelf, { id: next, goneAt: new Date() })
    await manager.insert(Tome, { id: next, shelf: { id }, goneAt: new Date() })
    await manager.update(Tome, other, { shelf: { id: next } })
}

const race = (write: Write, read: (from: RaceProcess, ids: readonly number[]) => Promise<number>): Race => ({
    rows: 3,
    furnish,
    write: inTransaction(write),
    read: (from, at) => read(from, idsOf(at)),
})

const tomes = (from: RaceProcess, id: number) => related(from, Shelf, id, "tomes")
const marks = (from: RaceProcess, id: number) => related(from, Tome, id, "marks")
const tomesOfMark = (from: RaceProcess, id: number) => related(from, Mark, id, "tomes")
const shelf = (from: RaceProcess, id: number) => related(from, Tome, id, "shelf")
const joined = async ({ dataSource }: RaceProcess, id: number): Promise<readonly Row[]> => {
    const shelves = new CachedRepository(Shelf, dataSource.manager)
    return (await shelves.findOneOrFail({ where: { id }, relations: { tomes: true } })).tomes
}
const lazy = async ({ dataSource }: RaceProcess, id: number): Promise<readonly Row[]> =>
    (await new CachedRepository(Shelf, dataSource.manager).findOneByOrFail({ id })).slips

export const RELATION_RACES: Readonly<Record<string, Race>> = {
    "a row that comes to an owner": race(
        (manager, [id, other]) => manager.update(Tome, other, { shelf: { id } }),
        async (from, [id, other]) => has(await tomes(from, id!), other!),
    ),
    "a row that is inserted for an owner": race(
        (manager, [id, , next]) => manager.insert(Tome, { id: next, shelf: { id } }),
        async (from, [id, , next]) => has(await tomes(from, id!), next!),
    ),
    "a row that an owner gets by a statement that tells nothing": race(
        (manager, [id, other]) =>
            manager
                .createQueryBuilder()
                .update(Tome)
                .set({ shelf: () => `0 + ${id}` })
                .where({ id: other })
                .execute(),
        async (from, [id, other]) => has(await tomes(from, id!), other!),
    ),
    "a row that goes from an owner": race(
        (manager, [id, other]) => manager.update(Tome, id, { shelf: { id: other } }),
        async (from, [id]) => hasNot(await tomes(from, id!), id!),
    ),
    "a row that goes from an owner without being named": race(
        (manager, [id, other]) => manager.update(Tome, { shelf: { id } }, { shelf: { id: other } }),
        async (from, [id]) => hasNot(await tomes(from, id!), id!),
    ),
    "a row of an owner that changes": race(
        (manager, [id]) => manager.update(Tome, id, { state: 1 }),
        async (from, [id]) => stateOf(await tomes(from, id!)),
    ),
    "a row of an owner that is taken out of sight": race(
        (manager, [id]) => manager.softDelete(Tome, id),
        async (from, [id]) => hasNot(await tomes(from, id!), id!),
    ),
    "a row of an owner that comes back into sight": {
        ...race(
            (manager, [, , next]) => manager.restore(Tome, next),
            async (from, [id, , next]) => has(await tomes(from, id!), next!),
        ),
        furnish: hide,
    },
    "a pair that its owning side makes": race(
        (manager, [id, other]) => manager.createQueryBuilder().relation(Tome, "marks").of(id).add(other),
        async (from, [id, other]) => has(await marks(from, id!), other!),
    ),
    "a pair that the other side makes": race(
        (manager, [id, other]) => manager.createQueryBuilder().relation(Mark, "tomes").of(other).add(id),
        async (from, [id, other]) => has(await marks(from, id!), other!),
    ),
    "a pair that is taken away": race(
        (manager, [id]) => manager.createQueryBuilder().relation(Mark, "tomes").of(id).remove(id),
        async (from, [id]) => hasNot(await marks(from, id!), id!),
    ),
    "a pair that goes with all of the other side": race(
        (manager, [id]) =>
            manager.query(`DELETE FROM tome_mark WHERE ${manager.connection.driver.escape("markId")} = ${id}`),
        async (from, [id]) => hasNot(await marks(from, id!), id!),
    ),
    "a related row of a pair that changes": race(
        (manager, [id]) => manager.update(Mark, id, { state: 1 }),
        async (from, [id]) => stateOf(await marks(from, id!)),
    ),
    "a related row that goes by a cascade of two steps": race(
        (manager, [id]) => manager.delete(Shelf, id),
        async (from, [id]) => hasNot(await tomesOfMark(from, id!), id!),
    ),
    "an owner's foreign key": race(
        (manager, [id, other]) => manager.update(Tome, id, { shelf: { id: other } }),
        async (from, [id, other]) => has(await shelf(from, id!), other!),
    ),
    "an owner's foreign key that was null": race(
        (manager, [id, other]) => manager.update(Tome, other, { shelf: { id } }),
        async (from, [id, other]) => has(await shelf(from, other!), id!),
    ),
    "an owner's foreign key that changes with others": race(
        (manager, [id, other]) => manager.update(Tome, { shelf: { id } }, { shelf: { id: other } }),
        async (from, [id, other]) => has(await shelf(from, id!), other!),
    ),
    "the row that an owner's foreign key names, when it comes back into sight": {
        ...race(
            (manager, [, , next]) => manager.restore(Shelf, next),
            async (from, [, other, next]) => has(await shelf(from, other!), next!),
        ),
        furnish: hide,
    },
    "the row that an owner's foreign key names": race(
        (manager, [id]) => manager.update(Shelf, id, { state: 1 }),
        async (from, [id]) => stateOf(await shelf(from, id!)),
    ),
}

/** Reads of roots and relations in one call: many more orders. */
export const LONG_RACES: Readonly<Record<string, Race>> = {
    "a row that comes to an owner, joined": race(
        (manager, [id, other]) => manager.update(Tome, other, { shelf: { id } }),
        async (from, [id, other]) => has(await joined(from, id!), other!),
    ),
    "a row of an owner that changes, joined": race(
        (manager, [id]) => manager.update(Tome, id, { state: 1 }),
        async (from, [id]) => stateOf(await joined(from, id!)),
    ),
    "a row that comes to an owner, lazy": race(
        (manager, [id, other]) => manager.update(Slip, other, { shelf: { id } as never }),
        async (from, [id, other]) => has(await lazy(from, id!), other!),
    ),
    "a row that goes from an owner, lazy": race(
        (manager, [id]) => manager.delete(Slip, id),
        async (from, [id]) => hasNot(await lazy(from, id!), id!),
    ),
}
