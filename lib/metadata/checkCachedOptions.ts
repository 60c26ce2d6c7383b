import { CacheError } from "../error/CacheError"
import {
    checkOptions,
    isBoolean,
    isCount,
    isDurationOrNull,
    isName,
    isVersion,
    type OptionCheck,
} from "../util/checkOptions"
import { describe } from "../util/describe"
import { FRESHNESS_CHECKS } from "../util/FreshnessOptions"

const isListOfNames: OptionCheck = (value) =>
    Array.isArray(value) &&
    value.every((key) => Array.isArray(key) && key.length > 0 && key.every((it) => typeof it === "string" && it !== ""))
        ? undefined
        : `takes lists of property names such as [["email"], ["country", "taxNumber"]]`

const isListOfEntities: OptionCheck = (value) =>
    Array.isArray(value) && value.every((it) => typeof it === "function" || (typeof it === "string" && it !== ""))
        ? undefined
        : "takes a list of entities or table names"

/** @throws CacheError `E_OPTION` */
export function checkCachedOptions(options: unknown, entity: string): void {
    checkOptions(
        options,
        {
            ttl: isDurationOrNull,
            listTtl: isDurationOrNull,
            negativeTtl: isDurationOrNull,
            enabled: isBoolean,
            version: isVersion,
            lists: isBoolean,
            uniqueKeys: isListOfNames,
            region: isName,
            dependsOn: isListOfEntities,
            ...FRESHNESS_CHECKS,
        },
        `@Cached on ${entity}`,
    )
}

/** @throws CacheError `E_OPTION` */
export function checkCachedRelationOptions(options: unknown, relation: string): void {
    checkOptions(
        options,
        { ttl: isDurationOrNull, maxSize: isCount, enabled: isBoolean, version: isVersion },
        `@CachedRelation on ${relation}`,
    )
}

/** Options of several relations by their names. @throws CacheError `E_OPTION` */
export function checkCachedRelationMap(relations: unknown, entity: string): void {
    if (relations === null || typeof relations !== "object" || Array.isArray(relations))
        throw new CacheError("E_OPTION", `@Cached on ${entity}: the relations are ${describe(relations)}, not a map.`, {
            advice: `Write { books: { ttl: "1m" } }.`,
        })
    for (const [name, options] of Object.entries(relations)) checkCachedRelationOptions(options, `${entity}.${name}`)
}
