import type { ObjectLiteral } from "typeorm"
import { corruptEntry } from "../error/corruptEntry"
import type { EntityHydrator } from "../hydration/EntityHydrator"
import { decodeValue, encodeValue, type Encoded } from "../serializer/ValueCodec"

/** How the result of one kind of read is stored and made again. */
export interface ResultCodec<T> {
    encode(result: T): Encoded
    /** @throws CacheError `E_CORRUPT_ENTRY` */
    decode(value: Encoded): T
    /** The entities in a result, whose listeners run on every read. */
    entities(result: T): readonly ObjectLiteral[]
    /** True when nothing was found: an insert may change that. */
    isEmpty(result: T): boolean
}

/** A list of entities. */
export function listCodec<Entity extends ObjectLiteral>(hydrator: EntityHydrator): ResultCodec<Entity[]> {
    return {
        encode: (entities) => entities.map((entity) => hydrator.dehydrate(entity)),
        decode: (value) => asList(value).map((record) => hydrator.hydrate<Entity>(record)),
        entities: (entities) => entities,
        isEmpty: (entities) => entities.length === 0,
    }
}

/** A list of entities and a number of all that match. */
export function listAndCountCodec<Entity extends ObjectLiteral>(
    hydrator: EntityHydrator,
): ResultCodec<[Entity[], number]> {
    const list = listCodec<Entity>(hydrator)
    return {
        encode: ([entities, count]) => [list.encode(entities), count],
        decode: (value) => {
            const [entities, count] = asList(value)
            if (entities === undefined || typeof count !== "number")
                throw corruptEntry("The stored result is of another kind.")
            return [list.decode(entities), count]
        },
        entities: ([entities]) => entities,
        isEmpty: ([, count]) => count === 0,
    }
}

/** One entity or none. */
export function entityCodec<Entity extends ObjectLiteral>(hydrator: EntityHydrator): ResultCodec<Entity | null> {
    return {
        encode: (entity) => (entity === null ? null : hydrator.dehydrate(entity)),
        decode: (value) => (value === null ? null : hydrator.hydrate<Entity>(value)),
        entities: (entity) => (entity === null ? [] : [entity]),
        isEmpty: (entity) => entity === null,
    }
}

/** A number, a yes or no, nothing. */
export const scalarCodec: ResultCodec<number | boolean | null> = {
    encode: (result) => encodeValue(result),
    decode: (value) => decodeValue(value) as number | boolean | null,
    entities: () => [],
    isEmpty: (result) => !result,
}

function asList(value: Encoded): readonly Encoded[] {
    if (!Array.isArray(value)) throw corruptEntry("The stored result is of another kind.")
    return value as readonly Encoded[]
}
