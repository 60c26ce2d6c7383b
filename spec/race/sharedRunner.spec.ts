import { expect } from "chai"
import type { EntityManager } from "typeorm"
import { forEachDatabaseAndStore } from "../support/databases"
import { interleave } from "./interleave"
import { Item } from "./Item"
import { RaceLab, type RaceProcess } from "./RaceLab"
import { rolledBack } from "./rolledBack"

/** The SQLite drivers have one connection for all: a reader may see what another flow has not committed. */
forEachDatabaseAndStore("flows that share a connection, in every order of their steps", (database, store) => {
    if (database.name !== "sqlite") return
    let lab: RaceLab
    const steps = /^\s*(BEGIN|START|SELECT|UPDATE|COMMIT|ROLLBACK)\b/i
    before(async () => void (lab = await RaceLab.open(database, store, { processes: 1, steps })))
    after(() => lab.close())

    for (const isCommitted of [true, false])
        for (const what of ["row", "list", "unique key"] as const)
            it(`cache no uncommitted ${what} when the transaction ${isCommitted ? "commits" : "is rolled back"}`, async () => {
                const final = isCommitted ? 1 : 0
                await interleave(async () => {
                    const [{ dataSource, items }] = lab.processes as [RaceLab["processes"][number]]
                    const [[id], kind] = await lab.newRows(1)
                    const read = async (): Promise<number> => {
                        if (what === "list") return (await items.findBy({ kind }))[0]!.state
                        const where = what === "row" ? { id: id! } : { code: `code-${id!}` }
                        return (await items.findOneBy(where))!.state
                    }
                    let hasEnded = false
                    return {
                        actors: {
                            writer: async () => {
                                const write = (manager: EntityManager): Promise<unknown> =>
                                    manager.update(Item, id!, { state: 1 })
                                if (isCommitted) await dataSource.transaction(write)
                                else await rolledBack(dataSource, write)
                                hasEnded = true
                            },
                            reader: async () => {
                                const isLate = hasEnded
                                const state = await read()
                                if (isLate) expect(state).to.equal(final)
                            },
                        },
                        check: async () => void expect([await read(), await read()]).to.deep.equal([final, final]),
                    }
                })
            })

    it("show another process nothing of a transaction that is rolled back", async () => {
        // the other process stands for the committed state: its database is a copy from before the transaction
        const twoProcesses = await RaceLab.open(database, store, { processes: 2, steps, answers: true })
        try {
            await interleave(
                async () => {
                    const [own, other] = twoProcesses.processes as [RaceProcess, RaceProcess]
                    const [[id], kind] = await twoProcesses.newRows(1)
                    await other.dataSource.query(
                        `INSERT INTO item (id, code, kind, version) VALUES (${id!}, 'code-${id!}', '${kind}', 1)`,
                    )
                    const read = async ({ items }: RaceProcess): Promise<number> =>
                        (await items.findOneByOrFail({ id: id! })).state
                    await read(own)
                    await own.store.clear(`${twoProcesses.prefix}:v:`)
                    return {
                        actors: {
                            writer: () =>
                                rolledBack(own.dataSource, (manager) => manager.update(Item, id!, { state: 1 })),
                            reader: async () => void (await read(own)),
                        },
                        observe: async () => {
                            expectState(await read(other))
                            // what it has filled itself must not answer the reader
                            await other.store.clear(`${twoProcesses.prefix}:v:`)
                        },
                        check: async () => expectState((await read(own)) + (await read(other))),
                    }
                },
                { opening: ["writer", "writer"] },
            )
        } finally {
            await twoProcesses.close()
        }
    })
})

function expectState(state: number): void {
    expect(state).to.equal(0)
}
