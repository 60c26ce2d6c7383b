import { AsyncLocalStorage } from "node:async_hooks"
import { DataSource, type DataSourceOptions, type EntityManager, type ObjectLiteral, type QueryRunner } from "typeorm"
import { CachedRepository, SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import type { CacheStore } from "../../lib/store/CacheStore"
import type { TestDatabase, TestStore } from "../support/databases"
import { gate, waitingForServer } from "./interleave"
import { Item } from "./Item"
import { Mark, Shelf, Slip, Tome } from "./Shelf"

/** One process of several on one database and one store: a DataSource and a cache of its own. */
export interface RaceProcess {
    readonly dataSource: DataSource
    readonly cache: SecondLevelCache
    readonly items: CachedRepository<Item>
    readonly store: FaultyStore
    /** How many SELECTs it has sent. */
    selects: number
}

export interface RaceLabOptions extends SecondLevelCacheOptions {
    readonly processes: number
    /** Which SQL is a step of its own. Default: SELECT and ROLLBACK; what follows a fence is one always. */
    readonly steps?: RegExp
    /** True when the answer to a SELECT is a step of its own. Default false. */
    readonly answers?: boolean
    /** True when all runs have one prefix, so that what a call asked for is remembered for the next. Default false. */
    readonly isFixed?: boolean
}

const STEPS = /^\s*(SELECT|ROLLBACK)\b/i
const ENTITIES = [Item, Mark, Shelf, Slip, Tome]
/** Connections that are opened beforehand, so that no step waits for one. */
const CONNECTIONS = 4

/** Some processes whose every step of the protocol is a gate: see `interleave`. */
export class RaceLab {
    readonly processes: readonly RaceProcess[]
    /** Sees the database without any cache; of SQLite, where each process has one of its own, the first. */
    readonly truth: EntityManager
    readonly #extra: readonly DataSource[]
    readonly #store: TestStore
    readonly #fixed: string | undefined
    #prefix = ""
    #row = 0

    static async open(database: TestDatabase, store: TestStore, options: RaceLabOptions): Promise<RaceLab> {
        const shared = store.create()
        const { processes: count, steps = STEPS, answers = false, isFixed = false, ...cacheOptions } = options
        const fixed = isFixed ? store.prefix() : undefined
        const lab: { current?: RaceLab } = {}
        const processes: RaceProcess[] = []
        let first: DataSource | undefined
        for (let i = 0; i < count; i++) {
            const own = gated(i === 0 || store.name === "memory" ? shared : store.create())
            const cache = new SecondLevelCache({
                ...{ ttl: "1h", storeTimeout: "30s", ...cacheOptions },
                ...{ store: own, prefix: fixed ?? (() => lab.current?.prefix ?? "unused") },
            })
            const settings = {
                entities: ENTITIES,
                subscribers: [cache.subscriber],
                poolSize: CONNECTIONS,
                extra: database.name === "postgres" ? { idleTimeoutMillis: 0 } : {},
            }
            const dataSource: DataSource =
                first === undefined || database.name === "sqlite"
                    ? await database.createDataSource(settings)
                    : await new DataSource({
                          ...database.optionsOf(first),
                          ...settings,
                      } as DataSourceOptions).initialize()
            first ??= dataSource
            const process: RaceProcess = {
                dataSource,
                cache,
                items: new CachedRepository(Item, dataSource.manager),
                store: own,
                selects: 0,
            }
            watchRunners(process, steps, answers)
            await Promise.all(Array.from({ length: CONNECTIONS }, () => dataSource.query("SELECT 1")))
            processes.push(process)
        }
        const plain =
            database.name === "sqlite"
                ? undefined
                : await new DataSource({
                      ...database.optionsOf(first!),
                      entities: ENTITIES,
                  }).initialize()
        return (lab.current = new RaceLab(store, processes, plain, fixed))
    }

    private constructor(
        store: TestStore,
        processes: readonly RaceProcess[],
        plain: DataSource | undefined,
        fixed: string | undefined,
    ) {
        this.#fixed = fixed
        this.#store = store
        this.processes = processes
        this.truth = (plain ?? processes[0]!.dataSource).manager
        this.#extra = plain === undefined ? [] : [...processes.slice(1).map((it) => it.dataSource), plain]
        this.#prefix = fixed ?? store.prefix()
    }

    get prefix(): string {
        return this.#prefix
    }

    /** A cache without anything about them, and rows that no run has had before, of one kind. */
    async newRows(count: number): Promise<readonly [ids: readonly number[], kind: string]> {
        this.#prefix = this.#fixed ?? this.#store.prefix()
        const ids = Array.from({ length: count }, () => ++this.#row)
        const kind = `kind-${this.#row}`
        if (count > 0)
            await this.truth.insert(
                Item,
                ids.map((id) => ({ id, code: codeOf(id), kind })),
            )
        return [ids, kind]
    }

    /** An id that no row has. */
    newId(): number {
        return ++this.#row
    }

    async close(): Promise<void> {
        for (const { cache } of this.processes) await cache.close()
        for (const dataSource of this.#extra) await dataSource.destroy()
    }
}

const committing = new AsyncLocalStorage<() => void>()

/** Runs a write and calls back in the moment in which it has been committed. */
export async function noteCommit(onCommit: () => void, write: () => Promise<unknown>): Promise<void> {
    await committing.run(onCommit, write)
}

export const codeOf = (id: number): string => `code-${id}`

function gated(inner: CacheStore): FaultyStore {
    const store = new FaultyStore(
        new Proxy(inner, {
            get(target, property) {
                const value: unknown = Reflect.get(target, property, target)
                if (typeof value !== "function") return value
                return (...args: unknown[]) => {
                    const answer: unknown = Reflect.apply(value, target, args)
                    return answer instanceof Promise ? waitingForServer(() => answer as Promise<unknown>) : answer
                }
            },
        }),
    )
    // the step that ends at this gate is the one that has committed
    store.before("release", () => committing.getStore()?.())
    for (const method of ["read", "stamp", "write", "fence", "release", "delete"] as const)
        store.before(method, () => gate(`store ${method}`))
    // between the fence and COMMIT, or the statement that commits by itself
    store.after("fence", () => gate("COMMIT"))
    return store
}

interface Patched extends QueryRunner {
    isWatched?: boolean
}

function watchRunners(process: RaceProcess, steps: RegExp, answers: boolean): void {
    const { dataSource } = process
    const createQueryRunner = dataSource.createQueryRunner.bind(dataSource)
    dataSource.createQueryRunner = (mode) => {
        const runner: Patched = createQueryRunner(mode)
        if (runner.isWatched) return runner
        runner.isWatched = true
        const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>
        const connect = runner.connect.bind(runner) as () => Promise<ObjectLiteral>
        runner.connect = () => waitingForServer(connect)
        runner.query = async (sql: string, ...rest: unknown[]) => {
            if (/^\s*SELECT/i.test(sql)) process.selects++
            if (steps.test(sql)) await gate(sql.trim().split(/\s/)[0]!)
            const answer = await waitingForServer(() => query(sql, ...rest))
            if (answers && /^\s*SELECT/i.test(sql)) await gate("answer")
            return answer as never
        }
        return runner
    }
}
