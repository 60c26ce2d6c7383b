import type { EntityManager, FindOneOptions, ObjectLiteral } from "typeorm"
import type { Loaded } from "../cache/ReadRequest"
import { rowLookup, uniqueLookup, type RowLookup, type UniqueLookup } from "../key/rowLookup"
import { decodeValue, encodeValue } from "../serializer/ValueCodec"
import type { TagState } from "../store/CacheStore"
import { addStats, StatsCounter } from "../telemetry/StatsCounter"
import { Memo } from "../util/Memo"
import type { EntityContext } from "./EntityContext"
import { Bypass, type FindCall } from "./FindCall"
import type { RowReader } from "./RowReader"

/** Unique keys whose rows are remembered. */
const HINTS = 10_000

/** What stands under a unique key: the way to a row; or a row, just loaded; or that there is none. */
interface Alias<Entity> {
    readonly lookup?: RowLookup | undefined
    readonly row?: Entity | null
}

/**
 * Reads rows by a declared unique key. The entry under the key only says which row it was, and the row's own entry says
 * whether it still is: a row that changes its key needs no old value to be invalidated.
 */
export class UniqueReader<Entity extends ObjectLiteral> {
    readonly #context: EntityContext<Entity>
    readonly #rows: RowReader<Entity>
    /** Which row was last seen under a key: saves the trip that asks the store. It may be wrong; the row's own entry tells. */
    readonly #hints = new Memo<string, RowLookup>(HINTS)

    constructor(context: EntityContext<Entity>, rows: RowReader<Entity>) {
        this.#context = context
        this.#rows = rows
    }

    /** The lookup that a read is, or `undefined` when it asks anything else. */
    lookup({ options, call }: FindCall): UniqueLookup | undefined {
        const { metadata, entity, hasRows } = this.#context
        if (metadata.uniqueKeys.length === 0 || !hasRows || call.id !== undefined) return undefined
        if (entity.eagerRelations.length > 0 || !isPlainLookup(options)) return undefined
        return uniqueLookup(entity, metadata.uniqueKeys, options?.where)
    }

    /** The row under the key, before its listeners run. */
    read(unique: UniqueLookup, find: FindCall): Promise<Entity | null> | Bypass {
        return this.#context.touched(find.call, this.#context.wideTags()) ?? this.#read(unique, find)
    }

    async #read(unique: UniqueLookup, find: FindCall): Promise<Entity | null> {
        const name = JSON.stringify(unique.key) + unique.text
        const hint = this.#hints.get(name)
        if (hint !== undefined) {
            const row = await this.#rowUnder(unique, hint, find)
            if (row !== null) return row
            this.#hints.delete(name)
        }
        const key = this.#context.parts.keys.entry("unique", this.#context.entity.name, this.#rows.fingerprint, name)
        for (const isLast of [false, true]) {
            const { row, lookup } = await this.#readAlias(key, unique, find)
            if (row !== undefined) return row
            const found = lookup === undefined ? null : await this.#rowUnder(unique, lookup, find)
            if (lookup !== undefined && found !== null) {
                this.#hints.set(name, lookup)
                return found
            }
            // the row has changed its key since: forget the way to it and ask anew
            if (!isLast) await this.#context.parts.cache.forget([key])
        }
        return (await this.#query(find)).result
    }

    async #readAlias(key: string, unique: UniqueLookup, find: FindCall): Promise<Alias<Entity>> {
        const { entity, metadata, parts } = this.#context
        const stats = new StatsCounter()
        const alias = await parts.cache.read<Alias<Entity>>({
            key,
            tags: this.#context.wideTags(),
            covering: [this.#context.wideTags()[1]],
            stats,
            subject: entity.name,
            freshness: metadata.freshness,
            alone: this.#context.isAlone(find.call),
            decode: (value) => (value === null ? { row: null } : { lookup: this.#lookupOf(decodeValue(value)) }),
            load: (before) => this.#load(unique, find, before),
        })
        // a way to a row is no hit yet: the row's own read counts
        if (stats.hits === 0 || alias.row === null) addStats(parts.rowStats, stats)
        return alias
    }

    async #load(unique: UniqueLookup, find: FindCall, before: readonly TagState[]): Promise<Loaded<Alias<Entity>>> {
        const { metadata, parts, row: codec } = this.#context
        const { result: row, shareable } = await this.#query(find)
        const result = { row }
        if (row === null)
            return { result, value: null, ttl: this.#context.ttl(find.call, metadata.negativeTtl), shareable }
        const ttl = this.#context.ttl(find.call, metadata.ttl)
        const lookup = this.#isUnder(unique, row) ? this.#lookupOf(row) : undefined
        const record = lookup === undefined ? undefined : this.#context.encode(codec, row)
        if (lookup === undefined || record === undefined) return { result, value: undefined, ttl }
        if (shareable) {
            const wide = this.#context.wideTags()
            const ownTag = this.#context.rowTag(lookup.ids[0]!)
            const { freshness } = metadata
            const key = this.#rows.keyOf(lookup, 0)
            const late = { key, ownTag, sharedTags: [wide[0]], value: record, ttl, freshness }
            await parts.cache.fillLate([late], wide, before, parts.rowStats)
        }
        return { result, value: encodeValue(lookup.wheres[0]), ttl, tagCount: 1, shareable }
    }

    #query(find: FindCall) {
        const { entity, parts } = this.#context
        const options = this.#context.ownOptions(find.options) as FindOneOptions
        return parts.loader.load(
            find.call.within,
            (manager: EntityManager) => manager.findOne(entity.target, options) as Promise<Entity | null>,
        )
    }

    /** The row that was last seen under the key, or `null` when it is there no more. */
    async #rowUnder(unique: UniqueLookup, lookup: RowLookup, find: FindCall): Promise<Entity | null> {
        const row = await this.#rows.read(lookup, find.call)
        return row === null || row instanceof Bypass || !this.#isUnder(unique, row) ? null : row
    }

    /** True when the row's own values are those that were asked for, to the letter. */
    #isUnder({ key, text }: UniqueLookup, row: Entity): boolean {
        const values = Object.fromEntries(key.map((property) => [property, row[property] as unknown]))
        return uniqueLookup(this.#context.entity, [key], values)?.text === text
    }

    /** The lookup of the row with the primary key of an entity or map. */
    #lookupOf(source: unknown): RowLookup | undefined {
        const where = this.#context.entity.getEntityIdMap(source as ObjectLiteral)
        return where === undefined
            ? undefined
            : rowLookup(this.#context.entity, "findOneBy", { where, loadEagerRelations: false })
    }
}

function isPlainLookup(options: FindOneOptions | undefined): boolean {
    const { where: _where, cache: _cache, comment: _comment, ...others } = options ?? {}
    return Object.values(others).every((value) => value === undefined)
}
