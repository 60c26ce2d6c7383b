import type { Fence } from "../cache/Invalidator"

/** A write outside a transaction that is under way. */
export interface StatementInFlight {
    readonly query: string
    readonly fence: Fence
}

/** What one query runner has dirtied and where its transaction stands. */
export class RunnerState {
    /** What the open transaction has dirtied. */
    fence: Fence
    /** Writes outside a transaction, each with a fence of its own: flows that share a runner must not release each other's. */
    readonly statements: StatementInFlight[] = []
    /** True between a `BEGIN` and a `COMMIT` sent as plain SQL. */
    rawTransaction = false
    /** True once a statement has committed what came before it (MySQL): the writes that follow commit by themselves. */
    committedImplicitly = false
    /** True once COMMIT is about to be sent. */
    commitSent = false
    /** Why COMMIT failed, where the driver told. */
    commitError: unknown

    constructor(fence: Fence) {
        this.fence = fence
    }

    /** Begins anew, for the next transaction; answers what the last one dirtied. */
    turn(next: Fence): Fence {
        const { fence } = this
        this.fence = next
        this.rawTransaction = false
        this.committedImplicitly = false
        this.commitSent = false
        this.commitError = undefined
        return fence
    }

    /** Takes out the write that this text began. */
    takeStatement(query: string): StatementInFlight | undefined {
        const i = this.statements.findIndex((it) => it.query === query)
        return i < 0 ? undefined : this.statements.splice(i, 1)[0]
    }
}
