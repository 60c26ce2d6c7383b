import { expect } from "chai"
import { forEachDatabaseAndStore } from "../support/databases"
import { interleave } from "./interleave"
import { Item } from "./Item"
import { RaceLab } from "./RaceLab"

class Refused extends Error {}

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
                                const transaction = dataSource.transaction(async (manager) => {
                                    await manager.update(Item, id!, { state: 1 })
                                    if (!isCommitted) throw new Refused()
                                })
                                await transaction.catch((error: unknown) => {
                                    if (!(error instanceof Refused)) throw error
                                })
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
})
