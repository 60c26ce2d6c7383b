import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import { Invalidator } from "./cache/Invalidator"
import { ReadThrough } from "./cache/ReadThrough"
import { StoreGate } from "./cache/StoreGate"
import { DataSourceBinding } from "./DataSourceBinding"
import { CacheError } from "./error/CacheError"
import { KeyScheme } from "./key/KeyScheme"
import { rowIdOf } from "./key/rowId"
import { tableName } from "./key/tableName"
import { subscriberCache } from "./metadata/subscriberCache"
import { CachedRepository } from "./repository/CachedRepository"
import { readersOf, type EntityReaders, type EntityReaderSource } from "./repository/EntityReaders"
import { checkSecondLevelCacheOptions, type SecondLevelCacheOptions } from "./SecondLevelCacheOptions"
import { JsonSerializer } from "./serializer/JsonSerializer"
import type { CacheStore } from "./store/CacheStore"
import { MemoryStore } from "./store/MemoryStore"
import { createSubscriber, type CacheSubscriberClass } from "./subscriber/createSubscriber"
import { CacheLog, describeEvent } from "./telemetry/CacheLogger"
import { CacheStats } from "./telemetry/CacheStats"
import { systemClock } from "./util/Clock"
import { describe, toMilliseconds } from "./util/duration"

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
    readonly #log = new CacheLog()
    readonly #invalidator: Invalidator
    readonly #newBinding: (dataSource: DataSource) => DataSourceBinding
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
            toMilliseconds(options.storeTimeout ?? 500, "storeTimeout"),
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
        const cache = new ReadThrough(this.#gate, serializer, this.#invalidator.held, clock, this.#log)
        this.#newBinding = (dataSource) =>
            new DataSourceBinding(dataSource, {
                keys: this.#keys,
                cache,
                invalidator: this.#invalidator,
                stats: this.stats,
                log: this.#log,
                defaults: {
                    ttl: options.ttl === null ? undefined : toMilliseconds(options.ttl ?? 300_000, "ttl"),
                    version: `${options.version ?? ""}.${serializer.name}`,
                },
                maxSize: options.maxSize ?? Infinity,
                transactionReads: options.transactionReads ?? "bypass",
                rawSql: options.rawSql ?? "invalidate",
                isEnabled: () => this.enabled && !this.#closed,
                jitter: (ttl) =>
                    ttl === undefined ? undefined : Math.max(1, Math.ceil(ttl * (1 - Math.random() * ttlJitter))),
            })
        // Not "implements": the declarations are built without readersOf(), which is internal.
        this.subscriber = createSubscriber(this satisfies EntityReaderSource, {
            trackerOf: (dataSource) => (this.#closed ? undefined : this.#bindingOf(dataSource).tracker),
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
        const dataSource = this.#served
        const metadata = dataSource?.hasMetadata(target) === true ? dataSource.getMetadata(target) : undefined
        if (dataSource === undefined && typeof target !== "string")
            throw new CacheError(
                "E_UNKNOWN_ENTITY",
                `The cache knows no DataSource yet, nor the entity ${describe(target)}.`,
                {
                    advice: "Call attach() after initialize(), make a CachedRepository, or give the table's name.",
                },
            )
        if (metadata === undefined && typeof target !== "string")
            throw new CacheError("E_UNKNOWN_ENTITY", `${describe(target)} is no entity of the cache's DataSource.`, {
                advice: "Name an entity of the DataSource whose subscribers have cache.subscriber.",
            })
        const table = metadata === undefined ? (target as string) : tableName(metadata)
        const tags = [this.#keys.table(table)]
        for (const one of id === undefined ? [undefined] : Array.isArray(id) ? (id as unknown[]) : [id]) {
            const row = metadata === undefined || one === undefined ? undefined : rowIdOf(metadata, one)
            tags.push(row === undefined ? this.#keys.rows(table) : this.#keys.row(table, row))
        }
        await this.#invalidator.invalidate(tags)
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
