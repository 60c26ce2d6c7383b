import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CachedRepository } from "typeorm-second-level-cache"
import { Item } from "../race/Item"
import type { QueryRecorder } from "../support/QueryRecorder"

/** Reads and writes the state of one row, and tells hits from loads. */
export class StateProbe {
    readonly #dataSource: DataSource
    readonly #sql: QueryRecorder
    readonly #items: CachedRepository<Item>

    /** Inserts the row as well, with the state 0. */
    static async open(dataSource: DataSource, sql: QueryRecorder): Promise<StateProbe> {
        await dataSource.manager.insert(Item, { id: 1, code: "code", kind: "kind", state: 0 })
        return new StateProbe(dataSource, sql)
    }

    private constructor(dataSource: DataSource, sql: QueryRecorder) {
        this.#dataSource = dataSource
        this.#sql = sql
        this.#items = new CachedRepository(Item, dataSource.manager)
    }

    async read(): Promise<{ state: number; isHit: boolean }> {
        const { length } = this.#sql.selects
        const { state } = await this.#items.findOneByOrFail({ id: 1 })
        return { state, isHit: this.#sql.selects.length === length }
    }

    write(state: number): Promise<unknown> {
        return this.#dataSource.transaction((manager) => manager.update(Item, 1, { state }))
    }

    /** Reads until the cache answers, and fails when any answer is another one. */
    async untilHit(state: number): Promise<void> {
        for (;;) {
            const found = await this.read()
            expect(found.state).to.equal(state)
            if (found.isHit) return
            // without a store that is called and with SQLite nothing else would get a turn
            await new Promise((resolve) => setImmediate(resolve))
        }
    }
}
