import { CacheError } from "../error/CacheError"

/** The error for an entity that cannot be stored. */
export function refuse(what: string, cause?: unknown): CacheError {
    return new CacheError("E_SERIALIZE", `${what}, which cannot be stored.`, {
        cause,
        advice: "Dehydrate entities as they were loaded, or keep the entity out of the cache.",
    })
}
