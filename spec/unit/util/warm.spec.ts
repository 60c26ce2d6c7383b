import { expect } from "chai"
import { CacheError } from "../../../lib/error/CacheError"
import { warm, type WarmOptions, type WarmProgress } from "../../../lib/util/warm"
import { Barrier } from "../../support/Barrier"

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
        () => "none",
        (error: unknown) => (error instanceof CacheError ? error.code : error),
    )

describe("warm", () => {
    it("takes tasks of every kind in their order, and lists of every kind", async () => {
        const ran: number[] = []
        const tasks = [1, 2, 3].map((i) => () => (i === 2 ? Promise.resolve(ran.push(i)) : ran.push(i)))
        function* made(): Generator<() => unknown> {
            yield* tasks
        }
        for (const list of [tasks, new Set(tasks), made(), new Map(tasks.map((task, i) => [i, task])).values()])
            expect(await warm(list, { concurrency: 1 })).to.deep.include({ done: 3, failed: 0, total: 3, errors: [] })
        expect(ran).to.deep.equal([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
    })

    it("runs as many at a time as it may, four where nobody says", async () => {
        for (const [options, most] of [
            [{}, 4],
            [{ concurrency: undefined as never }, 4],
            [{ concurrency: 1 }, 1],
            [{ concurrency: 7 }, 7],
            [{ concurrency: 100 }, 10],
        ] as readonly (readonly [WarmOptions, number])[]) {
            const gate = new Barrier(most)
            const running = warm(
                Array.from({ length: 10 }, () => () => gate.pass()),
                options,
            )
            await gate.arrived
            // whoever else could begin would have done so
            await new Promise((resolve) => setImmediate(resolve))
            expect(gate.count).to.equal(most)
            gate.open()
            expect((await running).done).to.equal(10)
        }
    })

    it("is done with nothing when there is nothing to do", async () => {
        const report = await warm([], { onProgress: () => expect.fail("there is no task") })
        expect(report).to.deep.include({ done: 0, failed: 0, total: 0, errors: [] })
        expect(report.duration).to.be.at.least(0)
    })

    it("goes on when tasks fail, and reports each by its position", async () => {
        const gate = new Barrier()
        const report = await warm([
            async () => {
                await gate.pass()
                throw new Error("late")
            },
            () => {
                throw new Error("at once")
            },
            () => gate.open(),
            () => Promise.reject(new Error("rejected")),
        ])
        expect(report).to.include({ done: 4, failed: 3, total: 4 })
        expect(report.errors.map(({ task, error }) => [task, (error as Error).message])).to.deep.equal([
            [0, "late"],
            [1, "at once"],
            [3, "rejected"],
        ])
    })

    it("tells of each task when it is done, whatever becomes of who is told", async () => {
        const told: WarmProgress[] = []
        const tasks = [() => 1, () => Promise.reject(new Error("no")), () => 3]
        const report = await warm(tasks, {
            concurrency: 1,
            onProgress: (progress) => {
                told.push(progress)
                throw new Error("whoever watches")
            },
        })
        expect(told).to.deep.equal([
            { done: 1, failed: 0, total: 3 },
            { done: 2, failed: 1, total: 3 },
            { done: 3, failed: 1, total: 3 },
        ])
        expect(report).to.include({ done: 3, failed: 1 })
    })

    it("does not notice what is put into its list meanwhile", async () => {
        const tasks: (() => unknown)[] = []
        tasks.push(() => tasks.push(() => expect.fail("it came too late")))
        expect(await warm(tasks)).to.include({ done: 1, failed: 0, total: 1 })
    })

    it("refuses what is no list of functions, before it runs any", async () => {
        const never = (): never => expect.fail("it must not run")
        for (const bad of [
            null,
            undefined,
            5,
            "text",
            {},
            never,
            [never, 5],
            [Promise.resolve(1)],
            [undefined],
            [, never],
        ])
            expect(await codeOf(warm(bad as never)), String(bad)).to.equal("E_OPTION")
    })

    it("refuses options that are none, before it runs a task", async () => {
        const never = (): never => expect.fail("it must not run")
        for (const bad of [
            ...[0, -1, 1.5, NaN, Infinity, "2", null, 1n].map((concurrency) => ({ concurrency })),
            ...[5, "log", null, {}].map((onProgress) => ({ onProgress })),
            { parallel: 2 },
            { __proto__: null, constructor: 1 },
            null,
            5,
            [],
        ])
            expect(await codeOf(warm([never], bad as never))).to.equal("E_OPTION")
    })
})
