import { type DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral, Repository } from "typeorm"
import {
    CachedRepository,
    MemoryStore,
    SecondLevelCache,
    type SecondLevelCacheOptions,
    type CacheStore,
} from "typeorm-second-level-cache"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import { sqliteBackend } from "../../support/database/sqliteBackend"
import { TestDatabase, type TestStore } from "../../support/databases"
import { ENTITIES } from "../../support/entity"
import { QueryRecorder } from "../../support/QueryRecorder"
import { expectSame } from "../hydration/expectSame"

/** A DataSource with a cache, and a plain view of the same tables. */
export class OpenCache {
    readonly recorder: QueryRecorder
    readonly store: FaultyStore
    readonly cache: SecondLevelCache
    readonly dataSource: DataSource
    /** The store behind {@link store}, for calls that are not counted. */
    readonly inner: CacheStore

    constructor(parts: Pick<OpenCache, "recorder" | "store" | "inner" | "cache" | "dataSource">) {
        this.recorder = parts.recorder
        this.store = parts.store
        this.cache = parts.cache
        this.dataSource = parts.dataSource
        this.inner = parts.inner
    }

    cached<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): CachedRepository<Entity> {
        return new CachedRepository(target, this.dataSource.manager)
    }

    plain<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): Repository<Entity> {
        return new Repository(target, this.dataSource.manager)
    }

    /** Runs a read that must send no SQL. */
    async hit<T>(read: () => T): Promise<Awaited<T>> {
        await this.settled()
        return this.recorder.expectQueries(0, read)
    }

    /** Runs a read that must send one statement. */
    async miss<T>(read: () => T): Promise<Awaited<T>> {
        await this.settled()
        return this.recorder.expectQueries(1, read)
    }

    /** Runs a read that must go to the database. */
    async load<T>(read: () => T): Promise<Awaited<T>> {
        await this.settled()
        const results: Awaited<T>[] = []
        const sent = await this.recorder.during(async () => results.push(await read()))
        if (sent.length === 0) throw new Error("the read was answered without SQL")
        return results[0] as Awaited<T>
    }

    /**
     * What was written is known to the store: TypeORM 0.3 does not wait for the subscribers of a statement on MySQL, and
     * what is read while the invalidation is under way is not stored.
     */
    async settled(): Promise<void> {
        await this.inner.read(["-"], [])
        // its answer may have come in one piece with that of the invalidation, whose followers have yet to run
        await new Promise((resolve) => setImmediate(resolve))
    }

    /** Empties everything: the cache, its counters, the recorder. */
    async reset(): Promise<void> {
        await this.cache.clear()
        this.cache.stats.reset()
        this.store.reset()
        this.recorder.clear()
    }

    /**
     * The first read sends what a plain repository sends, the second nothing, and neither result can be told from the
     * plain one.
     *
     * @param statements of the first read, where it takes relations apart
     */
    async expectCached<Entity extends ObjectLiteral, T>(
        target: EntityTarget<Entity>,
        read: (repository: Repository<Entity>) => Promise<T>,
        statements?: number,
    ): Promise<T> {
        const fresh: T[] = []
        const count = (await this.recorder.during(async () => fresh.push(await read(this.plain(target))))).length
        expectSame(
            await this.recorder.expectQueries(statements ?? count, () => read(this.cached(target))),
            fresh[0],
            "first read",
        )
        const second = await this.hit(() => read(this.cached(target)))
        expectSame(second, fresh[0], "second read")
        return second
    }

    /** Two reads go to the database, and nothing is stored. */
    async expectBypassed<T>(read: () => Promise<T>): Promise<void> {
        this.store.reset()
        for (let i = 0; i < 2; i++) {
            const sent = await this.recorder.during(read, { transactionControl: false })
            if (sent.length === 0) throw new Error("the read was answered without SQL")
        }
        const used = this.store.calls.filter(({ method }) => method === "read" || method === "write")
        if (used.length > 0) throw new Error(`the store was asked: ${JSON.stringify(used)}`)
    }
}

/** Opens a DataSource with its own cache; call it in a hook or a spec. */
export async function openCache(
    database: TestDatabase,
    store: TestStore,
    {
        cache: options = {},
        queryCache,
        entities = ENTITIES,
        ...dataSource
    }: {
        cache?: SecondLevelCacheOptions
        /** The DataSource's own option `cache`. */
        queryCache?: (cache: SecondLevelCache) => DataSourceOptions["cache"]
        entities?: unknown
        [option: string]: unknown
    } = {},
): Promise<OpenCache> {
    const recorder = new QueryRecorder()
    // a time-out on a busy machine would change what a spec counts
    const inner = options.store ?? store.create()
    const faulty = new FaultyStore(inner)
    const cache = new SecondLevelCache({ prefix: store.prefix(), storeTimeout: "20s", ...options, store: faulty })
    return new OpenCache({
        recorder,
        store: faulty,
        inner,
        cache,
        dataSource: await database.createDataSource({
            logger: recorder,
            ...dataSource,
            ...(queryCache === undefined ? {} : { cache: queryCache(cache) }),
            entities: entities as typeof ENTITIES,
            subscribers: [cache.subscriber],
        }),
    })
}

const sqlite = new TestDatabase(sqliteBackend)

/** The same in this process alone, for rules that no database and no store has a part in. Ended by {@link closeLocalCaches}. */
export function openLocalCache(options: Parameters<typeof openCache>[2] = {}): Promise<OpenCache> {
    const store: TestStore = { name: "memory", create: () => new MemoryStore(), prefix: () => "local" }
    return openCache(sqlite, store, options)
}

/** To be called after each spec, or after all, that used {@link openLocalCache}. */
export const closeLocalCaches = (): Promise<void> => sqlite.cleanUp()
