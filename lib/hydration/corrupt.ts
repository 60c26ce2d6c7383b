import { CacheError } from "../error/CacheError"

/** The error for a record that cannot be read. */
export function corrupt(message: string, cause?: unknown): CacheError {
    return new CacheError("E_CORRUPT_ENTRY", message, { cause, advice: "It is read from the database instead." })
}

/** The error for an entity that cannot be stored. */
export function refuse(what: string, cause?: unknown): CacheError {
    return new CacheError("E_SERIALIZE", `${what}, which cannot be stored.`, {
        cause,
        advice: "Dehydrate entities as they were loaded, or keep the entity out of the cache.",
    })
}
