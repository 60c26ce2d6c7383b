import type { DataSource, EntityMetadata, FindManyOptions, FindOneOptions, ObjectLiteral } from "typeorm"
import type { ReadThrough } from "../cache/ReadThrough"
import { CacheError } from "../error/CacheError"
import { hydratorOf, type EntityHydrator } from "../hydration/EntityHydrator"
import { hasLoadListeners, hasLoadListenersInGraph } from "../hydration/loadListener"
import { cloneFindOptions } from "../key/cloneFindOptions"
import type { DependsOn } from "../key/EntityReach"
import type { KeyScheme } from "../key/KeyScheme"
import { tableName } from "../key/tableName"
import type { CacheMetadata } from "../metadata/CacheMetadata"
import { isSharedRunner } from "../metadata/isSharedRunner"
import type { Encoded } from "../serializer/ValueCodec"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import type { Awaitable } from "../util/Awaitable"
import type { CallCache } from "./CallCache"
import type { DatabaseLoader } from "./DatabaseLoader"
import { Bypass } from "./FindCall"
import { entityCodec, type ResultCodec } from "./ResultCodec"

/** What the readers of an entity work with. */
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
    /** Counts of one of its relations. */
    readonly relationStats: (relation: string) => StatsCounter
    /** Entities whose tables an entity reads beyond its own. */
    readonly dependsOn: DependsOn
    /** The same for tables that no entity is mapped to. */
    readonly extraTables: (metadata: EntityMetadata) => readonly string[]
}

/** What the readers of one entity share: how it is declared, encoded, tagged, announced. */
export class EntityContext<Entity extends ObjectLiteral> {
    readonly metadata: CacheMetadata
    readonly entity: EntityMetadata
    readonly parts: EntityReaderParts
    readonly hydrator: EntityHydrator
    /** One row or none. */
    readonly row: ResultCodec<Entity | null>
    /** False for what reads other tables beside its own: it is no row of one table. */
    readonly hasRows: boolean
    readonly #table: string
    #wideTags: readonly [rows: string, table: string] | undefined
    readonly #warned = new Set<string>()

    constructor(metadata: CacheMetadata, parts: EntityReaderParts) {
        const { entity } = metadata
        this.metadata = metadata
        this.entity = entity
        this.parts = parts
        this.hydrator = hydratorOf(entity)
        this.row = entityCodec<Entity>(this.hydrator)
        this.hasRows =
            entity.tableType !== "view" && metadata.dependsOn === undefined && entity.relationIds.length === 0
        this.#table = tableName(entity)
    }

    /** The tags of any row of the table: rows that nobody names, and the table. */
    wideTags(): readonly [rows: string, table: string] {
        if (this.#wideTags !== undefined) return this.#wideTags
        const { keys } = this.parts
        const tags = [keys.rows(this.#table), keys.table(this.#table)] as const
        if (keys.isFixed) this.#wideTags = tags
        return tags
    }

    /** The narrow tag of one row. */
    rowTag(id: string): string {
        return this.parts.keys.row(this.#table, id)
    }

    /** The tags of what reads these tables. */
    tableTags(tables: Iterable<EntityMetadata>): readonly string[] {
        const { keys, extraTables } = this.parts
        const tags = new Set<string>()
        for (const metadata of tables) {
            tags.add(keys.table(tableName(metadata)))
            for (const table of extraTables(metadata)) tags.add(keys.table(table)).add(keys.unattributed())
        }
        return [...tags]
    }

    /** Why the transaction that the call is in must read for itself, or `undefined`. */
    touched({ within }: CallCache, tags: readonly string[]): Bypass | undefined {
        return within?.hasTouched(tags) ? new Bypass("the transaction has written it") : undefined
    }

    /** Whoever holds a connection must not wait for one who waits for a connection. */
    isAlone({ within }: CallCache): boolean {
        return within !== undefined && !isSharedRunner(within.runner)
    }

    /** Milliseconds that an entry lives: the call's, or what holds without. */
    ttl(call: CallCache, otherwise: number | undefined): number | undefined {
        return this.parts.jitter(call.ttl ?? otherwise)
    }

    /** Options that TypeORM may change, without those that are ours. */
    ownOptions(options: FindManyOptions | FindOneOptions | undefined): FindManyOptions & FindOneOptions {
        const { cache: _, ...own } = cloneFindOptions(options ?? {}) as FindManyOptions & FindOneOptions
        return own as FindManyOptions & FindOneOptions
    }

    /** Runs the load listeners of the entities in a result, where there are any. */
    announced<T>(result: Awaitable<T>, codec: Pick<ResultCodec<T>, "entities">, withRelations: boolean): Promise<T> {
        const { dataSource, loader } = this.parts
        const listens = withRelations ? hasLoadListenersInGraph : hasLoadListeners
        if (!listens(this.entity, dataSource)) return Promise.resolve(result)
        return Promise.resolve(result).then(async (arrived) => {
            await loader.announce(this.entity, codec.entities(arrived))
            return arrived
        })
    }

    /** The stored form of a result, or `undefined` for one that cannot be stored; said once. */
    encode<T>(codec: ResultCodec<T>, result: T): Encoded | undefined {
        try {
            return codec.encode(result)
        } catch (error) {
            if (!(error instanceof CacheError) || error.code !== "E_SERIALIZE") throw error
            if (!this.#warned.has(error.message)) {
                if (this.#warned.size < 100) this.#warned.add(error.message)
                const { log } = this.parts
                log.write("read", { level: "warn", action: "not stored", subject: this.entity.name, error })
            }
            return undefined
        }
    }
}
