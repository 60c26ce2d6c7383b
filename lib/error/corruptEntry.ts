import { CacheError } from "./CacheError"

/** The error of something in a store that cannot be read: whoever asked for it goes to the database. */
export function corruptEntry(message: string, cause?: unknown): CacheError {
    return new CacheError("E_CORRUPT_ENTRY", message, { cause, advice: "It is read from the database instead." })
}
