import type { QueryRunner } from "typeorm"

/**
 * Knows where a read could see what nobody has committed: on a query runner that several flows share (the SQLite
 * drivers have one per DataSource), and on a pooled connection that was given back with a transaction left open.
 */
export class OpenTransactions {
    readonly #epochs = new WeakMap<QueryRunner, number>()
    readonly #leaks = new WeakMap<object, ReadonlySet<string>>()
    readonly #open = new WeakSet<QueryRunner>()
    readonly #manual = new WeakSet<object>()

    /** Notes that a transaction began or ended on the runner. */
    moved(runner: QueryRunner): void {
        this.#epochs.set(runner, this.epochOf(runner) + 1)
    }

    /** Number of times that a transaction began or ended on the runner. */
    epochOf(runner: QueryRunner): number {
        return this.#epochs.get(runner) ?? 0
    }

    /** Notes that a transaction began on the runner that TypeORM does not know of. */
    opened(runner: QueryRunner): void {
        this.#open.add(runner)
        this.moved(runner)
    }

    /** Notes whether the runner's connection opens a transaction by itself with each statement (`SET autocommit = 0`). */
    setManual(runner: QueryRunner, manual: boolean): void {
        const connection = connectionOf(runner)
        if (connection === undefined) return
        if (manual) this.#manual.add(connection)
        else this.#manual.delete(connection)
    }

    /** True when the runner's connection opens a transaction by itself. */
    isManual(runner: QueryRunner): boolean {
        const connection = connectionOf(runner)
        return connection !== undefined && this.#manual.has(connection)
    }

    /** Notes that a connection went back to its pool with these tags dirty and its transaction open. */
    leaked(connection: object, tags: Iterable<string>): void {
        this.#leaks.set(connection, new Set(tags))
    }

    /** The tags that an earlier runner left dirty on the runner's connection. */
    leakOn(runner: QueryRunner): ReadonlySet<string> | undefined {
        const connection = connectionOf(runner)
        return connection === undefined ? undefined : this.#leaks.get(connection)
    }

    /** Notes that the transaction that was open, or left open, has ended. */
    ended(runner: QueryRunner): void {
        this.#open.delete(runner)
        const connection = connectionOf(runner)
        if (connection !== undefined) this.#leaks.delete(connection)
    }

    /** True when a read on the runner that began at the given epoch may have seen uncommitted rows. */
    mayHaveSeen(runner: QueryRunner, epoch: number): boolean {
        return (
            runner.isTransactionActive ||
            this.#open.has(runner) ||
            this.epochOf(runner) !== epoch ||
            this.leakOn(runner) !== undefined ||
            this.isManual(runner)
        )
    }
}

/** The connection that the runner holds now, as its driver's object. */
export function connectionOf(runner: QueryRunner): object | undefined {
    return (runner as unknown as { databaseConnection?: object }).databaseConnection
}
