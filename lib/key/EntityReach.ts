import type { EntityMetadata } from "typeorm"
import { dataSourceOf } from "../metadata/dataSourceOf"

/** What tables a read of an entity reaches, or why nobody can know. */
export interface Reach {
    readonly tables: ReadonlySet<EntityMetadata>
    /** It reads more rows than those of the entity, maybe of the same table. */
    readonly joins: boolean
    readonly bypass: string | undefined
}

/** Tables that an entity reads beyond what its metadata tells; `undefined` when nobody declared them. */
export type DependsOn = (metadata: EntityMetadata) => readonly EntityMetadata[] | undefined

type Relation = EntityMetadata["relations"][number]

interface RelationReader {
    readonly relation: Relation
    readonly propertyName: string
    readonly queryBuilderFactory?: unknown
}

/** The tables behind each entity, computed once. */
export class EntityReach {
    readonly #dependsOn: DependsOn | undefined
    readonly #joined = new WeakMap<EntityMetadata, Reach>()
    readonly #plain = new WeakMap<EntityMetadata, Reach>()
    readonly #eager = new WeakMap<EntityMetadata, Reach>()

    constructor(dependsOn?: DependsOn) {
        this.#dependsOn = dependsOn
    }

    /** Of an entity that a query joins without selecting its columns. */
    joined(metadata: EntityMetadata): Reach {
        return remember(this.#joined, metadata, (found) => this.#join(metadata, found))
    }

    /** Of an entity whose columns a query selects, with its eager relations and theirs unless they are switched off. */
    loaded(metadata: EntityMetadata, eager: boolean): Reach {
        return remember(eager ? this.#eager : this.#plain, metadata, (found) => this.#load(metadata, eager, found))
    }

    #load(metadata: EntityMetadata, eager: boolean, found: Found, seen = new Set<EntityMetadata>()): void {
        if (seen.has(metadata)) return
        seen.add(metadata)
        this.#join(metadata, found)
        const virtual = metadata.columns.find((column) => column.isVirtualProperty)
        if (virtual !== undefined)
            this.#declared(metadata, found, `virtual column ${metadata.name}.${virtual.propertyPath}`)
        if (!eager) return
        for (const relation of metadata.eagerRelations) {
            found.joins = true
            addJunction(relation, found)
            this.#load(relation.inverseEntityMetadata, eager, found, seen)
        }
    }

    #join(metadata: EntityMetadata, found: Found): void {
        this.#table(metadata, found)
        const counts = (metadata as unknown as { relationCounts?: readonly RelationReader[] }).relationCounts ?? []
        const readers: readonly RelationReader[] = [...(metadata.relationIds as readonly RelationReader[]), ...counts]
        for (const reader of readers) {
            found.joins = true
            addJunction(reader.relation, found)
            this.#table(reader.relation.inverseEntityMetadata, found)
            if (reader.queryBuilderFactory !== undefined)
                this.#declared(metadata, found, `query of ${metadata.name}.${reader.propertyName}`)
        }
    }

    #table(metadata: EntityMetadata, found: Found): void {
        if (found.tables.has(metadata)) return
        found.tables.add(metadata)
        if (metadata.tableType !== "view") return
        const declared = this.#dependsOn?.(metadata) ?? viewTables(metadata)
        if (declared === undefined || declared.length === 0) found.bypass ??= `view ${metadata.name} without dependsOn`
        else for (const table of declared) this.#table(table, found)
    }

    #declared(metadata: EntityMetadata, found: Found, reason: string): void {
        const declared = this.#dependsOn?.(metadata)
        if (declared === undefined) found.bypass ??= reason
        else for (const table of declared) this.#table(table, found)
    }
}

const standard = new EntityReach()
const declared = new WeakMap<DependsOn, EntityReach>()

/** The reaches under a declaration of dependencies. Keep passing the same function: what it says is remembered. */
export function entityReach(dependsOn: DependsOn | undefined): EntityReach {
    if (dependsOn === undefined) return standard
    let reach = declared.get(dependsOn)
    if (reach === undefined) declared.set(dependsOn, (reach = new EntityReach(dependsOn)))
    return reach
}

/** The junction table of a many-to-many relation, seen from either side. */
export function junctionOf(relation: Relation): EntityMetadata | undefined {
    return relation.junctionEntityMetadata ?? relation.inverseRelation?.junctionEntityMetadata
}

interface Found {
    readonly tables: Set<EntityMetadata>
    joins: boolean
    bypass: string | undefined
}

function remember(memo: WeakMap<EntityMetadata, Reach>, metadata: EntityMetadata, find: (found: Found) => void): Reach {
    const known = memo.get(metadata)
    if (known !== undefined) return known
    const found: Found = { tables: new Set(), joins: false, bypass: undefined }
    find(found)
    memo.set(metadata, found)
    return found
}

function addJunction(relation: Relation, found: Found): void {
    const junction = junctionOf(relation)
    if (junction !== undefined) found.tables.add(junction)
}

function viewTables(metadata: EntityMetadata): EntityMetadata[] | undefined {
    const dataSource = dataSourceOf(metadata)
    const tables: EntityMetadata[] = []
    for (const target of metadata.dependsOn ?? []) {
        if (!dataSource.hasMetadata(target)) return undefined
        tables.push(dataSource.getMetadata(target))
    }
    return tables
}
