import type { EntityMetadata } from "typeorm"
import { CanonicalText, className, isPlainObject } from "./CanonicalText"
import { type EntityReach, junctionOf, type Reach } from "./EntityReach"
import { type Property, propertiesOf } from "./FindProperties"
import { isFindOperator } from "./findOperator"

type Relation = EntityMetadata["relations"][number]

const COMPARISONS = new Set(["moreThan", "lessThan", "moreThanOrEqual", "lessThanOrEqual"])

/**
 * One walk over find options that follows TypeORM's own (`buildWhere`, `buildOrder`, `buildSelect`, `buildRelations` of
 * its SelectQueryBuilder): writes the text and gathers the tables at the same time.
 */
export class FindWalk extends CanonicalText {
    readonly #reach: EntityReach
    /** Whether the targets of `relations` bring their own eager relations. */
    readonly #eager: boolean
    #tables: ReadonlySet<EntityMetadata>
    #owned: Set<EntityMetadata> | undefined
    #joins: boolean

    /**
     * @param own what a load of the entity itself reaches
     * @param eager whether related entities bring their eager relations
     */
    constructor(reach: EntityReach, own: Reach, eager: boolean) {
        super()
        this.#reach = reach
        this.#eager = eager
        this.#tables = own.tables
        this.#joins = own.joins
        if (own.bypass !== undefined) this.refuse(own.bypass)
    }

    get tables(): ReadonlySet<EntityMetadata> {
        return this.#tables
    }

    /** It reads more rows than those of the entity, maybe of the same table. */
    get joins(): boolean {
        return this.#joins
    }

    /** An object, or an array of them (OR). The order of the properties changes no result and is left out. */
    where(where: unknown, metadata: EntityMetadata, prefix: string, type: unknown): void {
        if (!this.enter()) return
        if (Array.isArray(where)) {
            this.text += "["
            for (let index = 0; index < where.length && this.bypass === undefined; index++)
                this.where(where[index], metadata, prefix, type)
            this.text += "]"
        } else if (isWalkable(where, type)) this.#conditions(where, metadata, prefix)
        else this.refuse(`where value ${describeOdd(where)}`)
        this.leave()
    }

