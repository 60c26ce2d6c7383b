import type { Duration } from "../util/duration"

/** Options of {@link CachedRelation}. */
export interface CachedRelationOptions {
    /** How long the related rows of one owner live in the cache; `null` for until they are invalidated. Default: the entity's `ttl`. */
    ttl?: Duration | null
    /** Lists longer than this are not stored. Default: no limit. */
    maxSize?: number
    /** `false` keeps the relation out of the cache. Default true. */
    enabled?: boolean
    /** Makes entries written under another version unreadable. Default: none. */
    version?: string | number
}
