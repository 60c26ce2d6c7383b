import type { EntityMetadata } from "typeorm"
import { junctionOf } from "./EntityReach"
import { rowIdOfDatabaseValues } from "./rowId"
import { tableName } from "./tableName"

type Relation = EntityMetadata["relations"][number]
type Column = EntityMetadata["columns"][number]

/**
 * Where it stands who owns the rows of a relation: the foreign key of the related table, or a side of a junction. Tags of
 * relations are made of this, so that both sides of a relation, and classes that inherit it, share them.
 */
export interface RelationLink {
    /** The table that has the columns. */
    readonly table: string
    readonly isJunction: boolean
    /** Spells the columns, in lower case. */
    readonly name: string
    readonly columns: readonly Column[]
    readonly owner: EntityMetadata
    /** The columns name the owner by its primary key, so that a row of the table tells its id. */
    readonly namesOwner: boolean
}

/** The link of a relation, or `undefined` where the owner's own row has the foreign key. */
export function relationLinkOf(relation: Relation): RelationLink | undefined {
    if (relation.isWithJoinColumn) return undefined
    const junction = junctionOf(relation)
    const { inverseRelation, entityMetadata: owner } = relation
    if (junction !== undefined)
        return linkOf(junction, relation.isOwning ? junction.ownerColumns : junction.inverseColumns, owner, true)
    if (inverseRelation === undefined) return undefined
    return linkOf(inverseRelation.entityMetadata, inverseRelation.joinColumns, owner, false)
}

/**
 * The link that the inverse of a relation has, declared or not: another release of the program, which shares the cache,
 * may declare it.
 */
export function inverseLinkOf(relation: Relation): RelationLink | undefined {
    const { inverseEntityMetadata: owner } = relation
    if (relation.isWithJoinColumn) return linkOf(relation.entityMetadata, relation.joinColumns, owner, false)
    const junction = relation.isOwning ? junctionOf(relation) : undefined
    return junction && linkOf(junction, junction.inverseColumns, owner, true)
}

/** The id of the owner that a row of the link's table names, from values as the database gets them. */
export function linkedOwnerId(
    { columns, owner }: RelationLink,
    valueOf: (databaseNameLower: string) => unknown,
): string | undefined {
    return rowIdOfDatabaseValues(owner, (primary) => {
        const column = columns.find(({ referencedColumn }) => referencedColumn?.databaseName.toLowerCase() === primary)
        return column === undefined ? undefined : valueOf(column.databaseName.toLowerCase())
    })
}

function linkOf(
    metadata: EntityMetadata,
    columns: readonly Column[],
    owner: EntityMetadata,
    isJunction: boolean,
): RelationLink {
    const names = columns.map(({ databaseName }) => databaseName.toLowerCase())
    const referenced = columns.map(({ referencedColumn }) => referencedColumn?.databaseName)
    const twins = metadata.columns.filter(({ databaseName }) => names.includes(databaseName.toLowerCase()))
    return {
        table: tableName(metadata),
        isJunction,
        name: names.join(","),
        columns,
        owner,
        namesOwner:
            new Set(twins.map(({ databaseName }) => databaseName)).size === names.length &&
            referenced.length === owner.primaryColumns.length &&
            owner.primaryColumns.every(({ databaseName }) => referenced.includes(databaseName)),
    }
}
