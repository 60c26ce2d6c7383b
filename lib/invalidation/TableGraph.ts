import type { DataSource, EntityMetadata } from "typeorm"
import { tableName } from "../key/tableName"
import { LinkGraph } from "./LinkGraph"
import { dataSourceOf } from "../metadata/dataSourceOf"

type ColumnMetadata = EntityMetadata["columns"][number]

/** One foreign key, seen from the table that it points to. */
interface Reference {
    /** The table that holds the foreign key. */
    readonly table: string
    /** Its own columns, in lower case. */
    readonly own: readonly string[]
    /** The columns that it points to, in lower case. */
    readonly columns: readonly string[]
    readonly onDelete: string
    readonly onUpdate: string
}

/**
 * The tables of a DataSource by their bare name in lower case, and what the database itself changes when one of them
 * changes: rows that follow a foreign key on delete or update. No event tells of these.
 */
export class TableGraph {
    /** Who owns which rows. */
    readonly links: LinkGraph
    readonly #entities = new Map<string, EntityMetadata[]>()
    readonly #references = new Map<string, Reference[]>()
    readonly #views = new Map<string, EntityMetadata>()

    constructor(dataSource: DataSource) {
        this.links = new LinkGraph(dataSource)
        for (const metadata of dataSource.entityMetadatas) {
            const table = tableName(metadata)
            if (metadata.tableType === "view") this.#views.set(table, metadata)
            // children of single-table inheritance have the table and the key of their root
            else if (metadata.tableType !== "entity-child") push(this.#entities, table, metadata)
            for (const foreignKey of metadata.foreignKeys)
                push(this.#references, tableName(foreignKey.referencedEntityMetadata), {
                    table,
                    own: namesOf(foreignKey.columns),
                    columns: namesOf(foreignKey.referencedColumns),
                    onDelete: foreignKey.onDelete ?? "NO ACTION",
                    onUpdate: foreignKey.onUpdate ?? "NO ACTION",
                })
        }
    }

    /** Every table that an entity, a junction or a closure stands for. */
    tables(): Iterable<string> {
        return this.#entities.keys()
    }

    /** The entities on a table; empty for a table that none is mapped to. */
    entitiesOf(table: string): readonly EntityMetadata[] {
        return this.#entities.get(table) ?? []
    }

    /** The tables that a view is declared to read, and those behind the views among them; none for another name. */
    tablesOfView(view: string, found = new Set<string>()): ReadonlySet<string> {
        const metadata = this.#views.get(view)
        for (const dependency of metadata?.dependsOn ?? []) {
            const read = dataSourceOf(metadata!).entityMetadatas.find(
                ({ target, name }) => target === dependency || name === dependency,
            )
            if (read === undefined || found.has(tableName(read))) continue
            found.add(tableName(read))
            this.tablesOfView(tableName(read), found)
        }
        return found
    }

    /** A view that nobody says the tables of. */
    isOpaqueView(table: string): boolean {
        return this.#views.has(table) && this.tablesOfView(table).size === 0
    }

    /** Tables whose rows go, or change their foreign key, with deleted rows of a table, transitively. */
    changedByDeleteOf(table: string): ReadonlySet<string> {
        const reached = new Set<string>()
        this.#deleted(table, reached, new Set())
        return reached
    }

    /** Tables whose foreign keys follow changed keys of a table. `undefined` columns: any may have changed. */
    changedByUpdateOf(table: string, columns: readonly string[] | undefined): ReadonlySet<string> {
        const reached = new Set<string>()
        this.#updated(table, columns, reached, new Set())
        return reached
    }

    /** Tables that TRUNCATE … CASCADE empties too: all that point to the table, whatever their rule. */
    changedByTruncateOf(table: string): ReadonlySet<string> {
        const reached = new Set<string>()
        const visit = (from: string): void => {
            for (const reference of this.#references.get(from) ?? []) {
                if (reached.has(reference.table)) continue
                reached.add(reference.table)
                visit(reference.table)
            }
        }
        visit(table)
        return reached
    }

    #deleted(table: string, reached: Set<string>, seen: Set<unknown>): void {
        if (seen.has(table)) return
        seen.add(table)
        for (const reference of this.#references.get(table) ?? []) {
            if (!follows(reference.onDelete)) continue
            reached.add(reference.table)
            if (reference.onDelete === "CASCADE") this.#deleted(reference.table, reached, seen)
            // rows that lose their foreign key change it: others may point to these very columns
            else this.#followed(reference, reached, seen)
        }
    }

    #updated(table: string, columns: readonly string[] | undefined, reached: Set<string>, seen: Set<unknown>): void {
        for (const reference of this.#references.get(table) ?? []) {
            if (!follows(reference.onUpdate)) continue
            if (columns !== undefined && !reference.columns.some((column) => columns.includes(column))) continue
            this.#followed(reference, reached, seen)
        }
    }

    #followed(reference: Reference, reached: Set<string>, seen: Set<unknown>): void {
        reached.add(reference.table)
        if (seen.has(reference)) return
        seen.add(reference)
        this.#updated(reference.table, reference.own, reached, seen)
    }
}

function namesOf(columns: readonly ColumnMetadata[]): string[] {
    return columns.map((column) => column.databaseName.toLowerCase())
}

function follows(rule: string): boolean {
    return rule !== "NO ACTION" && rule !== "RESTRICT"
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
    const list = map.get(key)
    if (list === undefined) map.set(key, [value])
    else list.push(value)
}
