import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from "typeorm"
import { Freshness } from "./cache/Freshness"
import { Invalidator } from "./cache/Invalidator"
import { ReadThrough } from "./cache/ReadThrough"
import { StoreGate } from "./cache/StoreGate"
import { DataSourceBinding } from "./DataSourceBinding"
import { CacheError } from "./error/CacheError"
import { EntityValueCodec } from "./hydration/EntityValueCodec"
import { wideLinkTags } from "./invalidation/linkTags"
import { KeyScheme } from "./key/KeyScheme"
import { rowIdOf } from "./key/rowId"
import { bareTableName, tableName } from "./key/tableName"
import { cachedRelationOptionsOf } from "./metadata/CachedRelationMetadata"
import { liveCaches } from "./metadata/liveCaches"
import { subscriberCache } from "./metadata/subscriberCache"
import { queryResultCache, type QueryResultCacheProvider } from "./query/queryResultCache"
import { CachedRepository } from "./repository/CachedRepository"
import { relationNamed } from "./repository/checkOwner"
import { readersOf, type EntityReaders, type EntityReaderSource } from "./repository/EntityReaders"
import { RelationEntries } from "./RelationEntries"
import { breakerOf, checkSecondLevelCacheOptions, type SecondLevelCacheOptions } from "./SecondLevelCacheOptions"
import { JsonSerializer } from "./serializer/JsonSerializer"
import type { CacheStore } from "./store/CacheStore"
import { MemoryStore } from "./store/MemoryStore"
import { createSubscriber, type CacheSubscriberClass } from "./subscriber/createSubscriber"
import { CacheLog, describeEvent } from "./telemetry/CacheLogger"
import { CacheStats } from "./telemetry/CacheStats"
import { systemClock } from "./util/Clock"
import { describe } from "./util/describe"
import type { CacheRegion, GetOrSetOptions, ValueOptions } from "./value/CacheRegion"
import { queryKey, type KeyedQuery } from "./value/queryKey"
import { Regions, type RegionOptions } from "./value/Regions"
import { warm, type WarmOptions, type WarmReport } from "./util/warm"
import { toMilliseconds } from "./util/duration"
import { freshnessOf, PLAIN_FRESHNESS } from "./util/FreshnessOptions"

/**
 * A second-level cache for one DataSource. Put its {@link subscriber} into the DataSource's `subscribers`, read through
 * `CachedRepository` (or {@link attach} it), and writes through the DataSource invalidate what they change, after commit.
 *
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 *
 * @example
 * const cache = new SecondLevelCache({ ttl: "5m" })
 * const dataSource = new DataSource({ type: "postgres", url, entities: [Author], subscribers: [cache.subscriber] })
 */
export class SecondLevelCache {
    /** The class to put into the DataSource's `subscribers`. */
    readonly subscriber: CacheSubscriberClass
    /** What the cache has done. */
    readonly stats = new CacheStats()
    /** `false` switches the cache off at run time: reads go to the database. Writes still invalidate, so that it may be switched on again. */
    enabled: boolean
    readonly #keys: KeyScheme
    readonly #store: CacheStore
    readonly #gate: StoreGate
    readonly #cache: ReadThrough
    readonly #log = new CacheLog()
    readonly #invalidator: Invalidator
    readonly #newBinding: (dataSource: DataSource) => DataSourceBinding
    readonly #regions: Regions
    readonly #bindings = new WeakMap<DataSource, DataSourceBinding>()
    #served: DataSource | undefined
    #closed = false

