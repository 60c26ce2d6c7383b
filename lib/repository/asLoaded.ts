import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { CacheError } from "../error/CacheError"

/**
 * An entity as a load of its row brings it, made from one that may hold more: relations, columns that are read only when
 * asked for, properties of the caller's own. What is stored is handed to everybody.
 *
 * @throws CacheError `E_SERIALIZE` when a column or an eager relation is missing
 */
export function asLoaded(target: EntityMetadata, entity: ObjectLiteral): ObjectLiteral {
    const metadata = target.findInheritanceMetadata(entity)
    const required = (value: unknown, property: string): unknown => {
        if (value !== undefined) return value
        throw new CacheError("E_SERIALIZE", `There is a ${metadata.name} without ${property}.`, {
            advice: "Give entities with all of their columns, as a repository loads them.",
        })
    }
    const copy = metadata.create() as ObjectLiteral
    for (const column of metadata.columns)
        if (column.isSelect && !column.isVirtual)
            column.setEntityValue(copy, required(column.getEntityValue(entity), column.propertyPath))
    for (const { propertyName } of metadata.relationIds)
        copy[propertyName] = required(entity[propertyName], propertyName)
    for (const relation of metadata.eagerRelations) {
        const related = required(relation.getEntityValue(entity), relation.propertyPath)
        const one = (it: unknown): unknown =>
            it === null ? null : asLoaded(relation.inverseEntityMetadata, it as ObjectLiteral)
        relation.setEntityValue(copy, Array.isArray(related) ? related.map(one) : one(related))
    }
    return copy
}
