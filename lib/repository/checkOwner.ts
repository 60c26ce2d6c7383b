import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { CacheError } from "../error/CacheError"
import { hydratorOf } from "../hydration/EntityHydrator"
import type { RelationMetadata } from "../metadata/CachedRelationMetadata"
import { describe } from "../util/describe"

/** @throws CacheError `E_UNKNOWN_RELATION` */
export function relationNamed(metadata: EntityMetadata, name: unknown): RelationMetadata {
    const relation = typeof name === "string" ? metadata.findRelationWithPropertyPath(name) : undefined
    if (relation !== undefined) return relation
    const names = metadata.relations.map(({ propertyPath }) => propertyPath).join(", ")
    throw new CacheError("E_UNKNOWN_RELATION", `${metadata.name} has no relation ${describe(name)}.`, {
        advice: names === "" ? "It has none at all." : `It has: ${names}.`,
    })
}

/** An entity whose relations can be read: of the right class and with an id. @throws CacheError `E_NO_OWNER` */
export function checkOwner(metadata: EntityMetadata, owner: unknown): ObjectLiteral {
    if (!hydratorOf(metadata).isInstance(owner))
        throw new CacheError("E_NO_OWNER", `${describe(owner)} is no ${metadata.name}.`, {
            advice: "Give an entity as a repository loads it.",
        })
    if (metadata.getEntityIdMap(owner) === undefined)
        throw new CacheError("E_NO_OWNER", `The ${metadata.name} has no id.`, {
            advice: "Save it first; what is not in the database has no relations there.",
        })
    return owner
}

/** As {@link checkOwner}, also from an id: a value, or a map of a composite key. @throws CacheError `E_NO_OWNER` */
export function ownerFrom(metadata: EntityMetadata, ownerOrId: unknown): ObjectLiteral {
    if (hydratorOf(metadata).isInstance(ownerOrId)) return checkOwner(metadata, ownerOrId)
    const isMap =
        typeof ownerOrId === "object" && ownerOrId !== null && Object.getPrototypeOf(ownerOrId) === Object.prototype
    const isValue = typeof ownerOrId !== "object" && ownerOrId !== undefined && typeof ownerOrId !== "function"
    if (isMap || (isValue && !metadata.hasMultiplePrimaryKeys)) {
        const map = metadata.ensureEntityIdMap(ownerOrId)
        if (metadata.getEntityIdMap(map) !== undefined) return map
    }
    throw new CacheError("E_NO_OWNER", `${describe(ownerOrId)} is no ${metadata.name} and no id of one.`, {
        advice: "Give an entity, its id, or the map of a composite key.",
    })
}
