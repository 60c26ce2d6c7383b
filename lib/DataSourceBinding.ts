import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import type { Invalidator } from "./cache/Invalidator"
import type { ReadThrough } from "./cache/ReadThrough"
import type { StoreGate } from "./cache/StoreGate"
import { OpenTransactions } from "./invalidation/OpenTransactions"
import { TableGraph } from "./invalidation/TableGraph"
import type { KeyScheme } from "./key/KeyScheme"
import { tableName } from "./key/tableName"
import { CacheMetadata, type CacheDefaults } from "./metadata/CacheMetadata"
import { cachedRelationOptionsOf, checkCachedRelations } from "./metadata/CachedRelationMetadata"
import { QueryCache } from "./query/QueryCache"
import { DatabaseLoader } from "./repository/DatabaseLoader"
import { EntityReader } from "./repository/EntityReader"
import type { Access, EntityReaders } from "./repository/EntityReaders"
import { LazyRelations } from "./repository/LazyRelations"
import type { CachedRelations } from "./repository/RelationBranches"
import { dialectOf } from "./sql/SqlDialect"
import { IsolationLevels } from "./subscriber/IsolationLevels"
import { ReadTracker } from "./subscriber/ReadTracker"
import { WriteTracker } from "./subscriber/WriteTracker"
import type { CacheLog } from "./telemetry/CacheLogger"
import type { CacheStats } from "./telemetry/CacheStats"
import { StatsCounter } from "./telemetry/StatsCounter"

/** A line of the log names this many dirty tags. */
const MOST_NAMED = 10

/** What a binding takes from its cache. */
export interface BindingParts {
    readonly keys: KeyScheme
    readonly cache: ReadThrough
    readonly gate: StoreGate
    readonly invalidator: Invalidator
    readonly stats: CacheStats
    readonly log: CacheLog
    readonly defaults: CacheDefaults
    readonly maxSize: number
    readonly transactionReads: "bypass" | "until-dirty"
    readonly rawSql: "invalidate" | "throw" | "ignore"
    readonly isEnabled: () => boolean
    readonly jitter: (ttl: number | undefined) => number | undefined
}

/** A cache and one initialised DataSource: its tables, its readers, the follower of its writes. */
export class DataSourceBinding implements EntityReaders {
    readonly dataSource: DataSource
    /** Belongs to the binding: `initialize()` makes metadata anew. */
    readonly metadatas: readonly EntityMetadata[]
    readonly graph: TableGraph
    readonly tracker: WriteTracker
    readonly reads: ReadTracker
    readonly queries: QueryCache
    readonly #parts: BindingParts
    readonly #loader: DatabaseLoader
    readonly #isolation: IsolationLevels | undefined
    readonly #readers = new Map<EntityMetadata, EntityReader>()
    readonly #declared = new Map<EntityMetadata, CacheMetadata>()

