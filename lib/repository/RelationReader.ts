import type { EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import type { Loaded } from "../cache/ReadRequest"
import { CacheError } from "../error/CacheError"
import { hydratorOf } from "../hydration/EntityHydrator"
import { hasLoadListenersInGraph } from "../hydration/loadListener"
import { graphFingerprint } from "../hydration/schemaFingerprint"
import { entityReach, junctionOf } from "../key/EntityReach"
import { relationLinkOf, type RelationLink } from "../key/RelationLink"
import { rowIdOf, rowKeyOf } from "../key/rowId"
import { tableName } from "../key/tableName"
import type { CachedRelationMetadata, RelationMetadata } from "../metadata/CachedRelationMetadata"
import type { StatsCounter } from "../telemetry/StatsCounter"
import type { CallCache } from "./CallCache"
import type { EntityContext } from "./EntityContext"
import { queryRelation } from "./queryRelation"
import { relatedCodec, relatedItems, type Related } from "./RelatedCodec"
import type { ResultCodec } from "./ResultCodec"

/** An entry that holds more related rows than this hangs on their table, not on each of them. */
const MOST_ROWS = 64

/** An owner as entries and tags name it. */
interface Owner {
    readonly entity: ObjectLiteral
    readonly id: string
    readonly key: string
}

/** What an entry of the relation hangs on, for any owner. */
interface Footing {
    /** Behind the owner's own tag; the narrow ones first. */
    readonly tags: readonly string[]
    /** Those of them that stand for any write to what the relation reads; a foreign key of the owner's aside. */
    readonly tables: readonly string[]
    /** How many of all tags an entry hangs on that names its rows; `undefined` when none may. */
    readonly narrow: number | undefined
}

/**
 * Reads one relation through the cache: an entry for each owner, many owners in one round trip, the missing ones in one
 * query. An entry holds the related rows and names the tag of each, see docs/relations.md.
 */
export class RelationReader {
    readonly metadata: CachedRelationMetadata
    readonly relation: RelationMetadata
    /** The entity whose relation is read. */
    readonly owner: EntityMetadata
    readonly target: EntityMetadata
    readonly #context: EntityContext<ObjectLiteral>
    readonly #stats: StatsCounter
    readonly #codec: ResultCodec<Related>
    readonly #fingerprint: string
    readonly #link: RelationLink | undefined
    #footing: Footing | undefined

    /** @throws CacheError `E_NOT_CACHEABLE` */
    constructor(metadata: CachedRelationMetadata, context: EntityContext<ObjectLiteral>, stats: StatsCounter) {
        const { relation } = metadata
        this.metadata = metadata
        this.relation = relation
        this.owner = context.entity
        this.target = relation.inverseEntityMetadata
        this.#context = context
        this.#stats = stats
        this.#codec = relatedCodec(hydratorOf(this.target), isMany(relation))
        this.#link = relationLinkOf(relation)
        this.#fingerprint = [relation.propertyPath, graphFingerprint(this.owner), metadata.version].join(".")
        const { bypass } = entityReach(context.parts.dependsOn).loaded(this.target, true)
        if (bypass !== undefined && metadata.enabled)
            throw new CacheError(
                "E_NOT_CACHEABLE",
                `@CachedRelation on ${this.owner.name}.${relation.propertyPath}: nobody says which tables it reads (${bypass}).`,
                { advice: `Say so with @Cached({ dependsOn: [Entity, …] }) on ${this.target.name}.` },
            )
    }

    /** What its keys begin with at this moment. */
    get prefix(): string {
        return this.#context.parts.keys.root
    }

    /** True for a list, false for one row or none. */
    get isMany(): boolean {
        return isMany(this.relation)
    }

    /**
     * The related rows of each owner, before their listeners run; `undefined` for an owner that is not in the database.
     * The results belong to the caller.
     */
    async read(owners: readonly ObjectLiteral[], call: CallCache): Promise<(Related | undefined)[]> {
        const named = owners.map((entity) => this.#named(entity))
        const distinct = new Map<string, Owner>()
        for (const owner of named) {
            // an owner that cannot be named for certain has no entry, nor have those beside it this time
            if (owner === undefined) return this.load(owners)
            distinct.set(owner.key, owner)
        }
        const asked = [...distinct.values()]
        const found = asked.length === 0 ? [] : await this.#read(asked, call)
        const results = new Map(asked.map(({ key }, i) => [key, found[i]!]))
        const handed = new Set<string>()
        return named.map((owner) => {
            const { key } = owner!
            const result = results.get(key)
            if (!handed.has(key) || result === undefined) {
                handed.add(key)
                return result
            }
            const copy = this.#context.encode(this.#codec, result)
            return copy === undefined ? result : this.#codec.decode(copy)
        })
    }

    /** The related rows of each owner from the database, kept from everybody else. */
    async load(owners: readonly ObjectLiteral[], manager?: EntityManager): Promise<(Related | undefined)[]> {
        if (owners.length === 0) return []
        const query = (on: EntityManager) => queryRelation(on, this.owner, this.relation, owners)
        const found =
            manager === undefined
                ? (await this.#context.parts.loader.load(undefined, query)).result
                : await query(manager)
        return owners.map((entity) => {
            const key = rowKeyOf(this.owner, entity) ?? JSON.stringify(this.owner.getEntityIdMap(entity))
            return found.get(key)
        })
    }

    /** What the store has for an owner, or `undefined`. Nothing is loaded. */
    async peek(owner: ObjectLiteral): Promise<Related | undefined> {
        const named = this.#named(owner)
        if (named === undefined) return undefined
        const [found] = await this.#context.parts.cache.peekLate(this.#request([named]))
        return found
    }

    /** Stores what the caller says that an owner has. True when it was stored. */
    put(owner: ObjectLiteral, related: Related, call: CallCache): Promise<boolean> {
        const named = this.#named(owner)
        if (named === undefined) return Promise.resolve(false)
        const { keys, ownTags, sharedTags, stats, freshness } = this.#request([named])
        return this.#context.parts.cache.put(
            { key: keys[0]!, tags: [...ownTags, ...sharedTags], stats, freshness },
            this.#loaded(related, call, true),
        )
    }

    /** The tag that every entry of an owner hangs on, or that of the table when the owner has no certain name. */
    ownTag(owner: ObjectLiteral): string {
        const id = rowIdOf(this.owner, owner)
        return id === undefined ? this.#footings().tags[0]! : this.#ownTag(id)
    }

    /** Puts what was read into the owners' property, as a load would. */
    assign(owners: readonly ObjectLiteral[], related: readonly (Related | undefined)[]): void {
        owners.forEach((owner, i) => {
            // TypeORM merges into what is there
            if (this.relation.embeddedMetadata === undefined && !this.relation.isLazy)
                owner[this.relation.propertyName] = undefined
            this.relation.setEntityValue(owner, related[i] ?? (this.isMany ? [] : null))
        })
    }

    /** Runs the load listeners of related rows. @param on the runner that they were loaded on, where it is still open */
    async announce(related: readonly (Related | undefined)[], on?: QueryRunner): Promise<void> {
        const { dataSource, loader } = this.#context.parts
        if (!hasLoadListenersInGraph(this.target, dataSource)) return
        await loader.announce(this.target, related.flatMap(relatedItems), on)
    }

    /** Counts owners whose rows the cache was not asked for. */
    bypassed(): void {
        this.#stats.bypasses++
    }

    #read(owners: readonly Owner[], call: CallCache): Promise<(Related | undefined)[]> {
        return this.#context.parts.cache.readManyLate<Related | undefined>({
            ...this.#request(owners),
            source: call.source,
            alone: this.#context.isAlone(call),
            loadMany: (positions) =>
                this.#loadOwners(
                    positions.map((position) => owners[position]!),
                    call,
                ),
        })
    }

    #request(owners: readonly Owner[]) {
        const { keys } = this.#context.parts
        return {
            keys: owners.map(({ key }) => keys.entry("relation", this.owner.name, this.#fingerprint, key)),
            ownTags: owners.map(({ id }) => this.#ownTag(id)),
            sharedTags: this.#footings().tags,
            covering: this.#footings().tables,
            ownCounts: this.#link === undefined,
            stats: this.#stats,
            subject: `${this.owner.name}.${this.relation.propertyPath}`,
            freshness: this.#context.metadata.freshness,
            decode: this.#codec.decode,
        }
    }

    async #loadOwners(owners: readonly Owner[], call: CallCache): Promise<Loaded<Related | undefined>[]> {
        const { result: found, shareable } = await this.#context.parts.loader.load(call.within, (manager) =>
            queryRelation(
                manager,
                this.owner,
                this.relation,
                owners.map(({ entity }) => entity),
            ),
        )
        return owners.map(({ key }) => {
            const related = found.get(key)
            // nothing would tell of the coming of an owner that is not there
            if (related === undefined) return { result: undefined, value: undefined, ttl: undefined }
            return this.#loaded(related, call, shareable)
        })
    }

    #loaded(related: Related, call: CallCache, shareable: boolean): Loaded<Related> {
        const { narrow } = this.#footings()
        const items = relatedItems(related)
        const loaded = {
            result: related,
            value: items.length > this.metadata.maxSize ? undefined : this.#context.encode(this.#codec, related),
            ttl: this.#context.ttl(call, this.metadata.ttl),
            shareable,
        }
        // a foreign key of the owner may lead to a row that is to come
        if (narrow === undefined || items.length > MOST_ROWS || (items.length === 0 && this.#link === undefined))
            return loaded
        const ids = new Set(items.map((item) => rowIdOf(this.target, item)))
        if (ids.has(undefined)) return loaded
        const table = tableName(this.target)
        return {
            ...loaded,
            tagCount: narrow,
            lateTags: [...ids].map((id) => this.#context.parts.keys.row(table, id!)),
        }
    }

    #named(entity: ObjectLiteral): Owner | undefined {
        const id = rowIdOf(this.owner, entity)
        const key = rowKeyOf(this.owner, entity)
        return id === undefined || key === undefined ? undefined : { entity, id, key }
    }

    #ownTag(id: string): string {
        const { keys } = this.#context.parts
        return this.#link?.namesOwner
            ? keys.relationOf(this.#link.table, this.#link.name, id)
            : this.#context.rowTag(id)
    }

    #footings(): Footing {
        if (this.#footing !== undefined) return this.#footing
        const { keys } = this.#context.parts
        const footing = this.#makeFooting()
        if (keys.isFixed) this.#footing = footing
        return footing
    }

    #makeFooting(): Footing {
        const { parts } = this.#context
        const { keys } = parts
        const reach = entityReach(parts.dependsOn).loaded(this.target, true)
        const target = tableName(this.target)
        const tags: string[] = []
        if (this.#link !== undefined) tags.push(keys.relation(this.#link.table, this.#link.name))
        if (this.#link?.namesOwner !== true) tags.push(keys.rows(tableName(this.owner)))
        tags.push(keys.rows(target))
        const wide = new Set(this.#context.tableTags(reach.tables))
        const isNarrow = !reach.joins && wide.size === 1 && this.#namesRows()
        const narrow = isNarrow ? tags.length + 1 : undefined
        if (this.#link !== undefined) wide.add(keys.table(this.#link.table))
        const tables = this.#link === undefined ? [keys.rows(tableName(this.owner)), ...wide] : [...wide]
        return { tags: [...tags, ...wide], tables, narrow }
    }

    /** Whether what the owner has can change by nothing but a write that names it or one of its rows. */
    #namesRows(): boolean {
        const { relation } = this
        const junction = junctionOf(relation)
        if (junction === undefined) return this.#link === undefined || this.#link.namesOwner
        const owning = relation.isOwning ? relation : relation.inverseRelation
        // without foreign keys a pair may be there before its row is
        if (owning?.createForeignKeyConstraints !== true) return false
        return [...junction.ownerColumns, ...junction.inverseColumns].every(
            ({ referencedColumn }) => referencedColumn?.isPrimary === true,
        )
    }
}

function isMany({ isOneToMany, isManyToMany }: RelationMetadata): boolean {
    return isOneToMany || isManyToMany
}
