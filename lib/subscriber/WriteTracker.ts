import type { EntityMetadata, QueryRunner } from "typeorm"
import { CacheError } from "../error/CacheError"
import type { Invalidator } from "../cache/Invalidator"
import { dirtyTags } from "../invalidation/dirtyTags"
import { connectionOf, type OpenTransactions } from "../invalidation/OpenTransactions"
import type { TableGraph } from "../invalidation/TableGraph"
import type { KeyScheme } from "../key/KeyScheme"
import { tableName } from "../key/tableName"
import { isSharedRunner } from "../metadata/isSharedRunner"
import { analyzeSql } from "../sql/analyzeSql"
import type { SqlDialect } from "../sql/SqlDialect"
import type { CacheLog } from "../telemetry/CacheLogger"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { IsolationLevels } from "./IsolationLevels"
import { isRefusal } from "./isRefusal"
import { RunnerState, type StatementInFlight } from "./RunnerState"
import { stepOf, type StatementStep } from "./StatementStep"

const NO_TAGS: ReadonlySet<string> = new Set()

/** What a tracker works with. */
export interface WriteTrackerParts {
    readonly graph: TableGraph
    readonly dialect: SqlDialect
    readonly keys: KeyScheme
    readonly invalidator: Invalidator
    readonly transactions: OpenTransactions
    readonly log: CacheLog
    /** Follows the isolation levels, where reads in transactions may use the cache. */
    readonly isolation: IsolationLevels | undefined
    /** What to do with a statement that may write and names no table. */
    readonly rawSql: "invalidate" | "throw" | "ignore"
    /** Told of every set of tags that a write has dirtied. */
    readonly onDirty: (tags: ReadonlySet<string>) => void
}

/**
 * Follows every write of one DataSource from its SQL to its commit: marks what it dirties, fences the marks before
 * COMMIT, replaces their stamps after it. The SQL itself is the witness, because entity events miss many write paths
 * and often tell no id; drivers that send no query events are followed by entity events, table by table.
 */
export class WriteTracker {
    readonly #parts: WriteTrackerParts
    readonly #states = new WeakMap<QueryRunner, RunnerState>()
    readonly #inProcess: boolean
    /** Runners whose transaction has run a statement that names no table. */
    readonly #unknownWrites = new WeakSet<QueryRunner>()
    #seesQueries = false

    constructor(parts: WriteTrackerParts) {
        this.#parts = parts
        this.#inProcess = parts.dialect === "sqlite"
    }

