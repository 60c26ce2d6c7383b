import type { EntityManager, FindManyOptions, FindOneOptions, ObjectLiteral } from "typeorm"
import { rowLookup, type RowLookup } from "../key/rowLookup"
import type { CacheMetadata } from "../metadata/CacheMetadata"
import type { Awaitable } from "../util/Awaitable"
import type { CallCache } from "./CallCache"
import { EntityContext, type EntityReaderParts } from "./EntityContext"
import { Bypass, type FindCall, type ScalarCall } from "./FindCall"
import { ListReader } from "./ListReader"
import { listAndCountCodec, listCodec, scalarCodec, type ResultCodec } from "./ResultCodec"
import { RowReader } from "./RowReader"
import { UniqueReader } from "./UniqueReader"

/**
 * Reads one entity through the cache: rows by key, everything else as lists. The readers decide the key, the tags and the
 * life of each entry; how entries are kept consistent is the engine's business.
 */
export class EntityReader<Entity extends ObjectLiteral = ObjectLiteral> {
    readonly #context: EntityContext<Entity>
    readonly #rows: RowReader<Entity>
    readonly #uniques: UniqueReader<Entity>
    readonly #lists: ListReader<Entity>
    readonly #list: ResultCodec<Entity[]>
    readonly #listAndCount: ResultCodec<[Entity[], number]>

    constructor(metadata: CacheMetadata, parts: EntityReaderParts) {
        this.#context = new EntityContext(metadata, parts)
        this.#rows = new RowReader(this.#context)
        this.#uniques = new UniqueReader(this.#context, this.#rows)
        this.#lists = new ListReader(this.#context)
        this.#list = listCodec<Entity>(this.#context.hydrator)
        this.#listAndCount = listAndCountCodec<Entity>(this.#context.hydrator)
    }

    /** One row or none. */
    findOne(find: FindCall): Promise<Entity | null> | Bypass {
        const refusal = this.#refusal(find.call)
        if (refusal !== undefined) return refusal
        const { row, entity } = this.#context
        const lookup = this.#lookup(find)
        if (lookup !== undefined) return this.#announced(this.#rows.read(lookup, find.call), row, false)
        const unique = this.#uniques.lookup(find)
        if (unique !== undefined) return this.#announced(this.#uniques.read(unique, find), row, false)
        const run = (manager: EntityManager, options: FindOneOptions): Promise<Entity | null> =>
            manager.findOne(entity.target, options) as Promise<Entity | null>
        return this.#read(find, row, run)
    }

    /** Many rows. */
    find(find: FindCall): Promise<Entity[]> | Bypass {
        const refusal = this.#refusal(find.call)
        if (refusal !== undefined) return refusal
        const lookup = this.#lookup(find)
        if (lookup !== undefined) return this.#announced(this.#rows.readMany(lookup, find.call), this.#list, false)
        const { target } = this.#context.entity
        return this.#read(find, this.#list, (manager, options) => manager.find(target, options) as Promise<Entity[]>)
    }

    /** Many rows and the number of all that match. */
    findAndCount(find: FindCall): Promise<[Entity[], number]> | Bypass {
        const { target } = this.#context.entity
        const run = (manager: EntityManager, options: FindManyOptions): Promise<[Entity[], number]> =>
            manager.findAndCount(target, options) as Promise<[Entity[], number]>
        return this.#refusal(find.call) ?? this.#read(find, this.#listAndCount, run)
    }

    /** A count, a yes or no, an aggregate. */
    scalar<T extends number | boolean | null>(find: ScalarCall<T>): Promise<T> | Bypass {
        return this.#refusal(find.call) ?? this.#lists.read({ ...find, codec: scalarCodec as ResultCodec<T> })
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

    #read<T>(find: FindCall, codec: ResultCodec<T>, run: ScalarCall<T>["run"]): Promise<T> | Bypass {
        return this.#announced(this.#lists.read({ ...find, codec, run }), codec, true)
    }

    #announced<T>(result: Awaitable<T> | Bypass, codec: ResultCodec<T>, withRelations: boolean): Promise<T> | Bypass {
        return result instanceof Bypass ? result : this.#context.announced(result, codec, withRelations)
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
