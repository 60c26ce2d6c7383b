import type { Duration } from "../util/duration"
import type { FreshnessOptions } from "../util/FreshnessOptions"

/** Options of {@link Cached}. The nearer setting wins: call over relation over entity over the cache's own. */
export interface CachedOptions extends FreshnessOptions {
    /** How long a row lives in the cache; `null` for until it is invalidated. Default: the cache's `ttl`. */
    ttl?: Duration | null
    /** The same for lists, counts and aggregates. Default: `ttl`. */
    listTtl?: Duration | null
    /** The same for "no such row". Default: `ttl`. */
    negativeTtl?: Duration | null
    /** `false` keeps the entity out of the cache. Default true. */
    enabled?: boolean
    /** Makes entries written under another version unreadable. Default: none. */
    version?: string | number
    /** `false` caches rows by key only, no lists, counts and aggregates. Default true. */
    lists?: boolean
    /** Properties that are unique together, besides the primary key: `[["email"]]` makes `findOneBy({ email })` a keyed lookup. */
    uniqueKeys?: readonly (readonly string[])[]
    /** Name under which statistics are added up. Default: the entity's name. */
    region?: string
    /** Tables that the entity reads beyond its own, for a view or virtual columns: entities or table names. Default: a view's own `dependsOn`. */
    dependsOn?: readonly (Function | string)[]
}
