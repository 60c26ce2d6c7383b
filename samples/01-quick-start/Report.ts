import type { ObjectLiteral, Repository } from "typeorm"
import type { SqlLog } from "../openServers"

type Named = ObjectLiteral & { name: string }

/** Prints what each read brought and how many statements it sent, with the cache and without it. */
export class Report<Entity extends Named> {
    readonly #cached: Repository<Entity>
    readonly #plain: Repository<Entity>
    readonly #sql: SqlLog
    #with = 0
    #without = 0

    constructor(cached: Repository<Entity>, plain: Repository<Entity>, sql: SqlLog) {
        this.#cached = cached
        this.#plain = plain
        this.#sql = sql
    }

    /** Runs the read on both repositories. */
    async read(title: string, run: (repository: Repository<Entity>) => Promise<Entity | Entity[]>): Promise<void> {
        const before = this.#sql.statements.length
        const result = await run(this.#cached)
        const cached = this.#sql.statements.length - before
        const fresh = await run(this.#plain)
        const plain = this.#sql.statements.length - before - cached
        this.#with += cached
        this.#without += plain
        if (namesOf(result) !== namesOf(fresh)) throw new Error(`${title}: the cache says ${namesOf(result)}`)
        console.log(`  ${title.padEnd(20)}${namesOf(result).padEnd(22)}SQL: ${cached} with the cache, ${plain} without`)
    }

    say(what: string): void {
        console.log(`\n  -- ${what}`)
    }

    sum(): void {
        const saved = this.#without - this.#with
        console.log(`\n  SQL of all reads: ${this.#with} with the cache, ${this.#without} without. ${saved} saved.`)
    }
}

function namesOf(result: Named | Named[]): string {
    return [result]
        .flat()
        .map(({ name }) => name)
        .join(", ")
}
