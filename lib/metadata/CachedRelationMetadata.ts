import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import { toMilliseconds } from "../util/duration"
import { getCacheMetadataArgsStorage } from "./CacheMetadataArgsStorage"
import type { CachedRelationOptions } from "./CachedRelationOptions"
import type { CacheMetadata } from "./CacheMetadata"

export type RelationMetadata = EntityMetadata["relations"][number]

/**
 * The options that `@CachedRelation` gives to a relation; `undefined` for one without.
 *
 * @param owner the entity that is read: the one that declares the relation, or a child of it
 */
export function cachedRelationOptionsOf(
    relation: RelationMetadata,
    owner: EntityMetadata = relation.entityMetadata,
): CachedRelationOptions | undefined {
    const storage = getCacheMetadataArgsStorage()
    const { propertyName, target, embeddedMetadata } = relation
    // a relation in an embedded is decorated on the class of the embedded
    if (embeddedMetadata !== undefined) return storage.findRelation(target, propertyName)
    // TypeORM gives the relations of a child class in one table to the parent's metadata
    return storage.findRelation(owner.target, propertyName) ?? storage.findRelation(target, propertyName)
}

/** Finds decorators on what is no relation. @throws CacheError `E_UNKNOWN_RELATION` */
export function checkCachedRelations(metadata: EntityMetadata): void {
    for (const name of getCacheMetadataArgsStorage().relationNames(metadata.target)) {
        if (metadata.relations.some(({ propertyName }) => propertyName === name)) continue
        throw new CacheError("E_UNKNOWN_RELATION", `@CachedRelation on ${metadata.name}.${name}: it is no relation.`, {
            advice: "Put it on a property with @OneToMany, @ManyToOne, @OneToOne or @ManyToMany.",
        })
    }
}

/** What `@CachedRelation` means for one relation of one DataSource: every option resolved, the nearer setting first. */
export class CachedRelationMetadata {
    readonly relation: RelationMetadata
    /** True when the relation is decorated and not switched off, by itself or with its entity. */
    readonly enabled: boolean
    /** Milliseconds; `undefined` for no expiry. */
    readonly ttl: number | undefined
    /** Lists longer than this are not stored. */
    readonly maxSize: number
    readonly version: string

    /** @param owner the entity that is read: the one that declares the relation, or a child of it */
    constructor(relation: RelationMetadata, owner: CacheMetadata, maxSize: number) {
        const found = cachedRelationOptionsOf(relation, owner.entity)
        const { ttl, enabled, version } = found ?? {}
        this.relation = relation
        this.enabled = found !== undefined && (enabled ?? !owner.isSwitchedOff)
        this.ttl = ttl === undefined ? owner.ttl : ttl === null ? undefined : toMilliseconds(ttl, "ttl")
        this.maxSize = found?.maxSize ?? maxSize
        this.version = version === undefined ? owner.version : `${owner.version}.${version}`
    }
}
