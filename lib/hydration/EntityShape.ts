import type { EntityMetadata } from "typeorm"

type ColumnMetadata = EntityMetadata["columns"][number]
type EmbeddedMetadata = EntityMetadata["embeddeds"][number]
type RelationMetadata = EntityMetadata["relations"][number]

/** An object that holds properties of an entity: the entity itself (index 0) or one of its embeddeds, parents first. */
export interface Container {
    readonly index: number
    /** Index of the container that holds this one; -1 for the entity. */
    readonly parent: number
    readonly propertyName: string
    readonly embedded: EmbeddedMetadata | undefined
    /** Property names that need no entry of their own in a record. */
    readonly known: Set<string>
    /** Relations by the property that holds the loaded value: `__x__` for a lazy relation x. */
    readonly relations: Map<string, RelationMetadata>
    /** Those of the relations that the class declares as accessors. */
    readonly accessors: string[]
}

/** A column that a load puts on the instance. */
export interface ColumnSlot {
    readonly index: number
    readonly container: number
    readonly propertyName: string
    readonly column: ColumnMetadata
    /** True when the class declares the property as an accessor, so that the value is not found on the instance. */
    readonly isAccessor: boolean
    /** True when its values are dates as a rule: a record then has their numbers bare. */
    readonly isDate: boolean
    /** The relation that uses the same property, if any: what is there may be the column's value or the loaded relation. */
    readonly relation: RelationMetadata | undefined
}

/** What the instances of one class look like after a load: which properties TypeORM sets, and where. */
export class EntityShape {
    readonly metadata: EntityMetadata
    readonly name: string
    readonly containers: readonly Container[]
    readonly columns: readonly ColumnSlot[]
    /** Prototype of the instances. */
    readonly prototype: object
    #template: object | undefined

    constructor(metadata: EntityMetadata) {
        this.metadata = metadata
        this.name = metadata.targetName
        this.prototype = prototypeOf(metadata)
        const containers: Container[] = [emptyContainer(0, -1, undefined)]
        const indexes = new Map<EmbeddedMetadata, number>()
        const containerOf = (embedded: EmbeddedMetadata | undefined): Container => {
            if (embedded === undefined) return containers[0]!
            const index = indexes.get(embedded)
            if (index !== undefined) return containers[index]!
            const parent = containerOf(embedded.parentEmbeddedMetadata)
            const container = emptyContainer(containers.length, parent.index, embedded)
            parent.known.add(embedded.propertyName)
            indexes.set(embedded, container.index)
            containers.push(container)
            return container
        }
        const columns = loadedColumns(metadata)
        for (const column of columns) containerOf(column.embeddedMetadata)
        for (const embedded of metadata.allEmbeddeds) containerOf(embedded)
        for (const relation of metadata.relations) {
            const container = containerOf(relation.embeddedMetadata)
            const key = relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName
            container.relations.set(key, relation)
            if (isAccessor(this.#prototypeOf(container), key)) container.accessors.push(key)
        }
        this.columns = columns.map((column, index) => {
            const container = containerOf(column.embeddedMetadata)
            const relation = container.relations.get(column.propertyName)
            if (relation === undefined) container.known.add(column.propertyName)
            return {
                index,
                column,
                relation,
                container: container.index,
                propertyName: column.propertyName,
                isDate: isDateColumn(column),
                isAccessor: isAccessor(this.#prototypeOf(container), column.propertyName),
            }
        })
        // TypeORM puts the accessor of a lazy relation on the entity, even when the relation is in an embedded.
        for (const relation of metadata.lazyRelations) containers[0]!.known.add(relation.propertyName)
        this.containers = containers
    }

    /** An empty instance, as TypeORM makes it before it sets the columns of a row. */
    create(): object {
        return this.metadata.create(undefined, FROM_LOAD) as object
    }

    /** What the constructor leaves in a container before anything is loaded. One instance is made for it, when first asked. */
    templateOf(container: number): object | undefined {
        if (container === 0) return (this.#template ??= this.create())
        const { parent, propertyName } = this.containers[container]!
        const holder = this.templateOf(parent)
        const value: unknown = holder === undefined ? undefined : ownValue(holder, propertyName)
        if (typeof value === "object" && value !== null) return value
        return this.containers[container]!.embedded!.create() as object
    }

    /** Whether the constructor of the entity makes an object of its own for this embedded, of the given class. */
    isMadeByConstructor(container: number, prototype: unknown): boolean {
        const { parent, propertyName } = this.containers[container]!
        const holder = this.templateOf(parent)
        const value: unknown = holder === undefined ? undefined : ownValue(holder, propertyName)
        return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === prototype
    }

    /** The class, or `Object` for an entity schema without one. */
    prototypeOfContainer(container: number): object {
        return this.#prototypeOf(this.containers[container]!)
    }

    #prototypeOf({ embedded }: Container): object {
        return embedded === undefined ? this.prototype : prototypeOfEmbedded(embedded)
    }
}

const FROM_LOAD = { fromDeserializer: true, pojo: false }

const DATE_TYPE = /^(small)?date|^timestamp/i

function isDateColumn({ type }: ColumnMetadata): boolean {
    return type === Date || (typeof type === "string" && DATE_TYPE.test(type))
}

/** The columns that a load sets, in the order in which it sets them (RawSqlResultsToEntityTransformer#getColumnsToProcess). */
export function loadedColumns(metadata: EntityMetadata): readonly ColumnMetadata[] {
    return metadata.columns.filter(
        (column) => !column.isVirtual && !metadata.childEntityMetadatas.some((child) => child.target === column.target),
    )
}

/** Every class that a row of the entity's table can be an instance of: the root of the inheritance first, always in one order. */
export function classesOf(metadata: EntityMetadata): readonly EntityMetadata[] {
    let root = metadata
    while (root.tableType === "entity-child" && (root.parentEntityMetadata as EntityMetadata | undefined) !== undefined)
        root = root.parentEntityMetadata
    return root.discriminatorColumn === undefined ? [root] : [root, ...root.childEntityMetadatas]
}

/** The prototype of an entity's instances. */
export function prototypeOf(metadata: EntityMetadata): object {
    return typeof metadata.target === "function" ? (metadata.target.prototype as object) : Object.prototype
}

/** The value of an own data property; never runs an accessor. */
export function ownValue(holder: object, key: PropertyKey): unknown {
    return Object.getOwnPropertyDescriptor(holder, key)?.value
}

function prototypeOfEmbedded(embedded: EmbeddedMetadata): object {
    return typeof embedded.type === "function" ? (embedded.type.prototype as object) : Object.prototype
}

function emptyContainer(index: number, parent: number, embedded: EmbeddedMetadata | undefined): Container {
    return {
        index,
        parent,
        embedded,
        propertyName: embedded?.propertyName ?? "",
        known: new Set(),
        relations: new Map(),
        accessors: [],
    }
}

function isAccessor(prototype: object, propertyName: string): boolean {
    for (let link: object | null = prototype; link !== null; link = Object.getPrototypeOf(link) as object | null) {
        const property = Object.getOwnPropertyDescriptor(link, propertyName)
        if (property !== undefined) return property.get !== undefined
    }
    return false
}
