import type { EntityManager, FindManyOptions, FindOneOptions } from "typeorm"
import type { CallCache } from "./CallCache"

/** A read as a repository got it. */
export interface FindCall {
    readonly method: string
    readonly options: FindManyOptions | FindOneOptions | undefined
    readonly call: CallCache
}

/** A count, a yes or no, an aggregate. */
export interface ScalarCall<T> extends FindCall {
    /** What else decides the result, such as the column of a sum. */
    readonly extra?: unknown
    /** Runs the read with a manager and options that are its own. */
    readonly run: (manager: EntityManager, options: FindManyOptions) => Promise<T>
}

/** Why a read goes to the database as if there were no cache. */
export class Bypass {
    constructor(readonly reason: string) {}
}
