import { expect } from "chai"
import type { Logger } from "typeorm"

const TRANSACTION_CONTROL =
    /^\s*(START TRANSACTION|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION|SET SESSION TRANSACTION)\b/i

/**
 * A TypeORM logger that keeps the SQL of a DataSource, in the order it was sent: `createDataSource({ logger: recorder })`.
 */
export class QueryRecorder implements Logger {
    readonly statements: string[] = []

    /** The SELECTs among the statements. */
    get selects(): string[] {
        return this.statements.filter((sql) => /^\s*(SELECT|WITH)\b/i.test(sql))
    }

    clear(): void {
        this.statements.length = 0
    }

    /**
     * The statements sent while the function ran.
     *
     * @param options.transactionControl whether BEGIN, COMMIT and their like count; default true
     */
    async during(run: () => unknown, options: { transactionControl?: boolean } = {}): Promise<string[]> {
        const start = this.statements.length
        await run()
        const { transactionControl = true } = options
        return this.statements.slice(start).filter((sql) => transactionControl || !TRANSACTION_CONTROL.test(sql))
    }

    /** Runs the function and fails, printing the SQL, unless it sent so many statements; transaction control is not counted. */
    async expectQueries<T>(count: number, run: () => T): Promise<Awaited<T>> {
        const results: Awaited<T>[] = []
        const statements = await this.during(async () => results.push(await run()), { transactionControl: false })
        const list = statements.map((sql) => `\n  ${sql}`).join("")
        expect(statements.length, `${count} statements expected, ${statements.length} sent:${list}\n`).to.equal(count)
        return results[0] as Awaited<T>
    }

    logQuery(query: string): void {
        this.statements.push(query)
    }

    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}
