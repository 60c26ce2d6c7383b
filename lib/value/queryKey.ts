import { CacheError } from "../error/CacheError"
import { CanonicalText } from "../key/CanonicalText"
import { digestPart } from "../key/keyPart"
import { describe } from "../util/describe"

/** What a query builder has. */
export interface KeyedQuery {
    getQueryAndParameters(): [query: string, parameters: unknown[]]
}

/**
 * A name for what a query builder asks: `query:<hash of SQL and parameters>:v1`. Equal for equal SQL and parameters.
 *
 * @throws CacheError `E_OPTION` for what is no query builder, or for a parameter that has no text
 */
export function queryKey(query: KeyedQuery): string {
    if (typeof (query as Partial<KeyedQuery> | null)?.getQueryAndParameters !== "function")
        throw new CacheError("E_OPTION", `keyOf takes a query builder, not ${describe(query)}.`)
    const [sql, parameters] = query.getQueryAndParameters()
    const text = new CanonicalText()
    text.value(parameters)
    if (text.bypass !== undefined)
        throw new CacheError("E_OPTION", `A parameter of the query cannot be told from others: ${text.bypass}.`)
    return `query:${digestPart(`${sql.length}:${sql}${text.text}`).slice(1)}:v1`
}
