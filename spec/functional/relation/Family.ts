import type { DataSource, EntityManager } from "typeorm"
import type { Change, Positions } from "./Change"
import type { AskedRelation } from "./probes"

/** A relation whose entries are looked for one by one. */
export interface WatchedRelation extends AskedRelation {
    /** Which part of a change speaks of its owners. */
    readonly side: "lists" | "ones"
    /** Its entries hang on whole tables: nothing is said of who is left alone. */
    readonly isWide?: boolean
}

/** Tables that are read and changed together. */
export interface Family {
    readonly title: string
    /** The tables, those that refer to others first. */
    readonly tables: readonly string[]
    readonly relations: readonly WatchedRelation[]
    readonly changes: readonly Change<unknown>[]
    /** What the changes are made to. */
    readonly link: unknown
    fill(manager: EntityManager): Promise<unknown>
    /** Where a change takes more out of the cache here than elsewhere. */
    widened?(change: Change<unknown>): Partial<Record<"lists" | "ones", Positions>>
}

/** Empties the tables of a family and fills in its first rows. */
export function refill({ manager }: DataSource, { tables, fill }: Family): Promise<unknown> {
    // one transaction is one write to the disk
    return manager.transaction(async (inner) => {
        const { driver, entityMetadatas } = inner.connection
        for (const table of tables) {
            // rows of a tree hold each other
            if (entityMetadatas.some((it) => it.tableName === table && it.treeParentRelation !== undefined))
                await inner.query(`UPDATE ${driver.escape(table)} SET ${driver.escape("parentId")} = NULL`)
            await inner.query(`DELETE FROM ${driver.escape(table)}`)
        }
        await fill(inner)
    })
}
