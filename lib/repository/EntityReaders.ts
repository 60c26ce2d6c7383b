import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import { CacheError } from "../error/CacheError"
import { subscriberCache } from "../metadata/subscriberCache"
import type { EntityReader } from "./EntityReader"
import type { TransactionView } from "./TransactionView"

/** How a read may use the cache: not at all, for a reason; inside a transaction; or freely. */
export type Access = string | TransactionView | undefined

/** What a repository asks of the cache that serves its DataSource. */
export interface EntityReaders {
    /** The reader of an entity of the DataSource. @throws CacheError `E_NOT_CACHEABLE`, `E_OPTION` */
    readerOf<Entity extends ObjectLiteral>(metadata: EntityMetadata): EntityReader<Entity>
    /** Why no read of this manager may use the cache now; the transaction it is in, where that may; or `undefined`. */
    accessOf(manager: EntityManager): Access | Promise<Access>
    /** Invalidates tags at once. Resolves when the store has it, or a retry is due. */
    invalidate(tags: readonly string[]): Promise<void>
    /** Throws what is wrong with an entity's declaration. @throws CacheError */
    check(metadata: EntityMetadata): void
}

/** What a cache answers to the repositories of a DataSource. */
export interface EntityReaderSource {
    readersOf(dataSource: DataSource): EntityReaders
}

const known = new WeakMap<DataSource, readonly [subscribers: unknown, readers: EntityReaders]>()

/**
 * The readers of the cache whose subscriber is on the DataSource.
 *
 * @throws CacheError `E_NO_SUBSCRIBER`, `E_SECOND_CACHE`
 */
export function readersOf(dataSource: DataSource): EntityReaders {
    // initialize() makes the list of subscribers anew
    const { subscribers } = dataSource
    const found = known.get(dataSource)
    if (found !== undefined && found[0] === subscribers) return found[1]
    const caches = new Set<object>()
    for (const subscriber of subscribers) {
        const cache = subscriberCache(subscriber)
        if (cache !== undefined) caches.add(cache)
    }
    const [cache, second] = caches
    if (cache === undefined)
        throw new CacheError(
            "E_NO_SUBSCRIBER",
            "The DataSource has no cache subscriber, so that nothing would be invalidated.",
            {
                advice: "Add cache.subscriber, the class itself, to the subscribers of its options, before initialize().",
            },
        )
    if (second !== undefined)
        throw new CacheError("E_SECOND_CACHE", "The DataSource has the subscribers of two caches.", {
            advice: "Use one SecondLevelCache for a DataSource; regions divide it.",
        })
    const readers = (cache as EntityReaderSource).readersOf(dataSource)
    known.set(dataSource, [subscribers, readers])
    return readers
}
