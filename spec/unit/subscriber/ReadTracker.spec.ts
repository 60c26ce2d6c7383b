import { expect } from "chai"
import "typeorm"
import type { QueryRunner } from "typeorm"
import { DependencyScope } from "../../../lib/cache/DependencyScope"
import { HeldTags } from "../../../lib/cache/HeldTags"
import { ReadThrough } from "../../../lib/cache/ReadThrough"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { OpenTransactions } from "../../../lib/invalidation/OpenTransactions"
import { TableGraph } from "../../../lib/invalidation/TableGraph"
import { KeyScheme } from "../../../lib/key/KeyScheme"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { ReadTracker, type ReadTrackerParts } from "../../../lib/subscriber/ReadTracker"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { FaultyStore } from "../../../lib/testing/FaultyStore"
import { openLibrary, type Library } from "../key/library"

const AUTHORS = `SELECT "id" FROM "tbl_author"`

describe("ReadTracker", () => {
    let library: Library
    let runner: QueryRunner
    let store: FaultyStore
    let held: HeldTags
    let parts: ReadTrackerParts
    let tracker: ReadTracker
    const keys = new KeyScheme("p")
    before(async () => {
        library = await openLibrary("typeorm")
        runner = library.dataSource.createQueryRunner()
    })
    beforeEach(() => open())
    const open = (more: Partial<ReadTrackerParts> = {}): void => {
        const [clock, log] = [new FakeClock(), new CacheLog()]
        store = new FaultyStore(new MemoryStore())
        held = new HeldTags()
        const gate = new StoreGate(store, { timeout: 1_000 }, clock, log, new StatsCounter())
        parts = {
            graph: new TableGraph(library.dataSource),
            transactions: new OpenTransactions(),
            hasReplicas: false,
            dialect: "sqlite",
            keys,
            gate,
            cache: new ReadThrough(gate, new JsonSerializer(), held, clock, log),
            ...more,
        }
        tracker = new ReadTracker(parts)
    }
    const newScope = (prepared: ReadonlyMap<string, string> = new Map()): DependencyScope =>
        new DependencyScope(parts.gate, prepared)
    /** As TypeORM does from 0.3.23 on: it waits for all subscribers together, then sends the statement. */
    const send = async (query: string, meanwhile?: () => unknown): Promise<void> => {
        await Promise.all([tracker.beforeQuery(runner, query)])
        await meanwhile?.()
        tracker.afterQuery(runner)
    }
    const reading = async (...queries: readonly string[]): Promise<DependencyScope> => {
        const scope = newScope()
        await scope.run(async () => {
            for (const query of queries) await send(query)
        })
        return scope
    }
    const tagsOf = (scope: DependencyScope): string[] =>
        [...scope.stamps.keys()].map((tag) => tag.replace(/^p:t:/, "")).sort()

    it("does nothing outside a function", async () => {
        expect(tracker.beforeQuery(runner, AUTHORS)).to.equal(undefined)
        await send("CALL procedure()")
        expect(store.trips).to.equal(0)
    })

    it("notes every table with the stamp that stands in the store, made where there is none", async () => {
        const scope = await reading(`${AUTHORS} JOIN "tbl_book" ON 1 WHERE EXISTS (SELECT 1 FROM TBL_TAG)`)
        expect(tagsOf(scope)).to.deep.equal(["table:tbl_author", "table:tbl_book", "table:tbl_tag"])
        expect(scope.refusal).to.equal(undefined)
        const tags = [...scope.stamps.keys()]
        expect((await store.read([], tags)).tags).to.deep.equal([...scope.stamps.values()])
    })

    it("notes the stamp of before the statement, whatever is written meanwhile", async () => {
        const scope = newScope()
        const tag = keys.table("tbl_author")
        await scope.run(() => send(AUTHORS, () => store.release([tag], "writer", 60_000)))
        expect(scope.stamps.get(tag)).to.be.a("string")
        expect((await store.read([], [tag])).tags[0]).to.not.equal(scope.stamps.get(tag))
        expect(scope.refusal).to.equal(undefined)
    })

    it("asks the store once for each table, at once where nothing is new", async () => {
        const scope = newScope()
        await scope.run(async () => {
            await send(AUTHORS)
            expect(tracker.beforeQuery(runner, `SELECT COUNT(*) FROM "tbl_author" a`)).to.equal(undefined)
            await send(`${AUTHORS}, "tbl_tag"`)
        })
        expect(store.calls.map(({ method, tags }) => [method, tags.length])).to.deep.equal([
            ["stamp", 1],
            ["stamp", 1],
        ])
    })

    it("asks for nothing that the function was prepared for", async () => {
        const tag = keys.table("tbl_author")
        const scope = newScope(new Map([[tag, "before"]]))
        await scope.run(() => send(AUTHORS))
        expect([...scope.stamps]).to.deep.equal([[tag, "before"]])
        expect(store.trips).to.equal(0)
    })

    it("notes the tables behind a view that says which, and refuses one that does not", async () => {
        const declared = await reading(`SELECT * FROM "view_declared"`)
        expect(tagsOf(declared)).to.include("table:tbl_author")
        expect(declared.refusal).to.equal(undefined)
        const silent = await reading(`SELECT * FROM "view_silent"`)
        expect(silent.refusal).to.match(/the view view_silent without dependsOn/)
    })

    it("notes that nobody knows who writes a table without an entity", async () => {
        expect(tagsOf(await reading(`SELECT * FROM "elsewhere"`))).to.deep.equal(["table:elsewhere", "unattributed:"])
    })

    it("leaves statements alone that read nothing", async () => {
        const scope = await reading("SELECT 1", "SELECT 'FROM tbl_author'", "PRAGMA user_version")
        expect([scope.stamps.size, scope.refusal, store.trips]).to.deep.equal([0, undefined, 0])
    })

    it("refuses what does not name its tables, however it is spelt", async () => {
        for (const query of ["CALL procedure()", "\0", "SELECT 'open", "EXECUTE plan", "{}:\n"])
            expect((await reading(query)).refusal, JSON.stringify(query)).to.match(/does not name/)
    })

    it("takes odd names for tables, and long statements", async () => {
        const names = ["__proto__", "a:b", "{}", "é", "x".repeat(10_240)]
        const scope = await reading(...names.map((name) => `SELECT * FROM "${name}"`))
        expect(scope.stamps.size).to.equal(names.length + 1)
        expect(scope.refusal).to.equal(undefined)
    })

    describe("refuses what is read", () => {
        const refusal = async (prepare: () => unknown, meanwhile?: () => unknown): Promise<string | undefined> => {
            await prepare()
            const scope = newScope()
            await scope.run(() => send(AUTHORS, meanwhile))
            return scope.refusal
        }
        const nothing = (): void => undefined

        it("inside a transaction", async () => {
            await runner.startTransaction()
            expect(await refusal(nothing)).to.equal("it reads inside a transaction")
            await runner.rollbackTransaction()
            expect(await refusal(nothing)).to.equal(undefined)
        })

        it("inside a transaction by plain SQL", async () => {
            expect(await refusal(() => parts.transactions.opened(runner))).to.equal("it reads inside a transaction")
        })

        it("while a transaction begins or ends on its runner", async () => {
            const moves = (): void => parts.transactions.moved(runner)
            expect(await refusal(moves)).to.equal(undefined)
            expect(await refusal(nothing, moves)).to.equal("it reads inside a transaction")
            const scope = newScope()
            await scope.run(async () => {
                await send(AUTHORS)
                moves()
                await send(AUTHORS)
            })
            expect(scope.refusal).to.equal("it reads inside a transaction")
        })

        it("from a replica, and nothing that is read from the master", async () => {
            open({ hasReplicas: true })
            expect(await refusal(nothing)).to.equal(undefined)
            const { mode } = runner as unknown as { mode: unknown }
            Object.assign(runner, { mode: "slave" })
            try {
                expect(await refusal(nothing)).to.equal("it reads from a replica")
                // every DataSource says so of its plain reads
                open()
                expect(await refusal(nothing)).to.equal(undefined)
            } finally {
                Object.assign(runner, { mode })
            }
        })

        it("while it is being written", async () => {
            const fence = (): unknown => store.fence([keys.table("tbl_author")], "writer", 60_000)
            expect(await refusal(fence)).to.match(/was being written/)
        })

        it("while a write of this process is on its way to the store", async () => {
            expect(await refusal(() => held.hold(keys.table("tbl_author")))).to.match(/was being written/)
        })

        it("again when it was written between two statements", async () => {
            const scope = newScope()
            const tag = keys.table("tbl_author")
            await scope.run(async () => {
                await send(AUTHORS)
                // a function within, which has yet to read its stamps
                const inner = newScope()
                await store.release([tag], "writer", 60_000)
                await inner.run(() => send(AUTHORS))
                expect(inner.refusal).to.equal(undefined)
            })
            expect(scope.refusal).to.match(/written meanwhile/)
        })

        it("while the store fails, and lets the statement go on", async () => {
            expect(await refusal(() => store.fail("stamp"))).to.match(/was being written/)
        })

        it("while nobody waits for its stamps, and not the next time", async () => {
            const barrier = store.hold("stamp")
            const scope = newScope()
            const late = await scope.run(async () => {
                const pending = tracker.beforeQuery(runner, AUTHORS)
                await barrier.reached
                tracker.afterQuery(runner)
                return { pending }
            })
            expect(scope.refusal).to.equal("TypeORM did not wait for its stamps")
            barrier.release()
            await Promise.all([late.pending])
            expect(await refusal(nothing)).to.equal(undefined)
        })
    })

    it("tells functions apart that run at the same time on one runner", async () => {
        const barrier = store.hold("stamp")
        const [first, second] = [newScope(), newScope()]
        const running = [first.run(() => send(AUTHORS)), second.run(() => send(`SELECT * FROM "tbl_tag"`))]
        await barrier.reached
        barrier.release()
        await Promise.all(running)
        expect([tagsOf(first), tagsOf(second)]).to.deep.equal([["table:tbl_author"], ["table:tbl_tag"]])
        expect([first.refusal, second.refusal]).to.deep.equal([undefined, undefined])
    })

    it("tells the function around another as well", async () => {
        const outer = newScope()
        await outer.run(async () => {
            await newScope().run(() => send(AUTHORS))
            await send(`SELECT * FROM "tbl_tag"`)
        })
        expect(tagsOf(outer)).to.deep.equal(["table:tbl_author", "table:tbl_tag"])
    })
})