    order(order: unknown, metadata: EntityMetadata, prefix: string): void {
        this.#each(order, metadata, prefix, "order", (value, property) => {
            const { column, embedded, relation } = property
            if (value === null) this.refuse("null in order")
            else if (column !== undefined) {
                if (column.isVirtualProperty) this.#add(this.#reach.loaded(metadata, false))
                this.value(value)
            } else if (embedded !== undefined) this.order(value, metadata, property.path)
            else if (relation !== undefined) {
                this.#join(relation)
                this.order(value, relation.inverseEntityMetadata, "")
            }
        })
    }

    select(select: unknown, metadata: EntityMetadata, prefix: string): void {
        if (Array.isArray(select)) return this.#paths(select, metadata, (relation) => this.#join(relation))
        this.#each(select, metadata, prefix, "select", (value, { path, column, embedded, relation }) => {
            if (column !== undefined || typeof value !== "object" || value === null) this.value(value)
            else if (embedded !== undefined) this.select(value, metadata, path)
            if (column !== undefined || relation === undefined || value === false) return
            this.#join(relation)
            if (typeof value === "object" && value !== null) this.select(value, relation.inverseEntityMetadata, "")
        })
    }

    relations(relations: unknown, metadata: EntityMetadata, prefix: string): void {
        if (Array.isArray(relations)) return this.#paths(relations, metadata, (relation) => this.#load(relation))
        this.#each(relations, metadata, prefix, "relations", (value, { path, embedded, relation }) => {
            if (relation !== undefined && value !== false) this.#load(relation)
            if (typeof value !== "object" || value === null) this.value(value)
            else if (embedded !== undefined) this.relations(value, metadata, path)
            else if (relation !== undefined) this.relations(value, relation.inverseEntityMetadata, "")
            else this.refuse(`${path} in relations is no relation`)
        })
    }

    /** `true`, or which relations. */
    loadRelationIds(asked: unknown, metadata: EntityMetadata): void {
        let names: unknown
        if (asked !== true) {
            if (!isPlainObject(asked)) return this.refuse("loadRelationIds of an unusual make")
            names = asked["relations"]
            if (names !== undefined && !Array.isArray(names)) return this.refuse("loadRelationIds of an unusual make")
        }
        this.value(asked)
        for (const relation of metadata.relations)
            if (!Array.isArray(names) || names.includes(relation.propertyPath)) this.#join(relation)
    }

    #conditions(where: Record<string, unknown>, metadata: EntityMetadata, prefix: string): void {
        const properties = propertiesOf(metadata)
        const keys: string[] = []
        // Like TypeORM: with what the prototype brings, if it is enumerable.
        for (const key in where) keys.push(key)
        if (keys.length > 1) keys.sort()
        this.text += "{"
        for (const key of keys) {
            const property = properties.property(prefix === "" ? key : `${prefix}.${key}`)
            if (property === undefined) return this.refuse(`unknown property ${metadata.name}.${key} in where`)
            const value = where[key]
            // TypeORM ignores them, throws, or means IS NULL: by version and by options.
            if (value === undefined || value === null) return this.refuse(`${String(value)} in where`)
            this.name(key)
            const { column, embedded, relation } = property
            if (column !== undefined) {
                if (column.isVirtualProperty) this.#add(this.#reach.loaded(metadata, false))
                this.value(value, column.transformer)
            } else if (embedded !== undefined) this.where(value, metadata, property.path, embedded.type)
            else if (relation !== undefined) this.#relationCondition(value, relation)
            if (this.bypass !== undefined) return
        }
        this.text += "}"
    }

    #relationCondition(value: unknown, relation: Relation): void {
        const inverse = relation.inverseEntityMetadata
        if (isFindOperator(value)) {
            // A comparison counts the related rows in a subquery; any other operator is about the foreign key.
            if (COMPARISONS.has(value._type)) this.#join(relation)
            else if (!relation.isWithJoinColumn) return this.refuse("operator on a relation without a column")
            return this.value(value)
        }
        if (typeof value === "boolean") {
            this.#join(relation)
            return this.value(value)
        }
        if (typeof value !== "object") return this.refuse(`where value ${describeOdd(value)} for a relation`)
        this.#join(relation)
        this.where(value, inverse, "", inverse.target)
    }

    /** Walks an object in its own order, which is what counts in `order`, and costs nothing elsewhere. */
    #each(
        node: unknown,
        metadata: EntityMetadata,
        prefix: string,
        what: string,
        visit: (value: unknown, property: Property) => void,
    ): void {
        if (!this.enter()) return
        if (isPlainObject(node)) {
            const properties = propertiesOf(metadata)
            this.text += "{"
            for (const key in node) {
                const property = properties.property(prefix === "" ? key : `${prefix}.${key}`)
                if (property === undefined) return this.refuse(`unknown property ${metadata.name}.${key} in ${what}`)
                const value = node[key]
                if (value === undefined) continue
                this.name(key)
                visit(value, property)
                if (this.bypass !== undefined) return
            }
            this.text += "}"
        } else this.refuse(`${what} ${describeOdd(node)}`)
        this.leave()
    }

    /** The string arrays of TypeORM 0.3: each path from the entity down, an embedded or a relation at each dot. */
    #paths(paths: readonly unknown[], metadata: EntityMetadata, visit: (relation: Relation) => void): void {
        this.value(paths)
        for (const path of paths) {
            if (typeof path !== "string") return this.refuse(`path ${describeOdd(path)}`)
            let at = metadata
            let prefix = ""
            for (const step of path.split(".")) {
                const property = propertiesOf(at).property(prefix === "" ? step : `${prefix}.${step}`)
                if (property === undefined) return this.refuse(`unknown property ${metadata.name}.${path}`)
                prefix = property.path
                if (property.relation === undefined) continue
                visit(property.relation)
                at = property.relation.inverseEntityMetadata
                prefix = ""
            }
        }
    }

    #join(relation: Relation): void {
        this.#add(this.#reach.joined(relation.inverseEntityMetadata), junctionOf(relation))
    }

    #load(relation: Relation): void {
        this.#add(this.#reach.loaded(relation.inverseEntityMetadata, this.#eager), junctionOf(relation))
    }

    #add(reach: Reach, junction?: EntityMetadata): void {
        if (reach.bypass !== undefined) this.refuse(reach.bypass)
        this.#joins = true
        this.#owned ??= new Set(this.#tables)
        for (const table of reach.tables) this.#owned.add(table)
        if (junction !== undefined) this.#owned.add(junction)
        this.#tables = this.#owned
    }
}

/** A literal, or an instance of the class that TypeORM would walk at this place. */
function isWalkable(value: unknown, type: unknown): value is Record<string, unknown> {
    if (isPlainObject(value)) return !isFindOperator(value)
    return typeof type === "function" && value instanceof type && !isFindOperator(value)
}

function describeOdd(value: unknown): string {
    return typeof value === "object" && value !== null ? `of class ${className(value)}` : `of type ${typeof value}`
}
