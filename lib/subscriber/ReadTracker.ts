import type { QueryRunner } from "typeorm"
import { DependencyScope } from "../cache/DependencyScope"
import type { ReadThrough } from "../cache/ReadThrough"
import type { StoreGate } from "../cache/StoreGate"
import type { OpenTransactions } from "../invalidation/OpenTransactions"
import type { TableGraph } from "../invalidation/TableGraph"
import type { KeyScheme } from "../key/KeyScheme"
import { analyzeSql } from "../sql/analyzeSql"
import type { SqlDialect } from "../sql/SqlDialect"
import type { Awaitable } from "../util/Awaitable"

/** What a tracker of reads works with. */
export interface ReadTrackerParts {
    readonly graph: TableGraph
    readonly transactions: OpenTransactions
    /** True for a DataSource whose reads may go to replicas. */
    readonly hasReplicas: boolean
    readonly dialect: SqlDialect
    readonly keys: KeyScheme
    readonly gate: StoreGate
    readonly cache: ReadThrough
}

/** Notes the tables that a function reads by SQL, each before the statement that reads it is sent. */
export class ReadTracker {
    readonly #parts: ReadTrackerParts
    /** Statements of functions whose stamps are on their way: a TypeORM that does not wait for them sends the SQL meanwhile. */
    readonly #early = new WeakMap<QueryRunner, Set<object>>()
    /** How many transactions had begun or ended on a runner when a function first read on it. */
    readonly #epochs = new WeakMap<DependencyScope, Map<QueryRunner, number>>()

    constructor(parts: ReadTrackerParts) {
        this.#parts = parts
    }

    /** Before a statement is sent. Never throws. */
    beforeQuery(runner: QueryRunner, query: string): Awaitable<void> {
        const scope = DependencyScope.current
        if (scope === undefined) return
        const { gate, dialect, graph, keys, hasReplicas } = this.#parts
        const analysis = analyzeSql(query, dialect)
        if (analysis.tables.length === 0 && analysis.tablesKnown) return
        this.#begin(scope, runner)
        // an old row would be stored under stamps that the replica has not heard of
        if (hasReplicas && runner.getReplicationMode() === "slave")
            return DependencyScope.refuse(gate, "it reads from a replica")
        if (!analysis.tablesKnown) return DependencyScope.refuse(gate, "it reads tables that its SQL does not name")
        const tags = new Set<string>()
        for (const table of analysis.tables) {
            tags.add(keys.table(table))
            for (const behind of graph.tablesOfView(table)) tags.add(keys.table(behind))
            if (graph.isOpaqueView(table)) DependencyScope.refuse(gate, `it reads the view ${table} without dependsOn`)
            if (graph.entitiesOf(table).length === 0) tags.add(keys.unattributed())
        }
        const missing = DependencyScope.noteKnown(gate, [...tags])
        return missing.length === 0 ? undefined : this.#stamp(runner, missing)
    }

    /** When a statement has ended. A function whose stamps TypeORM did not wait for must not be stored. */
    afterQuery(runner: QueryRunner): void {
        const scope = DependencyScope.current
        const epoch = scope && this.#epochs.get(scope)?.get(runner)
        if (epoch !== undefined) this.#refuseInTransaction(runner, epoch)
        if (this.#early.has(runner)) DependencyScope.refuse(this.#parts.gate, "TypeORM did not wait for its stamps")
    }

    /** Others may begin a transaction on the runner before the statement is run: it is looked at again behind it. */
    #begin(scope: DependencyScope, runner: QueryRunner): void {
        const { transactions } = this.#parts
        let epochs = this.#epochs.get(scope)
        if (epochs === undefined) this.#epochs.set(scope, (epochs = new Map<QueryRunner, number>()))
        if (!epochs.has(runner)) epochs.set(runner, transactions.epochOf(runner))
        this.#refuseInTransaction(runner, epochs.get(runner)!)
    }

    #refuseInTransaction(runner: QueryRunner, epoch: number): void {
        const { gate, transactions } = this.#parts
        if (transactions.mayHaveSeen(runner, epoch)) DependencyScope.refuse(gate, "it reads inside a transaction")
    }

    #stamp(runner: QueryRunner, tags: readonly string[]): Awaitable<void> {
        const { gate, cache } = this.#parts
        const mark = {}
        const marks = this.#early.get(runner) ?? new Set()
        this.#early.set(runner, marks.add(mark))
        const done = cache.stampsOf(tags).then((stamps) => {
            DependencyScope.note(
                gate,
                tags,
                tags.map((tag) => stamps?.get(tag)),
            )
        })
        return awaited(done, () => {
            marks.delete(mark)
            if (marks.size === 0) this.#early.delete(runner)
        })
    }
}

/** The promise, telling when somebody begins to wait for it. */
function awaited(promise: Promise<void>, onAwaited: () => void): Promise<void> {
    const then = promise.then.bind(promise)
    promise.then = ((...handlers: Parameters<typeof then>) => {
        onAwaited()
        return then(...handlers)
    }) as typeof promise.then
    return promise
}
