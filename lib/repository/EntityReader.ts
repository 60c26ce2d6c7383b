import type { EntityManager, FindManyOptions, FindOneOptions, ObjectLiteral } from "typeorm"
import { planFind } from "../key/findKey"
import { rowLookup, type RowLookup } from "../key/rowLookup"
import type { CacheMetadata } from "../metadata/CacheMetadata"
import { CachedRelationMetadata, type RelationMetadata } from "../metadata/CachedRelationMetadata"
import type { Awaitable } from "../util/Awaitable"
import type { CallCache } from "./CallCache"
import { EntityContext, type EntityReaderParts } from "./EntityContext"
import { Bypass, type FindCall, type ScalarCall } from "./FindCall"
import { ListReader } from "./ListReader"
import { attachBranches, splitFind, type CachedRelations, type SplitFind } from "./RelationBranches"
import { RelationReader } from "./RelationReader"
import { listAndCountCodec, listCodec, scalarCodec, type ResultCodec } from "./ResultCodec"
import { RowReader } from "./RowReader"
import { UniqueReader } from "./UniqueReader"

/**
 * Reads one entity through the cache: rows by key, relations by owner, everything else as lists. The readers decide the
 * key, the tags and the life of each entry; how entries are kept consistent is the engine's business.
 */
export class EntityReader<Entity extends ObjectLiteral = ObjectLiteral> {
    readonly #context: EntityContext<Entity>
    readonly #rows: RowReader<Entity>
    readonly #uniques: UniqueReader<Entity>
    readonly #lists: ListReader<Entity>
    readonly #list: ResultCodec<Entity[]>
    readonly #listAndCount: ResultCodec<[Entity[], number]>
    readonly #relations = new Map<RelationMetadata, RelationReader>()

    readonly #relationOf: CachedRelations

    /** @param relationOf the reader of a relation of any entity of the DataSource, when it is cached */
    constructor(metadata: CacheMetadata, parts: EntityReaderParts, relationOf: CachedRelations) {
        this.#context = new EntityContext(metadata, parts)
        this.#relationOf = relationOf
        this.#rows = new RowReader(this.#context)
        this.#uniques = new UniqueReader(this.#context, this.#rows)
        this.#lists = new ListReader(this.#context)
        this.#list = listCodec<Entity>(this.#context.hydrator)
        this.#listAndCount = listAndCountCodec<Entity>(this.#context.hydrator)
    }

    /** One row or none. */
    findOne(find: FindCall): Promise<Entity | null> | Bypass {
        const { row, entity } = this.#context
        const run = (manager: EntityManager, options: FindOneOptions): Promise<Entity | null> =>
            manager.findOne(entity.target, options) as Promise<Entity | null>
        return this.#find(find, row, (own) => {
            const lookup = this.#lookup(own)
            if (lookup !== undefined) return { result: this.#rows.read(lookup, own.call), isList: false }
            const unique = this.#uniques.lookup(own)
            if (unique !== undefined) return { result: this.#uniques.read(unique, own), isList: false }
            return { result: this.#lists.read({ ...own, codec: row, run }), isList: true }
        })
    }

    /** Many rows. */
    find(find: FindCall): Promise<Entity[]> | Bypass {
        const { target } = this.#context.entity
        const run = (manager: EntityManager, options: FindManyOptions): Promise<Entity[]> =>
            manager.find(target, options) as Promise<Entity[]>
        return this.#find(find, this.#list, (own) => {
            const lookup = this.#lookup(own)
            if (lookup !== undefined) return { result: this.#rows.readMany(lookup, own.call), isList: false }
            return { result: this.#lists.read({ ...own, codec: this.#list, run }), isList: true }
        })
    }

    /** Many rows and the number of all that match. */
    findAndCount(find: FindCall): Promise<[Entity[], number]> | Bypass {
        const { target } = this.#context.entity
        const run = (manager: EntityManager, options: FindManyOptions): Promise<[Entity[], number]> =>
            manager.findAndCount(target, options) as Promise<[Entity[], number]>
        return this.#find(find, this.#listAndCount, (own) => ({
            result: this.#lists.read({ ...own, codec: this.#listAndCount, run }),
            isList: true,
        }))
    }

    /** A count, a yes or no, an aggregate. */
    scalar<T extends number | boolean | null>(find: ScalarCall<T>): Promise<T> | Bypass {
        return this.#refusal(find.call) ?? this.#lists.read({ ...find, codec: scalarCodec as ResultCodec<T> })
    }

    /** The reader of a relation of the entity, decorated or not. @throws CacheError `E_NOT_CACHEABLE` */
    relation(relation: RelationMetadata): RelationReader {
        let reader = this.#relations.get(relation)
        if (reader === undefined) {
            const context = this.#context as unknown as EntityContext<ObjectLiteral>
            const metadata = new CachedRelationMetadata(relation, context.metadata, context.parts.maxSize)
            reader = new RelationReader(metadata, context, context.parts.relationStats(relation.propertyPath))
            this.#relations.set(relation, reader)
        }
        return reader
    }

    /** Counts a read that the cache did not answer. */
    bypassed(reason: string): void {
        const { log, rowStats } = this.#context.parts
        rowStats.bypasses++
        if (log.enabled("read"))
            log.write("read", { level: "debug", action: "bypass", subject: this.#context.entity.name, reason })
    }

    /** Counts a write to the entity's table. */
    invalidated(): void {
        this.#context.parts.rowStats.invalidations++
    }

    /** Reads with `read`, the cached relations beside it, and runs the load listeners of all that came. */
    #find<T>(find: FindCall, codec: ResultCodec<T>, read: (find: FindCall) => Found<T>): Promise<T> | Bypass {
        const refusal = this.#refusal(find.call)
        if (refusal !== undefined) return refusal
        const split = splitFind(this.#context.entity, find, this.#relationOf)
        if (split !== undefined) return this.#findSplit(find, split, codec, read)
        const { result, isList } = read(find)
        return result instanceof Bypass ? result : this.#context.announced(result, codec, isList)
    }

    #findSplit<T>(
        find: FindCall,
        { options, branches }: SplitFind,
        codec: ResultCodec<T>,
        read: (find: FindCall) => Found<T>,
    ): Promise<T> | Bypass {
        const { parts, entity } = this.#context
        const plan = parts.keys.isFixed ? planFind(entity, find.method, find.options) : { bypass: "" }
        const name = "text" in plan ? plan.text : undefined
        const source = parts.cache.readAhead(name)
        const call: CallCache = { ...find.call, source }
        const { result: roots } = read({ ...find, options, call })
        if (roots instanceof Bypass) return roots
        const attached = Promise.resolve(roots).then(async (arrived) => {
            await attachBranches(codec.entities(arrived), branches, call)
            parts.cache.learn(name, source)
            return arrived
        })
        return this.#context.announced(attached, codec, true)
    }

    /** Why nothing of this call can be cached, or `undefined`. */
    #refusal(call: CallCache): Bypass | undefined {
        return this.#context.metadata.enabled || call.asked ? undefined : new Bypass("the entity is not @Cached")
    }

    #lookup({ method, options, call }: FindCall): RowLookup | undefined {
        // a named entry is one that can be removed by its name
        if (call.id !== undefined || !this.#context.hasRows) return undefined
        return rowLookup(this.#context.entity, method, options)
    }
}

/** What a read found. */
interface Found<T> {
    readonly result: Awaitable<T> | Bypass
    /** False for rows alone; a list may bring related entities along. */
    readonly isList: boolean
}
