import type { SqlAnalysis } from "../sql/SqlAnalysis"

/** What a text does to the transaction of its connection. */
export interface StatementStep {
    /** It ends the transaction that is open before it, if any. */
    readonly ends: boolean
    /** It commits that transaction, or writes that stand in the same text. */
    readonly commits: boolean
    /** It leaves a transaction open behind it that it has begun. */
    readonly opens: boolean
}

/** The step of a text; `undefined` for one that leaves the transaction alone, savepoints included. */
export function stepOf({ transactions, implicitCommit, writes, unattributed }: SqlAnalysis): StatementStep | undefined {
    const moves = transactions.filter((it) => it !== "savepoint")
    if (moves.length === 0 && !implicitCommit) return undefined
    const ends = implicitCommit || moves.includes("commit") || moves.includes("rollback")
    return {
        ends,
        commits: implicitCommit || moves.includes("commit") || writes.length > 0 || unattributed,
        opens: moves.at(-1) === "begin",
    }
}
