import type { QueryRunner } from "typeorm"
import { connectionOf } from "../invalidation/OpenTransactions"

const SET_TRANSACTION = /^\s*SET\s+TRANSACTION\s+ISOLATION\s+LEVEL\s+([A-Z]+(?:\s+[A-Z]+)?)/i

/**
 * Knows whether a transaction runs at READ COMMITTED: above it, its snapshot may be older than the stamps, and the cache
 * must not be asked. A level that was not said is asked of PostgreSQL, once for each connection; elsewhere it counts as
 * another one.
 */
export class IsolationLevels {
    readonly #said = new WeakMap<QueryRunner, string>()
    readonly #asked = new WeakMap<object, boolean>()

    /** Sees every statement. */
    watch(runner: QueryRunner, query: string): void {
        if (!/isolation/i.test(query)) return
        const level = SET_TRANSACTION.exec(query)?.[1]
        if (level !== undefined) this.#said.set(runner, level.toUpperCase().replace(/\s+/g, " "))
        else if (!query.startsWith("SHOW")) {
            // some other way to set it, for the session perhaps: nothing is known any more
            this.#said.set(runner, "?")
            const connection = connectionOf(runner)
            if (connection !== undefined) this.#asked.set(connection, false)
        }
    }

    /** The transaction has ended. */
    ended(runner: QueryRunner): void {
        this.#said.delete(runner)
    }

    /** Whether the open transaction of the runner is at READ COMMITTED. */
    isReadCommitted(runner: QueryRunner): boolean | Promise<boolean> {
        const said = this.#said.get(runner)
        if (said !== undefined) return said === "READ COMMITTED"
        const { type } = runner.connection.options
        if (type !== "postgres" && type !== "aurora-postgres") return false
        const connection = connectionOf(runner)
        if (connection === undefined) return false
        return this.#asked.get(connection) ?? this.#ask(runner, connection)
    }

    async #ask(runner: QueryRunner, connection: object): Promise<boolean> {
        const rows = (await runner.query("SHOW transaction_isolation")) as { transaction_isolation?: string }[]
        const answer = rows[0]?.transaction_isolation === "read committed"
        this.#asked.set(connection, answer)
        return answer
    }
}
