import type { SqlLog } from "./openServers"

/** Prints what each step brought, and how many statements it sent. */
export class StepReport {
    readonly #sql: SqlLog
    #hasHead = false

    constructor(sql: SqlLog) {
        this.#sql = sql
    }

    async step(title: string, work: () => unknown): Promise<void> {
        if (!this.#hasHead) printRow("step", "statements", "result")
        this.#hasHead = true
        const before = this.#sql.statements.length
        const result = await work()
        printRow(title, String(this.#sql.statements.length - before), textOf(result))
    }

    say(what: string): void {
        console.log(`\n  -- ${what}`)
    }
}

function printRow(title: string, statements: string, result: string): void {
    console.log(`  ${title.padEnd(34)}${statements.padEnd(12)}${result}`.trimEnd())
}

function textOf(result: unknown): string {
    if (result === undefined) return ""
    return typeof result === "string" ? result : JSON.stringify(result)
}
