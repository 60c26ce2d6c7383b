import type { QueryRunner } from "typeorm"

/** An open transaction as a read inside it sees the cache, with `transactionReads: "until-dirty"`. */
export interface TransactionView {
    /** The runner of the transaction: what the cache does not have is read there. */
    readonly runner: QueryRunner
    /** True when the transaction has written something that one of the tags stands for. */
    hasTouched(tags: readonly string[]): boolean
    /** True when the transaction has written anything: what it reads is then for itself alone. */
    hasWritten(): boolean
}
