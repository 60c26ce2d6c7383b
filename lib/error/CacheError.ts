/**
 * What can go wrong, by code. Each code has a section in `docs/errors.md`.
 */
export type CacheErrorCode =
    | "E_OPTION"
    | "E_NO_SUBSCRIBER"
    | "E_SECOND_CACHE"
    | "E_NOT_CACHEABLE"
    | "E_UNKNOWN_ENTITY"
    | "E_UNKNOWN_RELATION"
    | "E_NO_OWNER"
    | "E_MISSING_PEER"
    | "E_STORE"
    | "E_STORE_TIMEOUT"
    | "E_LOAD_TIMEOUT"
    | "E_COMMIT_REFUSED"
    | "E_SERIALIZE"
    | "E_CORRUPT_ENTRY"
    | "E_RAW_SQL"

/** What a {@link CacheError} can tell beside its message. */
export interface CacheErrorDetails {
    /** What to do about it, one sentence. Ends the message. */
    advice?: string
    /** The key that was read or written, never its value. */
    key?: string
    /** The error behind this one. */
    cause?: unknown
}

/**
 * Every error that this library throws. The message says what is wrong and what to do; the code is stable.
 *
 * @example
 * try {
 *     await authors.findOneBy({ id: 1 })
 * } catch (error) {
 *     if (error instanceof CacheError && error.code === "E_NO_SUBSCRIBER") console.error(error.advice)
 * }
 */
export class CacheError extends Error {
    readonly code: CacheErrorCode
    readonly advice: string | undefined
    readonly key: string | undefined

    constructor(code: CacheErrorCode, message: string, details: CacheErrorDetails = {}) {
        super(
            `${message}${details.advice === undefined ? "" : ` ${details.advice}`} [${code}]`,
            details.cause === undefined ? undefined : { cause: details.cause },
        )
        this.name = "CacheError"
        this.code = code
        this.advice = details.advice
        this.key = details.key
    }
}
