import { expect } from "chai"
import { join } from "node:path"
import type { DataSource } from "typeorm"
import { Item } from "../race/Item"
import { START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { describeRedis } from "../support/stores"
import { TypeScriptProcess } from "../support/TypeScriptProcess"
import { checkHistory, type HistoryEvent } from "./checkHistory"
import { MAX_LAG, type HistoryOrder } from "./history.process"

/** `HISTORY_SECONDS=60` runs for longer, and prints what was measured. */
const SECONDS = Number(process.env["HISTORY_SECONDS"] ?? 2)
const ROWS = 12

describe("the checker of histories", () => {
    const write = (state: number, start: number): HistoryEvent => ({
        type: "write",
        row: 1,
        state,
        start,
        end: start + 1,
    })
    const read = (state: number, start: number): HistoryEvent => ({
        type: "read",
        row: 1,
        state,
        start,
        end: start + 1,
    })

    it("finds nothing in a history that a database could have", () => {
        const report = checkHistory([read(0, 0), write(1, 2), read(1, 3.5), read(0, 2.5), write(2, 5), read(2, 5.5)])
        expect([report.reads, report.writes, report.stale, report.uncommitted]).to.deep.equal([4, 2, [], []])
    })

    it("finds a read older than an acknowledged write, and how late it is", () => {
        const late = read(1, 7)
        // 2 was taken back
        const report = checkHistory([write(1, 1), write(3, 4), late])
        expect(report.stale).to.deep.equal([late])
        expect(report.lags).to.deep.equal([2])
    })

    it("finds what nobody has committed, unless its writer was killed", () => {
        const [taken, early, last] = [read(-1, 0), read(1, 0), read(2, 9)]
        const events = [taken, early, write(1, 5), last]
        expect(checkHistory(events).uncommitted).to.deep.equal([taken, early, last])
        expect(checkHistory(events, new Set([1])).uncommitted).to.deep.equal([taken])
    })
})

forEachDatabase("a history of several processes", (database) => {
    // what happens between processes is the same on each database; this one takes many writers
    if (database.name !== "postgres" || !database.isConcurrent) return
    describeRedis("with Redis", (redis) => {
        let truth: DataSource
        let processes: TypeScriptProcess[] = []

        beforeEach(async () => {
            truth = await database.createDataSource({ entities: [Item] })
            const rows = Array.from({ length: ROWS }, (_, id) => ({ id, code: `code-${id}`, kind: "kind", state: 0 }))
            await truth.manager.insert(Item, rows)
        })
        afterEach(async () => {
            await Promise.all(processes.splice(0).map((it) => it.kill()))
            await database.cleanUp()
        })

        async function run(store: HistoryOrder["store"], count: number, kill: boolean): Promise<HistoryEvent[]> {
            const prefix = redis.prefix()
            processes = Array.from({ length: count }, () =>
                TypeScriptProcess.start(join(__dirname, "history.process.ts")),
            )
            for (const [i, it] of processes.entries())
                it.send({
                    database: database.optionsOf(truth),
                    redis: redis.url,
                    milliseconds: SECONDS * 1_000,
                    ...{ prefix, store, process: i, writers: count / 2, rows: ROWS },
                } satisfies HistoryOrder)
            for (const it of processes) await it.next((message) => message === "ready")
            for (const it of processes) it.send("go")
            const [first, ...others] = processes
            if (kill) {
                // in the midst of whatever it does then
                await first!.next((message) => Array.isArray(message))
                await first!.kill()
            }
            for (const it of kill ? others : processes) await it.next((message) => message === "done")
            return processes.flatMap(({ messages }) => messages.filter(Array.isArray).flat() as HistoryEvent[])
        }
        function tell(title: string, { reads, writes, lags }: ReturnType<typeof checkHistory>): void {
            if (process.env["HISTORY_SECONDS"] === undefined) return
            const at = (part: number): string => (lags[Math.ceil(lags.length * part) - 1] ?? 0).toFixed(2)
            console.log(
                `${title}: ${reads} reads, ${writes} writes, ${lags.length} late reads; ` +
                    `lag median ${at(0.5)} ms, p99 ${at(0.99)} ms, maximum ${at(1)} ms`,
            )
        }

        for (const [count, kill] of [
            [2, false],
            [4, true],
        ] as const)
            // prettier-ignore
            for (const store of ["redis", "tiered"] as const)
                    it(`of ${count}${kill ? ", one of them killed," : ""} on ${store} has ${
                        store === "redis" ? "no stale read" : "no read beyond its bound"
                    }, and none of what was not committed`, async function () {
                        this.timeout(START_TIMEOUT + 3_000 * SECONDS)
                        const events = await run(store, count, kill)
                        const killed = new Set(
                            Array.from({ length: ROWS }, (_, id) => id).filter((id) => id % (count / 2) === 0),
                        )
                        const report = checkHistory(events, kill ? killed : undefined)
                        tell(this.test!.title, report)
                        expect(report.reads).to.be.greaterThan(100)
                        expect(report.writes).to.be.greaterThan(10)
                        expect(report.uncommitted).to.deep.equal([])
                        if (store === "redis") expect(report.stale).to.deep.equal([])
                        else expect(report.lags.filter((lag) => lag > MAX_LAG)).to.deep.equal([])
                    })
    })
})
