import { FindOptionsUtils, type EntityManager, type EntityMetadata, type ObjectLiteral } from "typeorm"
import { rowKeyOf } from "../key/rowId"
import type { RelationMetadata } from "../metadata/CachedRelationMetadata"
import type { Related } from "./RelatedCodec"

const OWNER = "owner"
const RELATED = "related"

/**
 * What a relation holds for some owners, by their keys, in one query; an owner that is not there is missing. It is the
 * join that `find({ relations })` makes, so that every kind of relation comes as TypeORM would bring it.
 */
export async function queryRelation(
    manager: EntityManager,
    owner: EntityMetadata,
    relation: RelationMetadata,
    owners: readonly ObjectLiteral[],
): Promise<ReadonlyMap<string, Related>> {
    const query = manager.createQueryBuilder(owner.target, OWNER).callListeners(false)
    if (hasPlainKey(owner)) query.select(owner.primaryColumns.map(({ propertyPath }) => `${OWNER}.${propertyPath}`))
    query.leftJoinAndSelect(`${OWNER}.${relation.propertyPath}`, RELATED)
    joinEagerRelations(query, RELATED, relation.inverseEntityMetadata, "left")
    // a lazy relation comes in the order of its entity
    for (const [path, order] of Object.entries(relation.inverseEntityMetadata.orderBy ?? {}))
        if (typeof order === "string") query.addOrderBy(`${RELATED}.${path}`, order)
        else query.addOrderBy(`${RELATED}.${path}`, order.order, order.nulls)
    // of the owners, not of what is joined already
    query.withDeleted()
    const loaded = await query.whereInIds(owners.map((it) => owner.getEntityIdMap(it))).getMany()
    const found = new Map<string, Related>()
    for (const entity of loaded) {
        const key = rowKeyOf(owner, entity) ?? JSON.stringify(owner.getEntityIdMap(entity))
        const value = relation.getEntityValue(entity) as Related | undefined
        found.set(key, value ?? (relation.isOneToMany || relation.isManyToMany ? [] : null))
    }
    return found
}

/** A fourth parameter came with TypeORM 1, which joins INNER without it. */
const joinEagerRelations = FindOptionsUtils.joinEagerRelations.bind(FindOptionsUtils) as (
    query: unknown,
    alias: string,
    metadata: EntityMetadata,
    parentJoinType: "left",
) => void

/** Whether the columns of the key are enough to make an owner. */
function hasPlainKey({ primaryColumns, discriminatorColumn, relationIds }: EntityMetadata): boolean {
    return (
        discriminatorColumn === undefined &&
        relationIds.length === 0 &&
        primaryColumns.every(({ isVirtual, relationMetadata }) => !isVirtual && relationMetadata === undefined)
    )
}
