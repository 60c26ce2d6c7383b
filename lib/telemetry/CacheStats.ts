import { snapshotOf, StatsCounter, type StatsSnapshot } from "./StatsCounter"

/** The counters of one entity. */
export interface EntityCounters {
    readonly rows: StatsCounter
    readonly lists: StatsCounter
    /** The name that the entity's counts are added up under. */
    readonly region: string
}

/** What the cache has done, by entity and region. Every answer is a snapshot that no longer moves. */
export class CacheStats {
    /** Failures that belong to no entity. @internal */
    readonly store = new StatsCounter()
    readonly #entities = new Map<unknown, EntityCounters>()
    readonly #targets = new Map<unknown, unknown>()

    /** Everything together. */
    total(): StatsSnapshot {
        return snapshotOf([this.store, ...this.#counters(() => true)])
    }

    /** All reads of one entity: rows, lists, counts and aggregates. Takes what TypeORM takes as a target. */
    entity(target: unknown): StatsSnapshot {
        const found = this.#find(target)
        return snapshotOf(found === undefined ? [] : [found.rows, found.lists])
    }

    /** The lists, counts and aggregates of one entity. */
    query(target: unknown): StatsSnapshot {
        const found = this.#find(target)
        return snapshotOf(found === undefined ? [] : [found.lists])
    }

    /** All entities of a region, see `@Cached({ region })`. */
    region(name: string): StatsSnapshot {
        return snapshotOf(this.#counters((it) => it.region === name))
    }

    /** Back to zero. */
    reset(): void {
        this.store.reset()
        for (const counter of this.#counters(() => true)) counter.reset()
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
            this.#entities.set(name, (counters = { rows: new StatsCounter(), lists: new StatsCounter(), region }))
        for (const target of targets) this.#targets.set(target, name)
        return counters
    }

    #find(target: unknown): EntityCounters | undefined {
        const schemaName = (target as { options?: { name?: unknown } } | null)?.options?.name
        return this.#entities.get(this.#targets.get(target) ?? schemaName ?? target)
    }

    *#counters(wanted: (counters: EntityCounters) => boolean): Generator<StatsCounter> {
        for (const counters of this.#entities.values()) {
            if (!wanted(counters)) continue
            yield counters.rows
            yield counters.lists
        }
    }
}
