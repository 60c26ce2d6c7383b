import type { ObjectLiteral } from "typeorm"
import type { EntityHydrator } from "../hydration/EntityHydrator"
import { entityCodec, listCodec, type ResultCodec } from "./ResultCodec"

/** What a relation holds: a list, one entity or none. */
export type Related = ObjectLiteral[] | ObjectLiteral | null

/** The stored form of what a relation holds. */
export function relatedCodec(hydrator: EntityHydrator, isMany: boolean): ResultCodec<Related> {
    return (isMany ? listCodec(hydrator) : entityCodec(hydrator)) as ResultCodec<Related>
}

/** The entities in what a relation holds. */
export function relatedItems(related: Related | undefined): ObjectLiteral[] {
    if (related === null || related === undefined) return []
    return Array.isArray(related) ? (related as ObjectLiteral[]) : [related]
}
