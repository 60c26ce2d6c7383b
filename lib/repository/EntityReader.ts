import { In } from "typeorm"
import type {
    DataSource,
    EntityManager,
    EntityMetadata,
    FindManyOptions,
    FindOneOptions,
    FindOptionsWhere,
    ObjectLiteral,
} from "typeorm"
import type { Loaded, ReadThrough } from "../cache/ReadThrough"
import { CacheError } from "../error/CacheError"
import { hydratorOf, type EntityHydrator } from "../hydration/EntityHydrator"
import { hasLoadListeners, hasLoadListenersInGraph } from "../hydration/loadListener"
import { graphFingerprint, schemaFingerprint } from "../hydration/schemaFingerprint"
import { cloneFindOptions } from "../key/cloneFindOptions"
import type { DependsOn } from "../key/EntityReach"
import { planFind, type FindPlan } from "../key/findKey"
import type { KeyScheme } from "../key/KeyScheme"
import { rowKeyOf } from "../key/rowId"
import { pinnedId, rowLookup, uniqueLookup, type RowLookup, type UniqueLookup } from "../key/rowLookup"
import { tableName } from "../key/tableName"
import type { CacheMetadata } from "../metadata/CacheMetadata"
import { decodeValue, encodeValue, type Encoded } from "../serializer/ValueCodec"
import type { TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import { addStats, StatsCounter } from "../telemetry/StatsCounter"
import type { Awaitable } from "../util/Awaitable"
import type { CallCache } from "./CallCache"
import type { DatabaseLoader } from "./DatabaseLoader"
import { entityCodec, listAndCountCodec, listCodec, scalarCodec, type ResultCodec } from "./ResultCodec"
import { UniqueHints } from "./UniqueHints"

/** What a reader works with. */
export interface EntityReaderParts {
    readonly dataSource: DataSource
    readonly keys: KeyScheme
    readonly cache: ReadThrough
    readonly loader: DatabaseLoader
    readonly log: CacheLog
    /** Milliseconds with the jitter in them. */
    readonly jitter: (ttl: number | undefined) => number | undefined
    /** Lists longer than this are not stored. */
    readonly maxSize: number
    /** Counts of the entity's rows. */
    readonly rowStats: StatsCounter
    /** Counts of its lists, counts and aggregates. */
    readonly listStats: StatsCounter
    /** Entities whose tables an entity reads beyond its own. */
    readonly dependsOn: DependsOn
    /** The same for tables that no entity is mapped to. */
    readonly extraTables: (metadata: EntityMetadata) => readonly string[]
}

/** A read as a repository got it. */
export interface FindCall {
    readonly method: string
    readonly options: FindManyOptions | FindOneOptions | undefined
    readonly call: CallCache
}

/** A count, a yes or no, an aggregate. */
export interface ScalarCall<T> extends FindCall {
    /** What else decides the result, such as the column of a sum. */
    readonly extra?: unknown
    /** Runs the read with a manager and options that are its own. */
    readonly run: (manager: EntityManager, options: FindManyOptions) => Promise<T>
}

/** A read that becomes a list entry. */
interface ListRead<T> extends ScalarCall<T> {
    readonly codec: ResultCodec<T>
}

/** Why a read goes to the database as if there were no cache. */
export class Bypass {
    constructor(readonly reason: string) {}
}

/**
 * Reads one entity through the cache: rows by key, everything else as lists. Decides the key, the tags and the life of
 * each entry; how entries are kept consistent is the engine's business.
 */
export class EntityReader<Entity extends ObjectLiteral = ObjectLiteral> {
    readonly metadata: CacheMetadata
    readonly stats: readonly [rows: StatsCounter, lists: StatsCounter]
    readonly #entity: EntityMetadata
    readonly #parts: EntityReaderParts
    readonly #hydrator: EntityHydrator
    readonly #row: ResultCodec<Entity | null>
    readonly #list: ResultCodec<Entity[]>
    readonly #listAndCount: ResultCodec<[Entity[], number]>
    readonly #table: string
    readonly #rowFingerprint: string
    readonly #listFingerprint: string
    readonly #hints = new UniqueHints()
    readonly #hasRows: boolean
    readonly #warned = new Set<string>()

    constructor(metadata: CacheMetadata, parts: EntityReaderParts) {
        const { entity } = metadata
        this.metadata = metadata
        this.stats = [parts.rowStats, parts.listStats]
        this.#entity = entity
        this.#parts = parts
        this.#hydrator = hydratorOf(entity)
        this.#row = entityCodec<Entity>(this.#hydrator)
        this.#list = listCodec<Entity>(this.#hydrator)
        this.#listAndCount = listAndCountCodec<Entity>(this.#hydrator)
        this.#table = tableName(entity)
        this.#rowFingerprint = `${schemaFingerprint(entity)}.${metadata.version}`
        this.#listFingerprint = `${graphFingerprint(entity)}.${metadata.version}`
        // what reads other tables beside its own is no row of one table
        this.#hasRows =
            entity.tableType !== "view" && metadata.dependsOn === undefined && entity.relationIds.length === 0
    }

    /** One row or none. */
    findOne(find: FindCall): Promise<Entity | null> | Bypass {
        const refusal = this.#refusal(find.call)
        if (refusal !== undefined) return refusal
        const lookup = this.#lookup(find)
        if (lookup !== undefined) return this.#findRow(lookup, find.call)
        const unique = this.#uniqueLookup(find)
        if (unique !== undefined) return this.#findUnique(unique, find)
        return this.#read({ ...find, codec: this.#row, run: (manager, options) => this.#runFindOne(manager, options) })
    }

    /** Many rows. */
    find(find: FindCall): Promise<Entity[]> | Bypass {
        const refusal = this.#refusal(find.call)
        if (refusal !== undefined) return refusal
        const lookup = this.#lookup(find)
        if (lookup !== undefined) return this.#findRows(lookup, find.call)
        const run = (manager: EntityManager, options: FindManyOptions): Promise<Entity[]> =>
            manager.find(this.#entity.target, options) as Promise<Entity[]>
        return this.#read({ ...find, codec: this.#list, run })
    }

    /** Many rows and the number of all that match. */
    findAndCount(find: FindCall): Promise<[Entity[], number]> | Bypass {
        const run = (manager: EntityManager, options: FindManyOptions): Promise<[Entity[], number]> =>
            manager.findAndCount(this.#entity.target, options) as Promise<[Entity[], number]>
        return this.#refusal(find.call) ?? this.#read({ ...find, codec: this.#listAndCount, run })
    }

    /** A count, a yes or no, an aggregate. */
    scalar<T extends number | boolean | null>(find: ScalarCall<T>): Promise<T> | Bypass {
        return this.#refusal(find.call) ?? this.#read({ ...find, codec: scalarCodec as ResultCodec<T> })
    }

    /** Counts a read that the cache did not answer. */
    bypassed(reason: string): void {
        this.#parts.rowStats.bypasses++
        const { log } = this.#parts
        if (log.enabled("read"))
            log.write("read", { level: "debug", action: "bypass", subject: this.#entity.name, reason })
    }

    /** Counts a write to the entity's table. */
    invalidated(): void {
        this.#parts.rowStats.invalidations++
    }

    #runFindOne(manager: EntityManager, options: FindOneOptions): Promise<Entity | null> {
        return manager.findOne(this.#entity.target, options) as Promise<Entity | null>
    }

    #read<T>(find: ListRead<T>): Promise<T> | Bypass {
        if (!this.metadata.lists && !find.call.asked) return new Bypass("lists: false")
        const plan = planFind(this.#entity, find.method, find.options, find.extra, this.#parts.dependsOn)
        if ("bypass" in plan) return new Bypass(plan.bypass)
        if (plan.tables.size > 1 && this.#runsListenersInLoad(find.options, plan))
            return new Bypass(`relationLoadStrategy "query" with afterLoad listeners`)
        return this.#readList(find, plan)
    }

    /** Why nothing of this call can be cached, or `undefined`. */
    #refusal(call: CallCache): Bypass | undefined {
        return this.metadata.enabled || call.asked ? undefined : new Bypass("the entity is not @Cached")
    }

    #uniqueLookup({ options, call }: FindCall): UniqueLookup | undefined {
        const { uniqueKeys } = this.metadata
        if (uniqueKeys.length === 0 || !this.#hasRows || call.id !== undefined) return undefined
        if (this.#entity.eagerRelations.length > 0 || !isPlainLookup(options)) return undefined
        return uniqueLookup(this.#entity, uniqueKeys, options?.where)
    }

    #readList<T>(find: ListRead<T>, plan: FindPlan): Promise<T> {
        const { keys, cache, listStats, loader } = this.#parts
        const { codec, call } = find
        const pinned = this.#pinned(plan, find.options?.where)
        const tags = pinned ?? this.#tagsOf(plan)
        if (call.id !== undefined) tags.unshift(keys.user(call.id))
        const result = cache.read<T>({
            key: keys.entry("list", this.#entity.name, this.#listFingerprint, plan.text),
            tags,
            stats: listStats,
            subject: this.#entity.name,
            decode: codec.decode,
            load: async () => {
                const { result, shareable } = await loader.load((manager) =>
                    find.run(manager, this.#ownOptions(find.options)),
                )
                const isEmpty = codec.isEmpty(result)
                return {
                    result,
                    value:
                        codec.entities(result).length > this.#parts.maxSize ? undefined : this.#encode(codec, result),
                    ttl: this.#ttl(call, isEmpty ? this.metadata.negativeTtl : this.metadata.listTtl),
                    tagCount: pinned !== undefined && !isEmpty ? tags.length - 1 : tags.length,
                    shareable,
                }
            },
        })
        return this.#announced(result, codec, true)
    }

    #findRow(lookup: RowLookup, call: CallCache): Promise<Entity | null> {
        return this.#announced(this.#readRow(lookup, call), this.#row, false)
    }

    #readRow(lookup: RowLookup, call: CallCache): Awaitable<Entity | null> {
        const { keys, cache, rowStats } = this.#parts
        return cache.read({
            key: this.#rowKey(lookup, 0),
            tags: [keys.row(this.#table, lookup.ids[0]!), keys.rows(this.#table), keys.table(this.#table)],
            stats: rowStats,
            subject: this.#entity.name,
            decode: this.#row.decode,
            load: async () => (await this.#loadRows(lookup, [0], call))[0]!,
        })
    }

    async #findRows(lookup: RowLookup, call: CallCache): Promise<Entity[]> {
        const { keys, cache, rowStats } = this.#parts
        const found = await cache.readMany<Entity | null>({
            keys: lookup.keys.map((_, position) => this.#rowKey(lookup, position)),
            ownTags: lookup.ids.map((id) => keys.row(this.#table, id)),
            sharedTags: [keys.rows(this.#table), keys.table(this.#table)],
            stats: rowStats,
            subject: this.#entity.name,
            decode: this.#row.decode,
            loadMany: (positions) => this.#loadRows(lookup, positions, call),
        })
        const rows = found.filter((row) => row !== null)
        await this.#announced(rows, this.#list, false)
        return rows
    }

    #rowKey({ keys, withDeleted }: Pick<RowLookup, "keys" | "withDeleted">, position: number): string {
        const kind = withDeleted ? "row-deleted" : "row"
        return this.#parts.keys.entry(kind, this.#entity.name, this.#rowFingerprint, keys[position]!)
    }

    /** Loads the rows at some positions of a lookup in one query. */
    async #loadRows(
        { keys, wheres, withDeleted }: RowLookup,
        positions: readonly number[],
        call: CallCache,
    ): Promise<Loaded<Entity | null>[]> {
        const where = anyOf(positions.map((position) => wheres[position]!)) as FindOptionsWhere<ObjectLiteral>
        const { result: entities, shareable } = await this.#parts.loader.load((manager) =>
            manager.find(this.#entity.target, { where, withDeleted, loadEagerRelations: false }),
        )
        const found = new Map(entities.map((entity) => [rowKeyOf(this.#entity, entity), entity as Entity]))
        // a row that the database finds by a looser rule than ours (a collation) is answered, but has no entry
        const strangers = entities.filter((entity) => {
            const key = rowKeyOf(this.#entity, entity)
            return key === undefined || !positions.some((position) => keys[position] === key)
        }) as Entity[]
        return positions.map((position) => {
            const own = found.get(keys[position]) ?? null
            return {
                result: own ?? strangers.shift() ?? null,
                value: strangers.length === 0 || own !== null ? this.#encode(this.#row, own) : undefined,
                ttl: this.#ttl(call, own === null ? this.metadata.negativeTtl : this.metadata.ttl),
                tagCount: own === null ? 3 : 2,
                shareable,
            }
        })
    }

    /**
     * By a unique key: the entry under the key only says which row it was, and the row's own entry says whether it still
     * is, so that a changed row needs no old value of its key to be invalidated.
     */
    async #findUnique(unique: UniqueLookup, find: FindCall): Promise<Entity | null> {
        const { keys, cache, rowStats } = this.#parts
        const name = nameOf(unique)
        const hint = this.#hints.get(name)
        if (hint !== undefined) {
            const row = await this.#readRow(hint, find.call)
            if (row !== null && this.#isUnder(unique, row)) return this.#announced(row, this.#row, false)
            this.#hints.delete(name)
        }
        const stats = new StatsCounter()
        const key = keys.entry("unique", this.#entity.name, this.#rowFingerprint, name)
        const alias = await cache.read<{ readonly lookup?: RowLookup | undefined; readonly row?: Entity | null }>({
            key,
            tags: [keys.rows(this.#table), keys.table(this.#table)],
            stats,
            subject: this.#entity.name,
            decode: (value) => (value === null ? { row: null } : { lookup: this.#lookupOf(decodeValue(value)) }),
            load: (before) => this.#loadUnique(unique, find, before),
        })
        if (stats.hits === 0 || alias.row === null) addStats(rowStats, stats)
        if (alias.row !== undefined) return this.#announced(alias.row, this.#row, false)
        const row = alias.lookup === undefined ? null : await this.#readRow(alias.lookup, find.call)
        if (row !== null && this.#isUnder(unique, row)) {
            this.#hints.set(name, alias.lookup!)
            return this.#announced(row, this.#row, false)
        }
        // the row has changed its key since: forget the way to it and ask again
        await cache.forget([key])
        const { result } = await this.#parts.loader.load((manager) =>
            this.#runFindOne(manager, this.#ownOptions(find.options)),
        )
        return this.#announced(result, this.#row, false)
    }

    async #loadUnique(
        unique: UniqueLookup,
        find: FindCall,
        before: readonly TagState[],
    ): Promise<Loaded<{ readonly row: Entity | null }>> {
        const { loader, keys, cache } = this.#parts
        const { result: row, shareable } = await loader.load((manager) =>
            this.#runFindOne(manager, this.#ownOptions(find.options)),
        )
        const negative = {
            result: { row },
            value: null,
            ttl: this.#ttl(find.call, this.metadata.negativeTtl),
            shareable,
        }
        if (row === null) return negative
        const lookup = this.#isUnder(unique, row) ? this.#lookupOf(row) : undefined
        const record = lookup === undefined ? undefined : this.#encode(this.#row, row)
        if (lookup === undefined || record === undefined) return { ...negative, value: undefined }
        const ttl = this.#ttl(find.call, this.metadata.ttl)
        if (shareable) {
            this.#hints.set(nameOf(unique), lookup)
            const [rows, table] = [keys.rows(this.#table), keys.table(this.#table)]
            const ownTag = keys.row(this.#table, lookup.ids[0]!)
            const late = { key: this.#rowKey(lookup, 0), ownTag, sharedTags: [rows], value: record, ttl }
            await cache.fillLate([late], [rows, table], before, this.#parts.rowStats)
        }
        return { result: { row }, value: encodeValue(lookup.wheres[0]), ttl, tagCount: 1, shareable }
    }

    /** True when the row's own values are those that were asked for, to the letter. */
    #isUnder({ key, text }: UniqueLookup, row: Entity): boolean {
        const values = Object.fromEntries(key.map((property) => [property, row[property] as unknown]))
        return uniqueLookup(this.#entity, [key], values)?.text === text
    }

    /** The lookup of the row with the primary key of an entity or map. */
    #lookupOf(source: unknown): RowLookup | undefined {
        const where = this.#entity.getEntityIdMap(source as ObjectLiteral)
        return where === undefined
            ? undefined
            : rowLookup(this.#entity, "findOneBy", { where, loadEagerRelations: false })
    }

    #lookup({ method, options, call }: FindCall): RowLookup | undefined {
        // a named entry is one that can be removed by its name
        if (call.id !== undefined || !this.#hasRows) return undefined
        return rowLookup(this.#entity, method, options)
    }

    /** Tags of a read that is about one row only: a write to another row leaves it alone. */
    #pinned(plan: FindPlan, where: unknown): string[] | undefined {
        if (plan.tables.size !== 1 || !this.#hasRows) return undefined
        const id = pinnedId(this.#entity, where)
        const { keys } = this.#parts
        return id === undefined
            ? undefined
            : [keys.row(this.#table, id), keys.rows(this.#table), keys.table(this.#table)]
    }

    #tagsOf({ tables }: FindPlan): string[] {
        const { keys, extraTables } = this.#parts
        const tags = new Set<string>()
        for (const metadata of tables) {
            tags.add(keys.table(tableName(metadata)))
            for (const table of extraTables(metadata)) tags.add(keys.table(table)).add(keys.unattributed())
        }
        return [...tags]
    }

    /** Related rows of the strategy "query" come with their listeners already run. */
    #runsListenersInLoad(options: FindManyOptions | FindOneOptions | undefined, { tables }: FindPlan): boolean {
        const { dataSource } = this.#parts
        const strategy = options?.relationLoadStrategy ?? dataSource.options.relationLoadStrategy
        return strategy === "query" && [...tables].some((it) => it !== this.#entity && hasLoadListeners(it, dataSource))
    }

    #announced<T>(result: Awaitable<T>, codec: Pick<ResultCodec<T>, "entities">, withRelations: boolean): Promise<T> {
        const { dataSource, loader } = this.#parts
        const listens = withRelations ? hasLoadListenersInGraph : hasLoadListeners
        if (!listens(this.#entity, dataSource)) return Promise.resolve(result)
        return Promise.resolve(result).then(async (arrived) => {
            await loader.announce(this.#entity, codec.entities(arrived))
            return arrived
        })
    }

    #ownOptions(options: FindManyOptions | FindOneOptions | undefined): FindManyOptions & FindOneOptions {
        const { cache: _, ...own } = cloneFindOptions(options ?? {}) as FindManyOptions & FindOneOptions
        return own as FindManyOptions & FindOneOptions
    }

    #ttl(call: CallCache, otherwise: number | undefined): number | undefined {
        return this.#parts.jitter(call.ttl ?? otherwise)
    }

    /** The stored form of a result, or `undefined` for one that cannot be stored; said once. */
    #encode<T>(codec: ResultCodec<T>, result: T): Encoded | undefined {
        try {
            return codec.encode(result)
        } catch (error) {
            if (!(error instanceof CacheError) || error.code !== "E_SERIALIZE") throw error
            if (!this.#warned.has(error.message)) {
                if (this.#warned.size < 100) this.#warned.add(error.message)
                this.#parts.log.write("read", {
                    level: "warn",
                    action: "not stored",
                    subject: this.#entity.name,
                    error,
                })
            }
            return undefined
        }
    }
}

/** One condition for several rows. */
function anyOf(wheres: readonly Record<string, unknown>[]): unknown {
    const [first] = wheres
    const properties = Object.keys(first!)
    const [property] = properties
    if (wheres.length === 1) return first
    const isFlat = properties.length === 1 && wheres.every((where) => !isNested(where[property!]))
    return isFlat ? { [property!]: In(wheres.map((where) => where[property!])) } : wheres
}

function nameOf({ key, text }: UniqueLookup): string {
    return JSON.stringify(key) + text
}

function isNested(value: unknown): boolean {
    return typeof value === "object" && !(value instanceof Date) && !(value instanceof Uint8Array)
}

function isPlainLookup(options: FindOneOptions | undefined): boolean {
    const { where: _where, cache: _cache, comment: _comment, ...others } = options ?? {}
    return Object.values(others).every((value) => value === undefined)
}