    constructor(dataSource: DataSource, parts: BindingParts) {
        this.dataSource = dataSource
        this.metadatas = dataSource.entityMetadatas
        this.#parts = parts
        this.graph = new TableGraph(dataSource)
        const transactions = new OpenTransactions()
        this.#isolation = parts.transactionReads === "until-dirty" ? new IsolationLevels() : undefined
        this.#loader = new DatabaseLoader(dataSource, transactions)
        LazyRelations.install(dataSource, this.#relationOf, parts.isEnabled)
        const dialect = dialectOf(dataSource.options.type)
        const { keys, cache, gate, invalidator, stats, log, isEnabled, jitter } = parts
        const hasReplicas = (dataSource.options as { replication?: unknown }).replication !== undefined
        this.reads = new ReadTracker({ graph: this.graph, transactions, hasReplicas, dialect, keys, gate, cache })
        this.queries = new QueryCache({
            dataSource,
            dialect,
            graph: this.graph,
            keys,
            cache,
            gate,
            invalidator,
            transactions,
            stats: stats.queries,
            log,
            version: parts.defaults.version,
            isEnabled,
            jitter,
        })
        this.tracker = new WriteTracker({
            graph: this.graph,
            dialect,
            keys: parts.keys,
            invalidator: parts.invalidator,
            transactions,
            log: parts.log,
            isolation: this.#isolation,
            rawSql: parts.rawSql,
            onDirty: (tags) => this.#dirtied(tags),
        })
    }

    readerOf<Entity extends ObjectLiteral>(metadata: EntityMetadata): EntityReader<Entity> {
        let reader = this.#readers.get(metadata)
        if (reader === undefined) {
            const declared = this.#declarationOf(metadata)
            const { rows, lists, relations } = this.#parts.stats.countersOf(metadata.name, declared.region, [
                metadata.target,
                metadata.tableName,
            ])
            reader = new EntityReader(
                declared,
                {
                    dataSource: this.dataSource,
                    keys: this.#parts.keys,
                    cache: this.#parts.cache,
                    loader: this.#loader,
                    log: this.#parts.log,
                    jitter: this.#parts.jitter,
                    maxSize: this.#parts.maxSize,
                    rowStats: rows,
                    listStats: lists,
                    relationStats: (relation) => {
                        let counter = relations.get(relation)
                        if (counter === undefined) relations.set(relation, (counter = new StatsCounter()))
                        return counter
                    },
                    dependsOn: this.#dependsOn,
                    extraTables: this.#extraTables,
                },
                this.#relationOf,
            )
            this.#readers.set(metadata, reader)
        }
        return reader as unknown as EntityReader<Entity>
    }

    accessOf(manager: EntityManager): Access | Promise<Access> {
        if (!this.#parts.isEnabled()) return "the cache is switched off"
        const { queryRunner } = manager
        if (queryRunner === undefined || queryRunner.isReleased) return undefined
        if (!queryRunner.isTransactionActive) return "the manager has a query runner of its own"
        if (this.#isolation === undefined) return "inside a transaction"
        const isReadCommitted = this.#isolation.isReadCommitted(queryRunner)
        if (isReadCommitted instanceof Promise) return isReadCommitted.then((known) => this.#within(queryRunner, known))
        return this.#within(queryRunner, isReadCommitted)
    }

    #within(runner: QueryRunner, isReadCommitted: boolean): Access {
        return isReadCommitted
            ? { runner, ...this.tracker.viewOf(runner) }
            : "inside a transaction that is not at READ COMMITTED"
    }

    async invalidate(tags: readonly string[]): Promise<void> {
        await this.#parts.invalidator.invalidate(tags)
    }

    check(metadata: EntityMetadata): void {
        this.#declarationOf(metadata)
        checkCachedRelations(metadata)
        for (const relation of metadata.relations) this.#relationOf(metadata, relation)
    }

    /** The entities that are decorated and switched on. @throws CacheError when a declaration cannot be kept */
    cachedEntities(): EntityMetadata[] {
        // a relation may be cached where its entity is not
        for (const metadata of this.metadatas) this.check(metadata)
        return this.metadatas.filter((metadata) => this.#declarationOf(metadata).enabled)
    }

    #declarationOf(metadata: EntityMetadata): CacheMetadata {
        let declared = this.#declared.get(metadata)
        if (declared === undefined)
            this.#declared.set(metadata, (declared = new CacheMetadata(metadata, this.#parts.defaults)))
        return declared
    }

    readonly #relationOf: CachedRelations = (owner, relation) => {
        if (cachedRelationOptionsOf(relation, owner) === undefined) return undefined
        const reader = this.readerOf(owner).relation(relation)
        return reader.metadata.enabled ? reader : undefined
    }

    readonly #dependsOn = (metadata: EntityMetadata): readonly EntityMetadata[] | undefined =>
        this.#declarationOf(metadata).dependsOn?.flatMap((target) =>
            this.dataSource.hasMetadata(target) ? [this.dataSource.getMetadata(target)] : [],
        )

    readonly #extraTables = (metadata: EntityMetadata): readonly string[] =>
        (this.#declarationOf(metadata).dependsOn ?? []).flatMap((target) =>
            typeof target === "string" && !this.dataSource.hasMetadata(target) ? [target] : [],
        )

    #dirtied(tags: ReadonlySet<string>): void {
        const { log } = this.#parts
        if (log.enabled("write"))
            log.write("write", {
                level: "debug",
                action: "dirty",
                subject: `${tags.size} tags`,
                key: [...tags].slice(0, MOST_NAMED).join(" "),
            })
        for (const metadata of this.#readers.keys())
            if (tags.has(this.#parts.keys.table(tableName(metadata)))) this.#readers.get(metadata)!.invalidated()
    }
}