    constructor(options: SecondLevelCacheOptions = {}) {
        checkSecondLevelCacheOptions(options)
        const clock = options.clock ?? systemClock
        const { fence = true, ttlJitter = 0.1 } = options
        if (options.logger !== undefined) this.#log.add(options.logger, true)
        this.enabled = options.enabled ?? true
        this.#keys = new KeyScheme(options.prefix ?? "slc")
        this.#store = options.store ?? new MemoryStore({ clock })
        this.#gate = new StoreGate(
            this.#store,
            { timeout: toMilliseconds(options.storeTimeout ?? 500, "storeTimeout"), breaker: breakerOf(options) },
            clock,
            this.#log,
            this.stats.store,
        )
        this.#invalidator = new Invalidator(this.#gate, clock, this.#log, {
            fences: fence !== false,
            fenceDuration: toMilliseconds(typeof fence === "boolean" ? 30_000 : fence, "fence"),
            onStoreFailure: options.onStoreFailure ?? "continue",
        })
        const serializer = options.serializer ?? new JsonSerializer()
        const freshness = freshnessOf(options, PLAIN_FRESHNESS, "SecondLevelCache")
        this.#store.useSerializer?.(serializer)
        this.#cache = new ReadThrough(
            this.#gate,
            serializer,
            this.#invalidator.held,
            clock,
            this.#log,
            new Freshness(clock, freshness),
        )
        const defaults = {
            ttl: options.ttl === null ? undefined : toMilliseconds(options.ttl ?? 300_000, "ttl"),
            version: `${options.version ?? ""}.${serializer.name}`,
            freshness,
        }
        const shared = {
            keys: this.#keys,
            cache: this.#cache,
            gate: this.#gate,
            invalidator: this.#invalidator,
            log: this.#log,
            isEnabled: () => this.enabled && !this.#closed,
            jitter: (ttl: number | undefined) =>
                ttl === undefined ? undefined : Math.max(1, Math.ceil(ttl * (1 - Math.random() * ttlJitter))),
        }
        this.#newBinding = (dataSource) =>
            new DataSourceBinding(dataSource, {
                ...shared,
                stats: this.stats,
                defaults,
                maxSize: options.maxSize ?? Infinity,
                transactionReads: options.transactionReads ?? "bypass",
                rawSql: options.rawSql ?? "invalidate",
            })
        this.#regions = new Regions({
            ...shared,
            ...defaults,
            codec: new EntityValueCodec(() => this.#served),
            statsOf: (region) => this.stats.valuesOf(region),
        })
        liveCaches().add(this)
        // Not "implements": the declarations are built without readersOf(), which is internal.
        this.subscriber = createSubscriber(this satisfies EntityReaderSource, {
            trackerOf: (dataSource) => (this.#closed ? undefined : this.#bindingOf(dataSource).tracker),
            readsOf: (dataSource) => (this.#closed ? undefined : this.#bindingOf(dataSource).reads),
            onHookError: (error) =>
                this.#log.write("write", { level: "warn", action: "error", subject: "subscriber", error }),
        })
    }

    /**
     * Makes the DataSource's own repositories of `@Cached` entities read through the cache: `getRepository()`, the
     * statics of `BaseEntity`, repositories that a framework injects. Repositories inside a transaction stay plain.
     *
     * @throws CacheError `E_NO_SUBSCRIBER`, `E_SECOND_CACHE`, `E_NOT_CACHEABLE`; `E_OPTION` before `initialize()`
     */
    attach(dataSource: DataSource): void {
        if (!dataSource.isInitialized)
            throw new CacheError("E_OPTION", "The DataSource is not initialized.", {
                advice: "Call attach() after initialize().",
            })
        if (readersOf(dataSource) !== this.readersOf(dataSource))
            throw new CacheError("E_SECOND_CACHE", "The DataSource has the subscriber of another cache.", {
                advice: "Attach the cache whose subscriber it has.",
            })
        const { manager } = dataSource
        const { repositories } = manager as unknown as { repositories: Map<unknown, unknown> }
        for (const metadata of this.#bindingOf(dataSource).cachedEntities()) {
            const repository = new CachedRepository(metadata.target, manager)
            const names = [metadata.name, metadata.tableName, metadata.tablePath].filter(
                (name) => dataSource.hasMetadata(name) && dataSource.getMetadata(name) === metadata,
            )
            for (const target of [metadata.target, ...schemasOf(dataSource, metadata.name), ...names])
                repositories.set(target, repository)
        }
    }

    /**
     * Invalidates everything that depends on an entity, or on some of its rows: for writes that the DataSource did not
     * make. Resolves when the store has it; while the store is away this process reads the entity from the database.
     *
     * @param target as TypeORM takes it, or a table name
     * @param id of a row, or a list of ids: values, or maps of a composite key
     * @throws CacheError `E_UNKNOWN_ENTITY`
     */
    async invalidate(target: EntityTarget<ObjectLiteral>, id?: unknown): Promise<void> {
        const metadata = typeof target === "string" ? this.#find(target) : this.#entity(target)
        const table = metadata === undefined ? (target as string) : tableName(metadata)
        const tags = [this.#keys.table(table)]
        for (const one of id === undefined ? [undefined] : Array.isArray(id) ? (id as unknown[]) : [id]) {
            const row = metadata === undefined || one === undefined ? undefined : rowIdOf(metadata, one)
            tags.push(row === undefined ? this.#keys.rows(table) : this.#keys.row(table, row))
        }
        // the row may have come to any owner
        if (this.#served !== undefined)
            tags.push(...wideLinkTags(bareTableName(table), this.#bindingOf(this.#served).graph.links, this.#keys))
        await this.#invalidator.invalidate(tags)
    }

    /**
     * The entries of a relation, by hand.
     *
     * @param target as TypeORM takes it
     * @param name the path of the relation's property
     * @throws CacheError `E_UNKNOWN_ENTITY`, `E_UNKNOWN_RELATION`
     *
     * @example
     * const books = cache.relation(Author, "books")
     * await books.delete(author)
     */
    relation(target: EntityTarget<ObjectLiteral>, name: string): RelationEntries {
        const metadata = this.#entity(target)
        const binding = this.#bindingOf(this.#served!)
        const relation = relationNamed(metadata, name)
        if (cachedRelationOptionsOf(relation, metadata) === undefined)
            throw new CacheError("E_UNKNOWN_RELATION", `${metadata.name}.${name} has no @CachedRelation.`, {
                advice: "Decorate it; there are no entries of other relations.",
            })
        return new RelationEntries(binding.readerOf(metadata).relation(relation), (tags) => binding.invalidate(tags))
    }

    /**
     * Invalidates everything that carries one of these tags, such as the `id` of a find's `cache` option.
     *
     * @throws CacheError `E_OPTION`
     */
    async invalidateTags(tags: readonly string[]): Promise<void> {
        if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string" && tag !== ""))
            throw new CacheError("E_OPTION", `invalidateTags takes a list of tags, not ${describe(tags)}.`, {
                advice: `Write invalidateTags(["home"]).`,
            })
        await this.#invalidator.invalidate((tags as readonly string[]).map((tag) => this.#keys.user(tag)))
    }

    /**
     * What is stored under a name, or `undefined`.
     *
     * @throws CacheError `E_OPTION` for a name that is none
     */
    get<T = unknown>(name: string): Promise<T | undefined> {
        return this.#regions.own.get<T>(name)
    }

    /** True when something is stored under a name, be it `undefined`. */
    has(name: string): Promise<boolean> {
        return this.#regions.own.has(name)
    }

    /** Stores a value: see {@link CacheRegion.set}. @throws CacheError `E_SERIALIZE`, `E_OPTION` */
    set(name: string, value: unknown, options?: ValueOptions): Promise<void> {
        return this.#regions.own.set(name, value, options)
    }

    /**
     * What is stored under a name, or what the loader gives: see {@link CacheRegion.getOrSet}.
     *
     * @example
     * await cache.getOrSet("dashboard", () => repository.count(), { ttl: "10m" })
     */
    getOrSet<T>(name: string, loader: () => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
        return this.#regions.own.getOrSet(name, loader, options)
    }

    /** Removes values; the number of those that were there. */
    delete(names: string | readonly string[]): Promise<number> {
        return this.#regions.own.delete(names)
    }

    /** Removes the values whose names match: see {@link CacheRegion.deletePattern}. @throws CacheError `E_OPTION` */
    deletePattern(pattern: string): Promise<number> {
        return this.#regions.own.deletePattern(pattern)
    }

    /** A name for what a query builder asks: `query:<hash of SQL and parameters>:v1`. @throws CacheError `E_OPTION` */
    keyOf(query: KeyedQuery): string {
        return queryKey(query)
    }

    /**
     * A part of the cache with its own ttl, size and statistics, made with the first call.
     *
     * @throws CacheError `E_OPTION` for options other than those it was made with
     */
    region(name: string, options?: RegionOptions): CacheRegion {
        return this.#regions.of(name, options)
    }

    /** Runs tasks that read through the cache, some at a time; one that fails stops no other. @throws CacheError `E_OPTION` */
    warm(tasks: Iterable<() => unknown>, options?: WarmOptions): Promise<WarmReport> {
        return warm(tasks, options)
    }

    /**
     * Provider of TypeORM's own query cache, for `find({ cache })` and `qb.cache()`: the same store, and invalidated.
     *
     * @example
     * new DataSource({ type: "postgres", url, subscribers: [cache.subscriber], cache: { provider: cache.queryResultCache } })
     */
    readonly queryResultCache = (dataSource: DataSource): QueryResultCacheProvider =>
        queryResultCache(dataSource, (served) => {
            if (this.#closed) return undefined
            // without the subscriber nothing would be invalidated
            readersOf(served)
            return this.#bindingOf(served).queries
        })

    /** A region that was made; the cache's own values without a name. @throws CacheError `E_OPTION` */
    definedRegion(name: string | undefined): CacheRegion {
        return this.#regions.defined(name)
    }

    /** Empties the cache: every entry under its prefix and nothing else. @throws CacheError when the store fails */
    async clear(): Promise<void> {
        for (const range of this.#keys.ranges) {
            const failure = await this.#gate.clear(range)
            if (failure instanceof CacheError) throw failure
        }
    }

    /**
     * Ends the cache: no timer and no connection of its own stays behind. Reads go to the database from here on and
     * writes no longer invalidate, so close it after the DataSource.
     */
    async close(): Promise<void> {
        if (this.#closed) return
        this.#closed = true
        liveCaches().delete(this)
        this.#gate.close()
        this.#cache.close()
        await this.#invalidator.close()
        await this.#store.close()
    }

    /** @internal */
    readersOf(dataSource: DataSource): EntityReaders {
        if (this.#served !== undefined && this.#served !== dataSource && this.#served.isInitialized)
            throw new CacheError("E_SECOND_CACHE", "The cache already serves another DataSource.", {
                advice: "Make a SecondLevelCache for each DataSource; they may share a store under different prefixes.",
            })
        this.#served = dataSource
        return this.#bindingOf(dataSource)
    }

    #find(target: EntityTarget<ObjectLiteral>): EntityMetadata | undefined {
        return this.#served?.hasMetadata(target) === true ? this.#served.getMetadata(target) : undefined
    }

    #entity(target: EntityTarget<ObjectLiteral>): EntityMetadata {
        const metadata = this.#find(target)
        if (metadata !== undefined) return metadata
        if (this.#served === undefined)
            throw new CacheError(
                "E_UNKNOWN_ENTITY",
                `The cache knows no DataSource yet, nor the entity ${describe(target)}.`,
                { advice: "Call attach() after initialize(), make a CachedRepository, or give the table's name." },
            )
        throw new CacheError("E_UNKNOWN_ENTITY", `${describe(target)} is no entity of the cache's DataSource.`, {
            advice: "Name an entity of the DataSource whose subscribers have cache.subscriber.",
        })
    }

    #bindingOf(dataSource: DataSource): DataSourceBinding {
        let binding = this.#bindings.get(dataSource)
        if (binding === undefined || binding.metadatas !== dataSource.entityMetadatas) {
            if (binding === undefined) this.#logTo(dataSource)
            putFirst(dataSource, this)
            this.#bindings.set(dataSource, (binding = this.#newBinding(dataSource)))
            this.#served ??= dataSource
        }
        return binding
    }

    #logTo(dataSource: DataSource): void {
        const { logging } = dataSource.options
        const verbose = logging === true || logging === "all" || (Array.isArray(logging) && logging.includes("info"))
        this.#log.add(
            {
                log: (event) => {
                    dataSource.logger.log(
                        event.level === "warn" ? "warn" : "info",
                        `second-level cache: ${describeEvent(event)}`,
                    )
                },
            },
            verbose,
        )
    }
}

/**
 * A subscriber that throws keeps those behind it from being called, after a COMMIT as well: ours goes first. The list is
 * replaced, not changed, because TypeORM may be walking through it.
 */
function putFirst(dataSource: DataSource, cache: object): void {
    const isOurs = (subscriber: object): boolean => subscriberCache(subscriber) === cache
    const { subscribers } = dataSource
    Object.assign(dataSource, {
        subscribers: [...subscribers.filter(isOurs), ...subscribers.filter((it) => !isOurs(it))],
    })
}

/** The `EntitySchema` objects of the DataSource under this name: they are targets as well. */
function schemasOf(dataSource: DataSource, name: string): unknown[] {
    return Object.values(dataSource.options.entities ?? {}).filter(
        (it: unknown) => (it as { options?: { name?: unknown } } | undefined)?.options?.name === name,
    )
}
