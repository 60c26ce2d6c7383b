import { createHash } from "node:crypto"
import type { EntityMetadata } from "typeorm"
import { dataSourceOf } from "../metadata/dataSourceOf"
import { classesOf, loadedColumns } from "./EntityShape"

type ColumnMetadata = EntityMetadata["columns"][number]

/** Counted up when the layout of records changes. */
const RECORD_FORMAT = 2

const OWN = new WeakMap<EntityMetadata, string>()
const GRAPH = new WeakMap<EntityMetadata, string>()

/**
 * Short hash of everything about an entity that makes its records readable: classes, columns, embeddeds, transformers, relations,
 * the database type, the major of TypeORM and the format of records. The same in every process that runs the same code.
 * It covers the entity alone; for entries with relations take {@link graphFingerprint}.
 */
export function schemaFingerprint(metadata: EntityMetadata): string {
    let hash = OWN.get(metadata)
    if (hash === undefined) OWN.set(metadata, (hash = hashOf(describeEntity(metadata))))
    return hash
}

/** As {@link schemaFingerprint}, over the entity and every entity that can be reached from it through relations. */
export function graphFingerprint(metadata: EntityMetadata): string {
    let hash = GRAPH.get(metadata)
    if (hash === undefined) {
        const names = reachableFrom(metadata).map((reached) => `${reached.name}:${schemaFingerprint(reached)}`)
        GRAPH.set(metadata, (hash = hashOf([schemaFingerprint(metadata), names.sort()])))
    }
    return hash
}

/** The entity and those that a load can bring along with it, through relations of any depth. */
export function reachableFrom(metadata: EntityMetadata): readonly EntityMetadata[] {
    const reached = new Set([metadata])
    for (const entity of reached)
        for (const member of [entity, ...entity.childEntityMetadatas])
            for (const relation of member.relations) reached.add(relation.inverseEntityMetadata)
    return [...reached]
}

function describeEntity(metadata: EntityMetadata): unknown {
    const { options } = dataSourceOf(metadata)
    return [
        RECORD_FORMAT,
        // the major of TypeORM: only 1 has the DataSource under this name
        Object.hasOwn(metadata, "dataSource") ? 1 : 0,
        options.type,
        metadata.tablePath,
        // the order of lists that say none
        metadata.orderBy ?? null,
        classesOf(metadata).map((member) => [
            member.targetName,
            member.discriminatorValue ?? null,
            loadedColumns(member).map(describeColumn),
            member.allEmbeddeds.map(({ propertyPath, prefix }) => [propertyPath, prefix]),
            member.relations.map((relation) => [
                relation.propertyPath,
                relation.relationType,
                relation.isLazy,
                // what a load brings that does not say
                relation.isEager,
                relation.joinColumns.map(describeReference),
                relation.inverseJoinColumns.map(describeReference),
                relation.junctionEntityMetadata?.tablePath ?? null,
                relation.inverseEntityMetadata.tablePath,
                relation.inverseEntityMetadata.name,
            ]),
            member.relationIds.map(({ propertyName }) => propertyName),
        ]),
    ]
}

function describeColumn(column: ColumnMetadata): unknown {
    return [
        column.propertyPath,
        column.databaseName,
        typeof column.type === "function" ? column.type.name : column.type,
        column.isArray,
        column.isSelect,
        // which rows a read finds
        column.isPrimary,
        column.isDeleteDate,
        column.isVirtualProperty ? sourceOf(column.query) : null,
        column.enum ?? null,
        column.hstoreType ?? null,
        (column as { utc?: boolean }).utc ?? null,
        describeTransformer(column.transformer),
    ]
}

function describeReference({ databaseName, referencedColumn }: ColumnMetadata): unknown {
    return [databaseName, referencedColumn?.databaseName ?? null]
}

function describeTransformer(transformer: unknown): unknown {
    if (transformer === undefined || transformer === null) return null
    if (Array.isArray(transformer)) return transformer.map(describeTransformer)
    const { to, from, constructor } = transformer as { to?: unknown; from?: unknown; constructor?: { name?: string } }
    return [constructor?.name ?? null, sourceOf(to), sourceOf(from)]
}

function sourceOf(value: unknown): string {
    return typeof value === "function" ? Function.prototype.toString.call(value) : typeof value
}

function hashOf(description: unknown): string {
    return createHash("sha256").update(JSON.stringify(description)).digest("base64url").slice(0, 11)
}
