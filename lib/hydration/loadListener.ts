import type { DataSource, EntityMetadata, EntitySubscriberInterface } from "typeorm"
import { reachableFrom } from "./schemaFingerprint"

const REACHABLE = new WeakMap<EntityMetadata, { entities: readonly EntityMetadata[]; haveListeners: boolean }>()

/**
 * Whether a load of this entity, without relations, runs anything: an `@AfterLoad` method of it or of a child in the same table,
 * or `afterLoad` of a subscriber that listens to it. Subscribers are looked up on every call, as they may come and go.
 */
export function hasLoadListeners(metadata: EntityMetadata, dataSource: DataSource): boolean {
    return runsMethods(metadata) || hasSubscriber([metadata], dataSource)
}

/** As {@link hasLoadListeners}, for a load that may bring related entities of any depth. */
export function hasLoadListenersInGraph(metadata: EntityMetadata, dataSource: DataSource): boolean {
    let graph = REACHABLE.get(metadata)
    if (graph === undefined) {
        const entities = reachableFrom(metadata)
        REACHABLE.set(metadata, (graph = { entities, haveListeners: entities.some(runsMethods) }))
    }
    return graph.haveListeners || hasSubscriber(graph.entities, dataSource)
}

/** TypeORM collects the methods of embeddeds and of children in the same table here too. */
function runsMethods({ afterLoadListeners }: EntityMetadata): boolean {
    return afterLoadListeners.length > 0
}

function hasSubscriber(entities: readonly EntityMetadata[], dataSource: DataSource): boolean {
    for (const subscriber of dataSource.subscribers)
        if (typeof subscriber.afterLoad === "function")
            for (const { target } of entities) if (listensTo(subscriber, target)) return true
    return false
}

/** The rule of TypeORM's Broadcaster#isAllowedSubscriber. */
function listensTo(subscriber: EntitySubscriberInterface, target: EntityMetadata["target"]): boolean {
    const listened = subscriber.listenTo?.() as unknown
    return (
        !listened ||
        listened === Object ||
        listened === target ||
        (typeof target === "function" && Object.prototype.isPrototypeOf.call(listened, target))
    )
}
