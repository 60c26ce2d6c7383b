import { expect } from "chai"
import { type EntityManager, In } from "typeorm"
import { begin, interleave, type Run } from "./interleave"
import { Item } from "./Item"
import { codeOf, noteCommit, type RaceLab, type RaceProcess } from "./RaceLab"

/** What readers and writers do in one race. The rows of a run: `ids`, all of one `kind`. */
export interface Race {
    readonly rows: number
    /** Makes other rows, around the ids of the run. */
    furnish?(manager: EntityManager, at: Place): Promise<void>
    /** Makes the write of one writer, in a transaction or by itself: for two rows there may be two writers. */
    write(to: RaceProcess, at: Place, writer: number): Promise<unknown>
    /** Reads through the cache and tells which writers' changes it saw: bit by bit. */
    read(from: RaceProcess, at: Place): Promise<number>
}

/** Where a run takes place. */
export interface Place {
    readonly ids: readonly number[]
    readonly kind: string
    /** An id that no row has yet. */
    readonly next: number
}

const changed = (item: Item | null | undefined): number => (item?.state === 1 ? 1 : 0)
const bits = (items: readonly Item[], ids: readonly number[]): number =>
    ids.reduce((mask, id, i) => mask | (changed(items.find((it) => it.id === id)) << i), 0)
const touch = (to: RaceProcess, { ids }: Place, writer: number): Promise<unknown> =>
    to.dataSource.transaction((manager) => manager.update(Item, ids[writer]!, { state: 1 }))
const insert = (to: RaceProcess, { next, kind }: Place): Promise<unknown> =>
    to.dataSource.transaction((manager) => manager.insert(Item, { id: next, code: codeOf(next), kind }))

export const RACES = {
    "a row": {
        rows: 2,
        write: touch,
        read: async ({ items }, { ids }) => bits([(await items.findOneBy({ id: ids[0]! }))!], ids),
    },
    "a row that an autocommit statement writes": {
        rows: 1,
        write: (to, { ids }) =>
            to.dataSource.createQueryBuilder().update(Item).set({ state: 1 }).whereInIds(ids).execute(),
        read: async ({ items }, { ids }) => changed(await items.findOneBy({ id: ids[0]! })),
    },
    "a row that a statement without its key writes": {
        rows: 1,
        write: (to, { kind }) => to.dataSource.transaction((manager) => manager.update(Item, { kind }, { state: 1 })),
        read: async ({ items }, { ids }) => changed(await items.findOneBy({ id: ids[0]! })),
    },
    "a row that is removed": {
        rows: 1,
        write: (to, { ids }) => to.dataSource.transaction((manager) => manager.delete(Item, ids[0]!)),
        read: async ({ items }, { ids }) => ((await items.findOneBy({ id: ids[0]! })) === null ? 1 : 0),
    },
    "a row that is not there yet": {
        rows: 0,
        write: insert,
        read: async ({ items }, { next }) => ((await items.findOneBy({ id: next })) === null ? 0 : 1),
    },
    "a list": {
        rows: 2,
        write: touch,
        read: async ({ items }, { ids, kind }) => bits(await items.findBy({ kind }), ids),
    },
    "a count": {
        rows: 1,
        write: insert,
        read: async ({ items }, { kind }) => (await items.countBy({ kind })) - 1,
    },
    "rows by a list of keys": {
        rows: 2,
        write: touch,
        read: async ({ items }, { ids }) => bits(await items.findBy({ id: In([...ids]) }), ids),
    },
    "a row by its unique key": {
        rows: 1,
        write: touch,
        read: async ({ items }, { ids }) => changed(await items.findOneBy({ code: codeOf(ids[0]!) })),
    },
    "a row whose unique key changes": {
        rows: 1,
        write: (to, { ids, next }) =>
            to.dataSource.transaction((manager) => manager.update(Item, ids[0]!, { code: codeOf(next) })),
        read: async ({ items }, { ids }) => ((await items.findOneBy({ code: codeOf(ids[0]!) })) === null ? 1 : 0),
    },
    "a unique key that nobody has yet": {
        rows: 0,
        write: insert,
        read: async ({ items }, { next }) => ((await items.findOneBy({ code: codeOf(next) })) === null ? 0 : 1),
    },
} satisfies Readonly<Record<string, Race>>

export interface Cast {
    /** Number of the process that each reader and each writer runs in. */
    readonly readers: readonly number[]
    readonly writers: readonly number[]
    /** What the cache holds before: nothing, stamps, or the entry. */
    readonly before?: "nothing" | "stamps" | "entry"
    /** How many reads each reader makes. Default 1. */
    readonly reads?: number
    /** True when every order begins with the fences of all writers. */
    readonly isFenced?: boolean
}

/**
 * Runs every order and checks the promise in each: what was committed before a read began, the read sees; and what is
 * cached in the end is what the database says.
 *
 * @returns the number of orders
 */
export function everyOrder(lab: RaceLab, race: Race, cast: Cast): Promise<number> {
    const { readers, writers, before = "nothing", reads = 1, isFenced = false } = cast
    const { processes } = lab
    const alike: [string, string][] = []
    if (readers.length === 2) alike.push(["reader 0", "reader 1"])
    if (writers.length === 2) alike.push(["writer 0", "writer 1"])
    const prepare = async (): Promise<Run> => {
        const [ids, kind] = await lab.newRows(race.rows)
        const at: Place = { ids, kind, next: lab.newId() }
        await race.furnish?.(lab.truth, at)
        if (before !== "nothing") await race.read(processes.at(-1)!, at)
        if (before === "stamps") for (const { store } of processes) await store.clear(`${lab.prefix}:v:`)
        let committed = 0
        const actors: Record<string, () => Promise<void>> = {}
        writers.forEach((process, i) => {
            actors[`writer ${i}`] = () =>
                noteCommit(
                    () => void (committed |= 1 << i),
                    () => race.write(processes[process]!, at, i),
                )
        })
        readers.forEach((process, i) => {
            actors[`reader ${i}`] = async () => {
                for (let left = reads; left > 0; left--) {
                    const due = committed
                    const seen = await race.read(processes[process]!, at)
                    expect(seen & due, `reader ${i} saw ${seen} where ${due} was committed`).to.equal(due)
                    if (left > 1) await begin()
                }
            }
        })
        const check = async (): Promise<void> => {
            const all = (1 << writers.length) - 1
            expect(committed, "what was committed").to.equal(all)
            for (const process of processes) {
                // a way to a row that has changed its unique key is forgotten with one read and asked again with the next
                for (let i = 0; i < 2; i++) expect(await race.read(process, at), "a read at the end").to.equal(all)
                const { selects } = process
                expect(await race.read(process, at), "a read after it").to.equal(all)
                expect(process.selects - selects, "SELECTs of a read that must be a hit").to.equal(0)
            }
        }
        return { actors, check }
    }
    return interleave(prepare, { alike, opening: isFenced ? writers.map((_, i) => `writer ${i}`) : [] })
}
