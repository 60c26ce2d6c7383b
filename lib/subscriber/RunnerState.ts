import type { Fence } from "../cache/Fence"
import type { StatementStep } from "./StatementStep"

/** A statement under way: a write outside a transaction, or one that moves the transaction itself. */
export interface StatementInFlight {
    readonly query: string
    readonly parameters?: readonly unknown[] | undefined
    readonly fence: Fence
    /** What it does to the transaction. */
    readonly step?: StatementStep | undefined
    /** Whether a transaction of plain SQL was open before it. */
    readonly wasRaw: boolean
    /** It writes nothing itself. */
    readonly isPure?: boolean
}

/** What one query runner has dirtied and where its transaction stands. */
export class RunnerState {
    /** What the open transaction has dirtied. */
    fence: Fence
    /** Writes outside a transaction, each with a fence of its own: flows that share a runner must not release each other's. */
    readonly statements: StatementInFlight[] = []
    /** True between a `BEGIN` and a `COMMIT` sent as plain SQL. */
    rawTransaction = false
    /**
     * True when nobody knows whether a transaction is open, because a statement ended the one that TypeORM began, or failed
     * where it may have: writes then count as committed at once, and again when a transaction ends.
     */
    doubt = false
    /** True once TypeORM is about to send COMMIT. */
    commitSent = false
    /** True once TypeORM is about to send ROLLBACK. */
    rollbackSent = false
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
        this.doubt = false
        this.commitSent = false
        this.rollbackSent = false
        this.commitError = undefined
        return fence
    }

    /** Takes out the write that this text began, with these very parameters where several have one text. */
    takeStatement(query: string, parameters?: readonly unknown[]): StatementInFlight | undefined {
        let i = this.statements.findIndex((it) => it.query === query && it.parameters === parameters)
        if (i < 0) i = this.statements.findIndex((it) => it.query === query)
        return i < 0 ? undefined : this.statements.splice(i, 1)[0]
    }
}