    /** Before a statement is sent. @throws CacheError in `abort` mode, and for `rawSql: "throw"` */
    beforeQuery(runner: QueryRunner, query: string, parameters: readonly unknown[] | undefined): Awaitable<void> {
        if (!this.#seesQueries) {
            this.#seesQueries = true
            // entity events that came before the first query event: their SQL is followed from here on, and theirs may never end
            for (const { fence } of this.#states.get(runner)?.statements.splice(0) ?? []) void fence.release()
        }
        this.#parts.isolation?.watch(runner, query)
        const analysis = analyzeSql(query, this.#parts.dialect)
        const { writes } = analysis
        if (analysis.unattributed && runner.isTransactionActive) this.#unknownWrites.add(runner)
        const unattributed = analysis.unattributed && this.#parts.rawSql !== "ignore"
        if (unattributed && this.#parts.rawSql === "throw")
            throw new CacheError(
                "E_RAW_SQL",
                "A statement may write and names no table, so that the cache cannot follow it.",
                {
                    advice: `Set rawSql to "invalidate", or to "ignore" and call cache.invalidate(Entity) after it.`,
                },
            )
        const step = stepOf(analysis)
        const isWrite = writes.length > 0 || unattributed
        if (!isWrite && step === undefined) return
        const tags = isWrite
            ? dirtyTags({ writes, unattributed }, parameters, this.#parts.graph, this.#parts.keys)
            : NO_TAGS
        if (isWrite) this.#parts.onDirty(tags)
        return step === undefined
            ? this.#write(runner, query, parameters, tags)
            : this.#move(runner, query, step, tags, parameters)
    }

    /** After a statement has succeeded or failed. Never throws. */
    afterQuery(
        runner: QueryRunner,
        query: string,
        parameters: readonly unknown[] | undefined,
        success: boolean,
        error: unknown,
    ): Awaitable<void> {
        const state = this.#states.get(runner)
        if (state === undefined) return
        const statement = state.takeStatement(query, parameters)
        if (statement === undefined) {
            // TypeORM's own COMMIT: its events tell the rest
            if (!success && analyzeSql(query, this.#parts.dialect).transaction === "commit") state.commitError = error
            return
        }
        const { fence, step } = statement
        const isRefused = success || isRefusal(error, this.#inProcess)
        if (step !== undefined) this.#moved(runner, state, statement, success)
        // a transaction began on a shared runner meanwhile: the write is part of it
        else if (this.#inTransaction(runner, state)) state.fence.add(fence.tags())
        return isRefused ? fence.release() : fence.keep()
    }

    /** Before the outer COMMIT. @throws CacheError in `abort` mode */
    beforeCommit(runner: QueryRunner): Awaitable<void> {
        const state = this.#knownState(runner)
        if (state === undefined || depthOf(runner) > 1) return
        state.commitSent = true
        const refused = (error: unknown): never => {
            // a COMMIT that is not sent has a known outcome
            state.commitSent = false
            throw error
        }
        try {
            const outcome = state.fence.put()
            return isPromise(outcome) ? outcome.catch(refused) : outcome
        } catch (error) {
            return refused(error)
        }
    }

    /** After a COMMIT, or a savepoint's release. Never throws. */
    afterCommit(runner: QueryRunner): Awaitable<void> {
        return this.#afterEnd(runner)
    }

    /** Before a ROLLBACK. After a COMMIT that failed, what became of it is told by the error alone. Never throws. */
    beforeRollback(runner: QueryRunner): Awaitable<void> {
        const state = this.#states.get(runner)
        if (state === undefined || depthOf(runner) > 1) return
        state.rollbackSent = true
        if (!state.commitSent) return
        if (isRefusal(state.commitError, this.#inProcess)) return
        return this.#ended(runner, state, "keep")
    }

    /** After a ROLLBACK, or one to a savepoint. Also here stamps are replaced: an implicit commit may have happened. Never throws. */
    afterRollback(runner: QueryRunner): Awaitable<void> {
        return this.#afterEnd(runner)
    }

    /**
     * What the open transaction of a runner has dirtied so far, as the answers to two questions: has it touched any of
     * these tags, has it written at all.
     */
    viewOf(runner: QueryRunner): { hasTouched(tags: readonly string[]): boolean; hasWritten(): boolean } {
        // of this transaction: what was read in it may arrive when it has ended and the runner's marks are those of the next
        const { fence } = this.#stateOf(runner)
        const isOver = (): boolean => this.#states.get(runner)?.fence !== fence
        const isUnknown = (): boolean => isOver() || this.#unknownWrites.has(runner)
        return {
            hasTouched: (tags) => isUnknown() || fence.hasAny(tags),
            hasWritten: () => isUnknown() || fence.size > 0,
        }
    }

    /** A transaction began on the runner. */
    started(runner: QueryRunner): void {
        // who gives the connection back with the transaction open need not have written anything: the next one may
        this.#stateOf(runner)
        if (isSharedRunner(runner)) this.#parts.transactions.moved(runner)
    }

    /** Before an entity event's SQL, for drivers that send no query events. @throws CacheError in `abort` mode */
    beforeEntity(runner: QueryRunner, metadata: EntityMetadata): Awaitable<void> {
        if (this.#seesQueries) return
        const state = this.#stateOf(runner)
        const tags = this.#tagsOfTable(metadata)
        this.#parts.onDirty(tags)
        if (this.#inTransaction(runner, state)) {
            state.fence.add(tags)
            return state.commitSent ? state.fence.put() : undefined
        }
        const fence = this.#parts.invalidator.newFence()
        fence.add(tags)
        return this.#send(state, { query: metadata.tablePath, fence, wasRaw: false })
    }

    /** After an entity event's SQL. Never throws. */
    afterEntity(runner: QueryRunner, metadata: EntityMetadata): Awaitable<void> {
        return this.#states.get(runner)?.takeStatement(metadata.tablePath)?.fence.release()
    }

    /** A write that leaves the transaction alone. */
    #write(
        runner: QueryRunner,
        query: string,
        parameters: readonly unknown[] | undefined,
        tags: ReadonlySet<string>,
    ): Awaitable<void> {
        const state = this.#stateOf(runner)
        const inDoubt = state.doubt || this.#parts.transactions.isManual(runner)
        const inTransaction = this.#inTransaction(runner, state)
        if (inTransaction || inDoubt) state.fence.add(tags)
        // the fence is put already where a subscriber of the application writes in its beforeTransactionCommit
        if (inTransaction && !inDoubt) return state.commitSent ? state.fence.put() : undefined
        const fence = this.#parts.invalidator.newFence()
        fence.add(tags)
        return this.#send(state, { query, parameters, fence, wasRaw: false })
    }

    /** A text that begins or ends a transaction, maybe among writes. */
    #move(
        runner: QueryRunner,
        query: string,
        step: StatementStep,
        tags: ReadonlySet<string>,
        parameters: readonly unknown[] | undefined,
    ): Awaitable<void> {
        const { transactions, invalidator } = this.#parts
        if (/autocommit/i.test(query)) transactions.setManual(runner, step.opens)
        const known = this.#knownState(runner)
        const isOwn = tags.size === 0 && (known?.commitSent === true || known?.rollbackSent === true)
        // what TypeORM sends by itself is told by its events; without marks there is nothing to be lost at its BEGIN
        if (isOwn || (known === undefined && tags.size === 0 && (!step.opens || runner.isTransactionActive))) return
        const state = known ?? this.#stateOf(runner)
        const wasRaw = state.rawTransaction
        const fence = step.ends ? state.turn(invalidator.newFence()) : invalidator.newFence()
        fence.add(tags)
        if (step.opens) {
            state.fence.add(tags)
            if (!runner.isTransactionActive) {
                state.rawTransaction = true
                transactions.opened(runner)
            }
        } else if (runner.isTransactionActive) state.doubt = true
        return this.#send(state, { query, parameters, fence, step, wasRaw, isPure: tags.size === 0 }, step.commits)
    }

    /** What became of a text that begins or ends a transaction. */
    #moved(runner: QueryRunner, state: RunnerState, statement: StatementInFlight, success: boolean): void {
        const { transactions, dialect } = this.#parts
        const { step, wasRaw, isPure, fence } = statement
        // PostgreSQL ends a transaction also when it refuses to commit it
        const hasEnded = success || (isPure === true && dialect === "postgres")
        if (step!.ends && hasEnded) transactions.ended(runner)
        if (step!.opens && success && !runner.isTransactionActive) transactions.opened(runner)
        if (isSharedRunner(runner)) transactions.moved(runner)
        if (success || (step!.ends && hasEnded)) return
        // it may have stopped before the end of the transaction, or behind its beginning
        state.fence.add(fence.tags())
        state.doubt ||= step!.ends || isPure !== true
        state.rawTransaction = wasRaw
    }

    #send(state: RunnerState, statement: StatementInFlight, commits = true): Awaitable<void> {
        const { fence } = statement
        state.statements.push(statement)
        if (!commits) return
        const refused = (error: unknown): never => {
            // the statement is not sent, so nobody will tell of its end
            state.statements.splice(state.statements.indexOf(statement), 1)
            void fence.release()
            throw error
        }
        try {
            const outcome = fence.put()
            return isPromise(outcome) ? outcome.catch(refused) : outcome
        } catch (error) {
            return refused(error)
        }
    }

    #afterEnd(runner: QueryRunner): Awaitable<void> {
        // a savepoint: the outer transaction decides
        if (runner.isTransactionActive) return
        this.#unknownWrites.delete(runner)
        this.#parts.isolation?.ended(runner)
        const state = this.#states.get(runner)
        if (state !== undefined) return this.#ended(runner, state, "release")
        if (isSharedRunner(runner)) this.#parts.transactions.moved(runner)
    }

    #ended(runner: QueryRunner, state: RunnerState, how: "release" | "keep"): Awaitable<void> {
        const fence = state.turn(this.#parts.invalidator.newFence())
        this.#parts.transactions.ended(runner)
        // the fence first: a reader that sees the transaction gone must not find the old stamps
        const done = how === "release" ? fence.release() : fence.keep()
        if (isSharedRunner(runner)) this.#parts.transactions.moved(runner)
        return done
    }

    #inTransaction(runner: QueryRunner, state: RunnerState): boolean {
        return runner.isTransactionActive || state.rawTransaction
    }

    /** The state of a runner that has something dirty, be it from an earlier runner on its connection. */
    #knownState(runner: QueryRunner): RunnerState | undefined {
        return this.#states.get(runner) ?? (this.#parts.transactions.leakOn(runner) && this.#stateOf(runner))
    }

    #stateOf(runner: QueryRunner): RunnerState {
        let state = this.#states.get(runner)
        if (state === undefined) {
            state = new RunnerState(this.#parts.invalidator.newFence())
            this.#states.set(runner, state)
            if (!isSharedRunner(runner)) this.#watchRelease(runner, state)
            const leak = this.#parts.transactions.leakOn(runner)
            if (leak !== undefined) {
                state.fence.add(leak)
                state.doubt = true
            }
        }
        return state
    }

    /** A runner given back with marks leaves an open transaction on its connection: whoever uses that next may commit it. */
    #watchRelease(runner: QueryRunner, state: RunnerState): void {
        const release = runner.release
        runner.release = async () => {
            const connection = connectionOf(runner)
            const isOpen = this.#inTransaction(runner, state) || state.doubt
            try {
                await release.call(runner)
            } finally {
                const left = state.statements.splice(0)
                for (const { fence } of left) await fence.keep()
                if (isOpen || state.fence.size > 0) {
                    const fence = state.turn(this.#parts.invalidator.newFence())
                    if (connection !== undefined) this.#parts.transactions.leaked(connection, fence.tags())
                    await fence.keep()
                }
            }
        }
    }

    #tagsOfTable(metadata: EntityMetadata): Set<string> {
        const write = {
            table: tableName(metadata),
            verb: "unknown",
            cascade: false,
            columns: undefined,
            rows: undefined,
        } as const
        return dirtyTags({ writes: [write], unattributed: false }, undefined, this.#parts.graph, this.#parts.keys)
    }
}

function depthOf(runner: QueryRunner): number {
    return (runner as unknown as { transactionDepth?: number }).transactionDepth ?? 1
}
