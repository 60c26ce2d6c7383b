import { snapshotOf, StatsCounter, type StatsSnapshot } from "./StatsCounter"

/** The counters of one entity. */
export interface EntityCounters {
    readonly rows: StatsCounter
    readonly lists: StatsCounter
    /** By property path. */
    readonly relations: Map<string, StatsCounter>
    /** The name that the entity's counts are added up under. */
    readonly region: string
}

/** What the cache has done, by entity and region. Every answer is a snapshot that no longer moves. */
export class CacheStats {
    /** Failures that belong to no entity. @internal */
    readonly store = new StatsCounter()
    /** TypeORM's own query cache. @internal */
    readonly queries = new StatsCounter()
    readonly #entities = new Map<unknown, EntityCounters>()
    /** Of values, by their region. */
    readonly #values = new Map<string, StatsCounter>()
    readonly #targets = new Map<unknown, unknown>()

    /** Everything together. */
    total(): StatsSnapshot {
        return snapshotOf([this.store, this.queries, ...this.#values.values(), ...this.#counters(() => true)])
    }

    /** All reads of one entity: rows, lists, counts, aggregates and relations. Takes what TypeORM takes as a target. */
    entity(target: unknown): StatsSnapshot {
        const found = this.#find(target)
        return snapshotOf(found === undefined ? [] : countersIn(found))
    }

    /** The reads of one relation of an entity, by the path of its property: each owner counts. */
    relation(target: unknown, name: string): StatsSnapshot {
        const found = this.#find(target)?.relations.get(name)
        return snapshotOf(found === undefined ? [] : [found])
    }

    /** The lists, counts and aggregates of one entity. */
    query(target: unknown): StatsSnapshot {
        const found = this.#find(target)
        return snapshotOf(found === undefined ? [] : [found.lists])
    }

    /** The values of a region, and all entities that are added up under its name, see `@Cached({ region })`. */
    region(name: string): StatsSnapshot {
        const values = this.#values.get(name)
        return snapshotOf([...(values === undefined ? [] : [values]), ...this.#counters((it) => it.region === name)])
    }

    /** Back to zero. */
    reset(): void {
        for (const counter of [this.store, this.queries, ...this.#values.values(), ...this.#counters(() => true)])
            counter.reset()
    }

    /**
     * The counters of an entity, made with the first call.
     *
     * @param name of the entity; the other ways to say it go into `targets`
     * @internal
     */
    countersOf(name: string, region: string, targets: readonly unknown[]): EntityCounters {
        let counters = this.#entities.get(name)
        if (counters === undefined)
            this.#entities.set(
                name,
                (counters = { rows: new StatsCounter(), lists: new StatsCounter(), relations: new Map(), region }),
            )
        for (const target of targets) this.#targets.set(target, name)
        return counters
    }

    /** The counter of a region's values. @internal */
    valuesOf(region: string): StatsCounter {
        let counter = this.#values.get(region)
        if (counter === undefined) this.#values.set(region, (counter = new StatsCounter()))
        return counter
    }

    #find(target: unknown): EntityCounters | undefined {
        const schemaName = (target as { options?: { name?: unknown } } | null)?.options?.name
        return this.#entities.get(this.#targets.get(target) ?? schemaName ?? target)
    }

    *#counters(wanted: (counters: EntityCounters) => boolean): Generator<StatsCounter> {
        for (const counters of this.#entities.values()) {
            if (wanted(counters)) yield* countersIn(counters)
        }
    }
}

function countersIn({ rows, lists, relations }: EntityCounters): StatsCounter[] {
    return [rows, lists, ...relations.values()]
}
