import { isDeepStrictEqual } from "node:util"
import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import { decodeValue, encodeValue } from "../serializer/ValueCodec"
import type { Encoded } from "../serializer/ValueCodec"
import { dataSourceOf } from "../metadata/dataSourceOf"

type ColumnMetadata = EntityMetadata["columns"][number]
type ValueTransformer = { to(value: unknown): unknown; from(value: unknown): unknown }

/** One way to take the value of a column apart and to make it again. */
export interface Conversion {
    readonly name: string
    to(value: unknown): unknown
    from(value: unknown): unknown
}

/**
 * The ways to store a value of this column that is no plain data, best first: the column's transformer; the transformer
 * together with the conversions of the driver, as the transformer may rely on them; the parser of PostgreSQL intervals.
 */
export function conversionsOf(column: ColumnMetadata): readonly Conversion[] {
    const { driver } = dataSourceOf(column.entityMetadata)
    const conversions: Conversion[] = []
    const transformer = column.transformer as ValueTransformer | ValueTransformer[] | undefined
    if (transformer !== undefined) {
        const steps = Array.isArray(transformer) ? transformer : [transformer]
        conversions.push({
            name: "t",
            to: (value) => steps.reduce((result, step) => step.to(result), value),
            from: (value) => steps.reduceRight((result, step) => step.from(result), value),
        })
        conversions.push({
            name: "d",
            to: (value) => driver.preparePersistentValue(value, column) as unknown,
            from: (value) => driver.prepareHydratedValue(value, column) as unknown,
        })
    } else if (column.type === "interval") {
        const parse = intervalParserOf(driver)
        if (parse !== undefined)
            conversions.push({
                name: "i",
                to: each((value) => ({ ...(value as object) })),
                // The parser is the only way to the class; it makes an empty interval of an empty text.
                from: each((fields) => Object.assign(parse("") as object, fields)),
            })
    }
    return conversions
}

/**
 * Stores a value that is no plain data by the first conversion that gives back an equal value.
 *
 * @throws CacheError `E_SERIALIZE` when none does
 */
export function convert(
    value: unknown,
    conversions: readonly Conversion[],
    path: string,
    refusal: CacheError,
): { name: string; v: Encoded } {
    let cause: unknown
    for (const { name, to, from } of conversions) {
        try {
            const v = encodeValue(to(value), path)
            if (isDeepStrictEqual(from(decodeValue(v)), value)) return { name, v }
        } catch (error) {
            cause ??= error
        }
    }
    if (conversions.length === 0) throw refusal
    throw new CacheError(
        "E_SERIALIZE",
        `${path} cannot be stored: taking it apart and making it again does not give an equal value.`,
        {
            cause: cause ?? refusal,
            advice: "Write the `to` and `from` of its transformer so that from(to(value)) equals value.",
        },
    )
}

function each(one: (value: unknown) => unknown): (value: unknown) => unknown {
    return (value) => (value === null ? null : Array.isArray(value) ? value.map(each(one)) : one(value))
}

const INTERVAL_OID = 1186

function intervalParserOf(driver: unknown): ((value: unknown) => unknown) | undefined {
    const { types } = ((driver as { postgres?: unknown }).postgres ?? {}) as {
        types?: { getTypeParser(oid: number): (text: unknown) => unknown }
    }
    return types?.getTypeParser(INTERVAL_OID)
}
