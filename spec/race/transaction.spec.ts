import { expect } from "chai"
import { CachedRepository } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../support/databases"
import { interleave } from "./interleave"
import { Item } from "./Item"
import { noteCommit, RaceLab } from "./RaceLab"
import { rolledBack } from "./rolledBack"

type Isolation = "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

forEachDatabaseAndStore("a transaction and a reader, in every order of their steps", (database, store) => {
    if (!database.isConcurrent) return
    let lab: RaceLab
    // here COMMIT, ROLLBACK and what the transaction itself reads are steps as well
    const steps = /^\s*(SELECT|UPDATE|COMMIT|ROLLBACK)\b/i
    before(async () => void (lab = await RaceLab.open(database, store, { processes: 2, steps })))
    after(() => lab.close())

    for (const writer of [0, 1])
        it(`leave no trace of a rollback, ${writer === 0 ? "in one process" : "in two processes"}`, async () => {
            await interleave(async () => {
                const [reading, writing] = [lab.processes[0]!, lab.processes[writer]!]
                const [[id]] = await lab.newRows(1)
                const read = async (): Promise<number> => (await reading.items.findOneBy({ id: id! }))!.state
                return {
                    actors: {
                        writer: () => rolledBack(writing.dataSource, (it) => it.update(Item, id!, { state: 1 })),
                        reader: async () => void expect(await read()).to.equal(0),
                    },
                    check: async () => {
                        expect([await read(), await read()]).to.deep.equal([0, 0])
                        expect(await writing.items.findOneBy({ id: id! })).to.include({ state: 0 })
                    },
                }
            })
        })

    it("share nothing that the transaction reads of its own writes", async () => {
        await interleave(async () => {
            const [reading] = lab.processes
            const [[id], kind] = await lab.newRows(1)
            const read = async (): Promise<number[]> => [
                (await reading!.items.findOneBy({ id: id! }))!.state,
                (await reading!.items.findBy({ kind }))[0]!.state,
            ]
            return {
                actors: {
                    writer: () =>
                        rolledBack(reading!.dataSource, async (manager) => {
                            const own = manager.withRepository(reading!.items)
                            expect(own).to.be.instanceOf(CachedRepository)
                            await own.update(id!, { state: 1 })
                            expect(await own.findOneBy({ id: id! })).to.include({ state: 1 })
                            expect((await own.findBy({ kind }))[0]).to.include({ state: 1 })
                        }),
                    reader: async () => void expect(await read()).to.deep.equal([0, 0]),
                },
                check: async () => void expect(await read()).to.deep.equal([0, 0]),
            }
        })
    })

    for (const isolation of ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] satisfies Isolation[])
        it(`read nothing older than a commit at ${isolation}`, async () => {
            await interleave(async () => {
                const [reading, writing] = lab.processes
                const [[id]] = await lab.newRows(1)
                const read = async (): Promise<number> => (await reading!.items.findOneBy({ id: id! }))!.state
                let due = 0
                return {
                    actors: {
                        writer: () =>
                            noteCommit(
                                () => void (due = 1),
                                () =>
                                    writing!.dataSource.transaction(isolation, async (manager) => {
                                        await manager.withRepository(writing!.items).findOneBy({ id: id! })
                                        await manager.update(Item, id!, { state: 1 })
                                    }),
                            ),
                        reader: async () => {
                            const atLeast = due
                            expect(await read()).to.be.at.least(atLeast)
                        },
                    },
                    check: async () => void expect([await read(), await read()]).to.deep.equal([1, 1]),
                }
            })
        })
})

forEachDatabaseAndStore("fence: false, in every order of the steps", (database, store) => {
    if (!database.isConcurrent) return
    let lab: RaceLab
    before(async () => {
        const steps = /^\s*(SELECT|COMMIT)\b/i
        lab = await RaceLab.open(database, store, { processes: 2, steps, fence: false })
    })
    after(() => lab.close())

    it("reads nothing older than what was acknowledged, with one trip to the store for a write", async () => {
        await interleave(async () => {
            const [reading, writing] = lab.processes
            const [[id]] = await lab.newRows(1)
            const read = async (): Promise<number> => (await reading!.items.findOneBy({ id: id! }))!.state
            let due = 0
            writing!.store.reset()
            return {
                actors: {
                    writer: async () => {
                        await writing!.dataSource.transaction((manager) => manager.update(Item, id!, { state: 1 }))
                        due = 1
                    },
                    reader: async () => {
                        const atLeast = due
                        expect(await read()).to.be.at.least(atLeast)
                    },
                },
                check: async () => {
                    expect(writing!.store.calls.map((call) => call.method)).to.deep.equal(["release"])
                    expect([await read(), await read()]).to.deep.equal([1, 1])
                },
            }
        })
    })
})
