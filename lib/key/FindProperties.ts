import type { EntityMetadata } from "typeorm"
import type { Column } from "./transformTo"

type Relation = EntityMetadata["relations"][number]
type Embedded = EntityMetadata["embeddeds"][number]

/** What TypeORM takes a property path of the find options for. */
export interface Property {
    readonly path: string
    readonly column: Column | undefined
    readonly embedded: Embedded | undefined
    readonly relation: Relation | undefined
}

/** The properties of an entity by path. TypeORM searches lists; this remembers what it found. */
export class FindProperties {
    /** Begins the text of every find of this entity. */
    readonly header: string
    readonly #metadata: EntityMetadata
    readonly #properties = new Map<string, Property>()

    constructor(metadata: EntityMetadata) {
        this.#metadata = metadata
        const { tablePath, name } = metadata
        this.header = `${tablePath.length}:${tablePath}${name.length}:${name}`
    }

    /** `undefined` for a path that TypeORM would not find either. */
    property(path: string): Property | undefined {
        let property = this.#properties.get(path)
        if (property === undefined) {
            const column = this.#metadata.findColumnWithPropertyPathStrict(path)
            const embedded = this.#metadata.findEmbeddedWithPropertyPath(path)
            const relation = this.#metadata.findRelationWithPropertyPath(path)
            if (column === undefined && embedded === undefined && relation === undefined) return undefined
            this.#properties.set(path, (property = { path, column, embedded, relation }))
        }
        return property
    }
}

const known = new WeakMap<EntityMetadata, FindProperties>()

/** The {@link FindProperties} of an entity. */
export function propertiesOf(metadata: EntityMetadata): FindProperties {
    let properties = known.get(metadata)
    if (properties === undefined) known.set(metadata, (properties = new FindProperties(metadata)))
    return properties
}
