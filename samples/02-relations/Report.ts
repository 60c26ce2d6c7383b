import type { CacheStore } from "typeorm-second-level-cache"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import type { SqlLog } from "../openServers"

interface Author {
    name: string
    books: Promise<{ title: string }[]>
}

/** Prints what each page shows, how many statements it sent, and how often it asked the store. */
export class Report {
    /** The store, with its calls counted. */
    readonly store: FaultyStore
    readonly #sql: SqlLog
    #shown: string | undefined

    constructor(store: CacheStore, sql: SqlLog) {
        this.store = new FaultyStore(store)
        this.#sql = sql
    }

    head(): void {
        printRow("page", "", "statements", "trips to the store")
    }

    async page(title: string, when: string, read: () => Promise<Author[]>): Promise<void> {
        const [statements, trips] = [this.#sql.statements.length, this.store.trips]
        const authors = await read()
        printRow(title, when, this.#sql.statements.length - statements, this.store.trips - trips)
        const shown = await textOf(authors)
        if (shown !== this.#shown) console.log(`    ${shown}`)
        this.#shown = shown
    }

    say(what: string): void {
        console.log(`\n  -- ${what}`)
    }
}

function printRow(title: string, when: string, statements: unknown, trips: unknown): void {
    console.log(`  ${title.padEnd(22)}${when.padEnd(10)}${String(statements).padEnd(12)}${String(trips)}`)
}

async function textOf(authors: readonly Author[]): Promise<string> {
    const lines: string[] = []
    for (const { name, books } of authors) {
        const titles = (await books).map(({ title }) => title)
        lines.push(`${name}: ${titles.sort().join(", ")}`)
    }
    return lines.join("; ")
}
