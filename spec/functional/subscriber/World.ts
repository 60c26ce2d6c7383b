import { expect } from "chai"
import { CachedRepository, SecondLevelCache, type SecondLevelCacheOptions } from "typeorm-second-level-cache"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import { type DataSource, type EntityTarget, type ObjectLiteral, Repository } from "typeorm"
import type { TestDatabase, TestDataSourceOptions } from "../../support/databases"
import { QueryRecorder } from "../../support/QueryRecorder"
import type { TestStore } from "../../support/stores"
import type { Probe } from "./probes"

/** What a world is made with, beside its entities. */
export interface WorldOptions {
    readonly cache?: SecondLevelCacheOptions
    readonly dataSource?: Partial<TestDataSourceOptions>
    /** Subscribers of the application, behind the cache's own. */
    readonly subscribers?: readonly (new () => object)[]
}

/** Answers by the names of the probes. */
export type Answers = ReadonlyMap<string, unknown>

/** A DataSource with a cache, its SQL and its store's commands recorded. */
export class World {
    readonly dataSource: DataSource
    readonly cache: SecondLevelCache
    readonly store: FaultyStore
    readonly sql: QueryRecorder

    /** Opens a world on an empty database of its own. {@link close} it in a hook. */
    static async open(
        database: TestDatabase,
        store: TestStore,
        entities: TestDataSourceOptions["entities"],
        options: WorldOptions = {},
    ): Promise<World> {
        const faulty = new FaultyStore(store.create())
        const cache = new SecondLevelCache({ store: faulty, prefix: store.prefix(), ...options.cache })
        const sql = new QueryRecorder()
        const dataSource = await database.createDataSource({
            entities,
            logger: sql,
            ...options.dataSource,
            subscribers: [...(options.subscribers ?? []), cache.subscriber] as never,
        })
        return new World(dataSource, cache, faulty, sql)
    }

    private constructor(dataSource: DataSource, cache: SecondLevelCache, store: FaultyStore, sql: QueryRecorder) {
        this.dataSource = dataSource
        this.cache = cache
        this.store = store
        this.sql = sql
    }

    cached<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): CachedRepository<Entity> {
        return new CachedRepository(target, this.dataSource.manager)
    }

    plain<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): Repository<Entity> {
        return new Repository(target, this.dataSource.manager)
    }

    /** What the database says. */
    fromDatabase(probes: readonly Probe[]): Promise<Answers> {
        return answers(probes, (probe) => this.plain(probe.target))
    }

    /** What the cache says. */
    fromCache(probes: readonly Probe[]): Promise<Answers> {
        return answers(probes, (probe) => this.cached(probe.target))
    }

    /** Fills the cache with every answer, and sees that it gives them without the database. */
    async prime(probes: readonly Probe[]): Promise<Answers> {
        await this.fromCache(probes)
        return this.sql.expectQueries(0, () => this.fromCache(probes))
    }

    /** Fails unless every cached read answers as the database does now. */
    async expectFresh(probes: readonly Probe[]): Promise<Answers> {
        const expected = await this.fromDatabase(probes)
        const actual = await this.fromCache(probes)
        for (const [name, answer] of expected) expect(actual.get(name), `cached ${name}`).to.deep.equal(answer)
        return expected
    }

    /** The names of the probes that the cache answers without the database. */
    async hits(probes: readonly Probe[]): Promise<string[]> {
        const found: string[] = []
        for (const probe of probes) {
            const sent = await this.sql.during(() => probe.read(this.cached(probe.target)))
            if (sent.length === 0) found.push(probe.name)
        }
        return found
    }

    /** The store's commands while the function ran, reads and fills left out. */
    async invalidations(run: () => unknown): Promise<string[]> {
        const start = this.store.calls.length
        await run()
        return this.store.calls
            .slice(start)
            .map(({ method }) => method)
            .filter((method) => method === "fence" || method === "release")
    }

    async close(): Promise<void> {
        if (this.dataSource.isInitialized) await this.dataSource.destroy()
        await this.cache.close()
    }
}

async function answers(
    probes: readonly Probe[],
    repositoryOf: (probe: Probe) => Repository<ObjectLiteral>,
): Promise<Answers> {
    const found = new Map<string, unknown>()
    for (const probe of probes) found.set(probe.name, await probe.read(repositoryOf(probe)))
    return found
}
