import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import type { OpenTransactions } from "../invalidation/OpenTransactions"

import type { TransactionView } from "./TransactionView"

/** What came from the database, and whether others may have it. */
export interface FromDatabase<T> {
    readonly result: T
    /** False when the read may have seen rows that nobody has committed. */
    readonly shareable: boolean
}

/**
 * Reads for the cache: from the master, because a replica that lags would bring the old row back under the new stamp,
 * without listeners and without TypeORM's own query cache.
 */
export class DatabaseLoader {
    readonly #dataSource: DataSource
    readonly #transactions: OpenTransactions

    constructor(dataSource: DataSource, transactions: OpenTransactions) {
        this.#dataSource = dataSource
        this.#transactions = transactions
    }

    /** Runs the task with a manager on a runner of its own, or on the runner of the transaction that it is in. */
    async load<T>(
        within: TransactionView | undefined,
        task: (manager: EntityManager) => Promise<T>,
    ): Promise<FromDatabase<T>> {
        if (within !== undefined) {
            const result = await task(quietManager(this.#dataSource, within.runner))
            return { result, shareable: !within.hasWritten() }
        }
        const runner = this.#dataSource.createQueryRunner("master")
        try {
            const epoch = this.#transactions.epochOf(runner)
            const result = await task(quietManager(this.#dataSource, runner))
            return { result, shareable: !this.#transactions.mayHaveSeen(runner, epoch) }
        } finally {
            await runner.release()
        }
    }

    /**
     * Runs the `afterLoad` listeners and subscribers of entities, as a load through TypeORM would have.
     *
     * @param on the runner that they were loaded on, where it is still open
     */
    async announce(metadata: EntityMetadata, entities: readonly ObjectLiteral[], on?: QueryRunner): Promise<void> {
        if (entities.length === 0) return
        if (on !== undefined) return broadcasterOf(on).broadcast("Load", metadata, entities)
        const runner = this.#dataSource.createQueryRunner("master")
        try {
            await broadcasterOf(runner).broadcast("Load", metadata, entities)
        } finally {
            await runner.release()
        }
    }
}

/** A manager whose queries neither run listeners nor look into TypeORM's own query cache. */
function quietManager(dataSource: DataSource, runner: QueryRunner): EntityManager {
    // not every query that a load takes comes from the manager's builder: those for ids of relations ask the DataSource
    const quietSource =
        dataSource.queryResultCache === undefined
            ? dataSource
            : (Object.create(dataSource, { queryResultCache: { value: undefined } }) as DataSource)
    const manager = quietSource.createEntityManager(runner)
    const createQueryBuilder = manager.createQueryBuilder.bind(manager) as (...args: unknown[]) => Quietable
    const quiet = (...args: unknown[]): unknown =>
        createQueryBuilder(...args)
            .callListeners(false)
            .cache(false)
    manager.createQueryBuilder = quiet as EntityManager["createQueryBuilder"]
    return manager
}

/** What a query builder has to be told. */
interface Quietable {
    callListeners(enabled: boolean): Quietable
    cache(enabled: boolean): Quietable
}

interface Broadcaster {
    broadcast(event: "Load", metadata: EntityMetadata, entities: readonly ObjectLiteral[]): Promise<void>
}

function broadcasterOf(runner: QueryRunner): Broadcaster {
    return (runner as unknown as { broadcaster: Broadcaster }).broadcaster
}
