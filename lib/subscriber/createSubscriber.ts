import {
    EventSubscriber,
    type DataSource,
    type EntityMetadata,
    type EntitySubscriberInterface,
    type QueryRunner,
} from "typeorm"
import { DependencyScope } from "../cache/DependencyScope"
import { CacheError } from "../error/CacheError"
import { markSubscriber } from "../metadata/subscriberCache"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { ReadTracker } from "./ReadTracker"
import type { WriteTracker } from "./WriteTracker"

/** What every event of TypeORM carries; 0.3 calls the DataSource `connection`. */
interface AnyEvent {
    readonly connection: DataSource
    readonly dataSource?: DataSource
    readonly queryRunner: QueryRunner
}

interface EntityEvent extends AnyEvent {
    readonly metadata: EntityMetadata
}

interface QueryEvent extends AnyEvent {
    readonly query: string
    readonly parameters?: unknown[]
    readonly success?: boolean
    readonly error?: unknown
}

/** What the subscriber asks of its cache. */
export interface SubscriberPort {
    /** The tracker of the DataSource's writes; `undefined` when the cache does not serve it. */
    trackerOf(dataSource: DataSource): WriteTracker | undefined
    /** That of its reads. */
    readsOf(dataSource: DataSource): ReadTracker | undefined
    /** Told of an error that a hook must not throw. */
    onHookError(error: unknown): void
}

/** The class to put into a DataSource's `subscribers`. Its instances know their cache. */
export type CacheSubscriberClass = new () => EntitySubscriberInterface

/**
 * Makes the subscriber class of one cache. TypeORM wants a class that it can construct without arguments, registered as
 * an event subscriber, so each cache has a class of its own.
 *
 * No hook ever throws, except to refuse a commit (`onStoreFailure: "abort"`) or a statement (`rawSql: "throw"`): a
 * subscriber that throws can leave a transaction open on a pooled connection.
 */
export function createSubscriber(cache: object, port: SubscriberPort): CacheSubscriberClass {
    const run = (event: AnyEvent, task: (tracker: WriteTracker) => Awaitable<void>): Awaitable<void> => {
        try {
            const tracker = port.trackerOf(event.dataSource ?? event.connection)
            if (tracker === undefined) return
            const outcome = task(tracker)
            return outcome instanceof Promise ? outcome.catch(fail) : outcome
        } catch (error) {
            fail(error)
        }
    }
    const fail = (error: unknown): void => {
        if (error instanceof CacheError && (error.code === "E_COMMIT_REFUSED" || error.code === "E_RAW_SQL"))
            throw error
        port.onHookError(error)
    }
    const beforeEntity = (event: EntityEvent): Awaitable<void> =>
        run(event, (tracker) => tracker.beforeEntity(event.queryRunner, event.metadata))
    const afterEntity = (event: EntityEvent): Awaitable<void> =>
        run(event, (tracker) => tracker.afterEntity(event.queryRunner, event.metadata))

    class CacheSubscriber {
        constructor() {
            markSubscriber(this, cache)
        }

        beforeQuery(event: QueryEvent): Awaitable<void> {
            const written = run(event, (tracker) =>
                tracker.beforeQuery(event.queryRunner, event.query, event.parameters),
            )
            if (!DependencyScope.isOpen) return written
            const read = port.readsOf(event.dataSource ?? event.connection)?.beforeQuery(event.queryRunner, event.query)
            // the reads' own promise where it is the only one: it notices who waits for it
            return isPromise(written) ? written.then(() => read) : read
        }

        afterQuery(event: QueryEvent): Awaitable<void> {
            if (DependencyScope.isOpen)
                port.readsOf(event.dataSource ?? event.connection)?.afterQuery(event.queryRunner)
            return run(event, (tracker) =>
                tracker.afterQuery(
                    event.queryRunner,
                    event.query,
                    event.parameters,
                    event.success !== false,
                    event.error,
                ),
            )
        }

        beforeInsert(event: EntityEvent): Awaitable<void> {
            return beforeEntity(event)
        }

        afterInsert(event: EntityEvent): Awaitable<void> {
            return afterEntity(event)
        }

        beforeUpdate(event: EntityEvent): Awaitable<void> {
            return beforeEntity(event)
        }

        afterUpdate(event: EntityEvent): Awaitable<void> {
            return afterEntity(event)
        }

        beforeRemove(event: EntityEvent): Awaitable<void> {
            return beforeEntity(event)
        }

        afterRemove(event: EntityEvent): Awaitable<void> {
            return afterEntity(event)
        }

        beforeSoftRemove(event: EntityEvent): Awaitable<void> {
            return beforeEntity(event)
        }

        afterSoftRemove(event: EntityEvent): Awaitable<void> {
            return afterEntity(event)
        }

        beforeRecover(event: EntityEvent): Awaitable<void> {
            return beforeEntity(event)
        }

        afterRecover(event: EntityEvent): Awaitable<void> {
            return afterEntity(event)
        }

        afterTransactionStart(event: AnyEvent): Awaitable<void> {
            return run(event, (tracker) => tracker.started(event.queryRunner))
        }

        beforeTransactionCommit(event: AnyEvent): Awaitable<void> {
            return run(event, (tracker) => tracker.beforeCommit(event.queryRunner))
        }

        afterTransactionCommit(event: AnyEvent): Awaitable<void> {
            return run(event, (tracker) => tracker.afterCommit(event.queryRunner))
        }

        beforeTransactionRollback(event: AnyEvent): Awaitable<void> {
            return run(event, (tracker) => tracker.beforeRollback(event.queryRunner))
        }

        afterTransactionRollback(event: AnyEvent): Awaitable<void> {
            return run(event, (tracker) => tracker.afterRollback(event.queryRunner))
        }
    }
    EventSubscriber()(CacheSubscriber)
    return CacheSubscriber as unknown as CacheSubscriberClass
}
