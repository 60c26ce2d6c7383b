import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { Repository, type DataSource, type EntityManager } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../support/databases"
import { expectSame } from "../functional/hydration/expectSame"
import { Badge, ENTITIES, Member, TABLES, Team } from "./entity"
import { anyRead, ROWS, run, type RandomRead } from "./reads"
import { anyWrite, type RandomWrite } from "./writes"

// FUZZ_SEED repeats a run, FUZZ_RUNS makes it longer. The title tells the seed, a failure the shortest history.
const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2_147_483_647)
const factor = Number(process.env["FUZZ_RUNS"] ?? 1)
const RUNS = {
    sqlite: { memory: 150, redis: 25 },
    postgres: { memory: 12, redis: 12 },
    mariadb: { memory: 12, redis: 12 },
}

/** So many reads are made again after each step. */
const READS = 4
/** Rows to begin with. */
const SOME = [1, 2, 3].map((id) => ({ id, name: "a" }))

interface Step {
    readonly kind: "alone" | "commit" | "rollback" | "savepoint"
    readonly writes: readonly RandomWrite[]
    /** Made again after every later step too. */
    readonly reads: readonly RandomRead[]
}

const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(
        "alone" as const,
        "alone" as const,
        "commit" as const,
        "rollback" as const,
        "savepoint" as const,
    ),
    writes: fc.array(anyWrite, { minLength: 1, maxLength: 3 }),
    reads: fc.array(anyRead, { minLength: 1, maxLength: 4 }),
})

class TakenBack extends Error {}

forEachDatabaseAndStore("random histories", (database, store) => {
    const isDatabaseSlow = database.name !== "sqlite"
    let dataSource: DataSource
    let cache: SecondLevelCache
    before(async () => {
        cache = new SecondLevelCache({ store: store.create(), prefix: store.prefix(), storeTimeout: "20s" })
        dataSource = await database.createDataSource({ entities: ENTITIES, subscribers: [cache.subscriber] })
    })

    async function write(manager: EntityManager, { run: change }: RandomWrite): Promise<void> {
        try {
            await change(manager)
        } catch (error) {
            // a broken constraint is an outcome; a bug of the cache's would be no error of the database's
            if (!/QueryFailed|EntityNotFound|CannotAttach|UpdateValuesMissing|TypeORMError/.test((error as Error).name))
                throw error
            // PostgreSQL has ended the transaction
            if (manager.queryRunner?.isTransactionActive === true) throw new TakenBack()
        }
    }

    /** @param times a second read is a hit in any case; later ones are, unless a write has touched them */
    async function compare(
        manager: EntityManager,
        reads: readonly RandomRead[],
        history: string,
        times: readonly string[] = ["first"],
    ): Promise<void> {
        for (const read of reads) {
            const plain = await run(new Repository(read.target, manager), read)
            for (const which of times) {
                const found = await run(new CachedRepository(read.target, manager), read)
                // classes and values; fast, where expectSame explains
                if (isDeepStrictEqual(found, plain)) continue
                try {
                    expectSame(found, plain)
                } catch (cause) {
                    throw new Error(
                        `${history}\nthen, the ${which} time: ${String(read)}\ncache: ${JSON.stringify(found)}\nplain: ${JSON.stringify(plain)}`,
                        { cause },
                    )
                }
            }
        }
    }

    async function take({ kind, writes, reads }: Step, history: string): Promise<void> {
        if (kind === "alone") {
            for (const change of writes) await write(dataSource.manager, change)
            return
        }
        const inside = async (manager: EntityManager): Promise<void> => {
            for (const change of writes.slice(1)) await write(manager, change)
            if (kind === "savepoint")
                await manager
                    .transaction(async (inner) => {
                        await write(inner, writes[0]!)
                        await compare(inner, reads, `${history} (in a savepoint)`)
                        throw new TakenBack()
                    })
                    .catch((error: unknown) => {
                        if (!(error instanceof TakenBack)) throw error
                    })
            else await write(manager, writes[0]!)
            await compare(manager, reads, `${history} (in the transaction)`)
            if (kind === "rollback") throw new TakenBack()
        }
        await dataSource.transaction(inside).catch((error: unknown) => {
            if (!(error instanceof TakenBack)) throw error
        })
    }

    async function live(steps: readonly Step[]): Promise<void> {
        for (const target of TABLES) await dataSource.createQueryBuilder().delete().from(target).execute()
        await dataSource.manager.insert(Team, SOME)
        await dataSource.manager.insert(Badge, SOME)
        await dataSource.manager.insert(
            Member,
            SOME.map((one) => ({ ...one, age: one.id, teamId: one.id })),
        )
        await cache.clear()
        await compare(dataSource.manager, ROWS, "")
        const reads: RandomRead[] = []
        const history: string[] = []
        for (const one of steps) {
            reads.push(...one.reads)
            reads.splice(0, reads.length - READS)
            await compare(dataSource.manager, one.reads, history.join("\n"), ["first", "second"])
            history.push(`${one.kind}: ${one.writes.map(String).join("; ")}`)
            await take(one, history.join("\n"))
            await compare(dataSource.manager, [...ROWS, ...reads], history.join("\n"))
        }
    }

    it(`read the same through the cache as without it (seed ${seed})`, async function () {
        this.timeout(90_000 + 40_000 * factor)
        let last: Promise<void> = Promise.resolve()
        const checked = fc.assert(
            fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
                last = live(steps)
                return last
            }),
            {
                seed,
                numRuns: Math.ceil(RUNS[database.name][store.name === "memory" ? "memory" : "redis"] * factor),
                // the runs are few on servers; a busy machine must not end them before the first
                interruptAfterTimeLimit: (isDatabaseSlow ? 30_000 : store.name === "memory" ? 8_000 : 5_000) * factor,
            },
        )
        // who is interrupted leaves a history that goes on by itself, and the database must not be closed under it
        await checked.finally(() => last.catch(() => undefined))
        await last
    })
})
