import type { QueryRunner } from "typeorm"

/** What a runner answers when it is asked for a structured result. */
export interface StructuredResult {
    records: unknown[]
    raw: unknown
    affected?: number
}

/** A runner's `query`. */
export type Query = (query: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>

/** Answers an expected query. @param query the runner's own */
export type Answer = (sql: string, parameters: unknown[] | undefined, query: Query) => Promise<unknown>

interface Expected {
    readonly text: string
    readonly answer: Answer
}

/**
 * Stands in front of a runner's `query` while queries are expected on it, and answers those. Several flows may share a
 * runner, that of SQLite all of them, so each expected query is known by its text and parameters.
 */
export class QueryStandIn {
    readonly #runner: QueryRunner
    readonly #expected: Expected[] = []
    #putBack: (() => void) | undefined

    constructor(runner: QueryRunner) {
        this.#runner = runner
    }

    /** @param text what TypeORM calls the query to its cache: it is sent next, or never */
    expect(text: string, answer: Answer): void {
        const expected = { text, answer }
        this.#expected.push(expected)
        if (this.#putBack === undefined) this.#install()
        // TypeORM sends it in the same turn
        setImmediate(() => this.#forget(expected))
    }

    #install(): void {
        const runner = this.#runner as { query: Query }
        const own = Object.getOwnPropertyDescriptor(runner, "query")
        const query = runner.query.bind(runner)
        const standIn: Query = (sql, parameters, structured) => {
            const found =
                structured === true && this.#expected.length > 0
                    ? this.#expected.find(({ text }) => text === identityOf(sql, parameters))
                    : undefined
            if (found === undefined) return query(sql, parameters, structured)
            this.#forget(found)
            return found.answer(sql, parameters, query)
        }
        Object.defineProperty(runner, "query", { value: standIn, configurable: true, writable: true })
        this.#putBack = () => {
            // somebody may have put a stand-in of his own in front of this one
            if (runner.query !== standIn) return
            if (own === undefined) delete (runner as Partial<typeof runner>).query
            else Object.defineProperty(runner, "query", own)
        }
    }

    #forget(expected: Expected): void {
        const at = this.#expected.indexOf(expected)
        if (at >= 0) this.#expected.splice(at, 1)
        if (this.#expected.length > 0) return
        this.#putBack?.()
        this.#putBack = undefined
    }
}

/** How TypeORM names a query to its cache. */
function identityOf(sql: string, parameters: unknown): string {
    const replaceBigint = (_: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value)
    return `${sql} -- PARAMETERS: ${JSON.stringify(parameters, replaceBigint)}`
}
