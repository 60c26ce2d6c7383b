import type { DataSource, EntityMetadata } from "typeorm"
import { inverseLinkOf, relationLinkOf, type RelationLink } from "../key/RelationLink"
import { tableName } from "../key/tableName"
import { cachedRelationOptionsOf } from "../metadata/CachedRelationMetadata"

/** A link as writes see it. */
export interface WatchedLink extends RelationLink {
    /** Some relation on it is cached, so that single owners are worth to be named. */
    readonly isCached: boolean
}

/** What makes rows of a table seen or unseen to all relations that lead to it. */
export interface Visibility {
    /** The columns, in lower case: that of the soft delete, the discriminator. */
    readonly columns: readonly string[]
    /** The first of them, where a value other than null can only hide a row. */
    readonly deleteDate: string | undefined
    /** The relations whose rows are in the table. */
    readonly links: readonly WatchedLink[]
}

/** The links of a DataSource by the tables whose writes can give an owner new related rows. */
export class LinkGraph {
    readonly #links = new Map<string, WatchedLink[]>()
    readonly #visibilities = new Map<string, Visibility>()

    constructor(dataSource: DataSource) {
        const leadingTo = new Map<string, WatchedLink[]>()
        const targets = new Map<string, EntityMetadata[]>()
        const note = (found: RelationLink | undefined, isCached: boolean, target: EntityMetadata): void => {
            if (found === undefined) return
            push(leadingTo, tableName(target), this.#add(found, isCached))
            push(targets, tableName(target), target)
        }
        for (const { relations } of dataSource.entityMetadatas)
            for (const relation of relations) {
                const { inverseRelation, inverseEntityMetadata, entityMetadata } = relation
                note(relationLinkOf(relation), cachedRelationOptionsOf(relation) !== undefined, inverseEntityMetadata)
                if (inverseRelation === undefined) note(inverseLinkOf(relation), false, entityMetadata)
            }
        for (const [table, links] of leadingTo) {
            const columns = new Set<string>()
            const deleteDates = new Set<string>()
            for (const { deleteDateColumn, discriminatorColumn } of targets.get(table)!) {
                if (deleteDateColumn !== undefined) deleteDates.add(deleteDateColumn.databaseName.toLowerCase())
                if (discriminatorColumn !== undefined) columns.add(discriminatorColumn.databaseName.toLowerCase())
            }
            const [deleteDate] = deleteDates
            for (const name of deleteDates) columns.add(name)
            if (columns.size === 0) continue
            // the same links, as they are in the end
            const names = new Set(links.map(keyOf))
            const known = [...this.#links.values()].flat().filter((link) => names.has(keyOf(link)))
            this.#visibilities.set(table, { columns: [...columns], deleteDate, links: known })
        }
    }

    /** The links whose columns are in the table. */
    linksOf(table: string): readonly WatchedLink[] {
        return this.#links.get(table) ?? []
    }

    /** How rows of the table become seen; `undefined` when they always are. */
    visibilityOf(table: string): Visibility | undefined {
        return this.#visibilities.get(table)
    }

    /** Relations that share a link share its tags: cached as soon as one of them is. */
    #add(link: RelationLink, isCached: boolean): WatchedLink {
        const links = this.#links.get(link.table) ?? []
        // the table of the pairs may be an entity's as well: its rows come and go otherwise than pairs do
        const at = links.findIndex(({ name, isJunction }) => name === link.name && isJunction === link.isJunction)
        const isAnyCached = isCached || links.some((it) => it.name === link.name && it.isCached)
        const namesOwner = link.namesOwner && links[at]?.namesOwner !== false
        const added: WatchedLink = { ...link, isCached: isAnyCached, namesOwner }
        if (at < 0) links.push(added)
        else links[at] = added
        this.#links.set(
            link.table,
            links.map((it) => (it.name === link.name ? { ...it, isCached: isAnyCached } : it)),
        )
        return added
    }
}

function keyOf({ table, name }: RelationLink): string {
    return `${table} ${name}`
}

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
    const list = map.get(key)
    if (list === undefined) map.set(key, [value])
    else list.push(value)
}
