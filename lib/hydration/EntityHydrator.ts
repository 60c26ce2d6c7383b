import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import type { Encoded } from "../serializer/ValueCodec"
import { ClassHydrator } from "./ClassHydrator"
import { corruptEntry } from "../error/corruptEntry"
import { refuse } from "./refuse"
import { dataSourceOf } from "../metadata/dataSourceOf"
import { classesOf, prototypeOf } from "./EntityShape"
import type { Related } from "./ExtraCodec"

/**
 * Turns entities as TypeORM has just loaded them into records, and records into entities that cannot be told from a fresh load.
 * Take it from {@link hydratorOf}.
 *
 * A record is `[class, column 0, column 1, …]`, and behind the columns, where the load brought more, a list of relations, ids of
 * relations and mapped properties. `class` counts the classes of the table, so that a repository of a child and one of its parent
 * read each other's records.
 *
 * Entities are dehydrated before any `afterLoad` listener has run (`callListeners(false)`); whoever hydrates runs the listeners.
 */
export class EntityHydrator {
    readonly metadata: EntityMetadata
    readonly #classes: readonly EntityMetadata[]
    readonly #hydrators: (ClassHydrator | undefined)[]
    readonly #indexes = new Map<unknown, number>()

    constructor(metadata: EntityMetadata) {
        this.metadata = metadata
        this.#classes = classesOf(metadata)
        this.#hydrators = new Array<ClassHydrator | undefined>(this.#classes.length)
        for (const [index, candidate] of this.#classes.entries())
            if (candidate === metadata || metadata.childEntityMetadatas.includes(candidate))
                if (typeof candidate.target === "function") this.#indexes.set(prototypeOf(candidate), index)
    }

    /**
     * The record of an entity, with what is loaded of its relations. It shares nothing with the entity.
     *
     * @throws CacheError `E_SERIALIZE` when the entity holds something that could not be made again; it names the property
     */
    dehydrate(entity: object): Encoded {
        try {
            return this.#dehydrate(entity, [])
        } catch (error) {
            if (error instanceof CacheError && error.code === "E_SERIALIZE") throw error
            // Accessors, transformers and constructors are code of the application; what they throw must not fail the read.
            throw refuse(`An entity ${this.metadata.targetName} throws while it is read`, error)
        }
    }

    /**
     * A fresh entity for each call: constructed, with its lazy relations, as a load makes it.
     *
     * @throws CacheError `E_CORRUPT_ENTRY` when the record is not one of this entity
     */
    hydrate<Entity extends object = object>(record: Encoded): Entity {
        const index: unknown = Array.isArray(record) ? record[0] : undefined
        const hydrator = typeof index === "number" ? (this.#hydrators[index] ?? this.#hydratorAt(index)) : undefined
        if (hydrator === undefined) throw corruptEntry(`The record is none of ${this.metadata.targetName}.`)
        return hydrator.hydrate(record as readonly Encoded[]) as Entity
    }

    /** Whether the value is an instance of this entity or of one that inherits from it in the same table. */
    isInstance(value: unknown): value is object {
        if (typeof value !== "object" || value === null) return false
        const prototype: unknown = Object.getPrototypeOf(value)
        if (typeof this.metadata.target === "function") return this.#indexes.has(prototype)
        // Plain objects are entities of a schema without class, or ids; the accessors of lazy relations tell them apart.
        return (
            prototype === Object.prototype &&
            this.metadata.lazyRelations.every(({ propertyName }) => Object.hasOwn(value, propertyName))
        )
    }

    /** @internal */
    dehydrateWithin(entity: object, trail: readonly object[]): Encoded {
        return this.#dehydrate(entity, trail)
    }

    #dehydrate(entity: object, trail: readonly object[]): Encoded {
        if (!this.isInstance(entity)) throw refuse(`The value is no instance of ${this.metadata.targetName}`)
        if (trail.includes(entity))
            throw refuse(`${this.metadata.targetName} refers back to itself through its relations`)
        const index = this.#indexes.get(Object.getPrototypeOf(entity)) ?? this.#indexByDiscriminator(entity)
        return this.#hydratorAt(index)!.dehydrate(entity, [...trail, entity])
    }

    #indexByDiscriminator(entity: object): number {
        return this.#classes.indexOf(this.metadata.findInheritanceMetadata(entity))
    }

    #hydratorAt(index: number): ClassHydrator | undefined {
        const metadata = this.#classes[index]
        if (metadata === undefined) return undefined
        if (metadata !== this.metadata && !this.metadata.childEntityMetadatas.includes(metadata)) return undefined
        return (this.#hydrators[index] ??= new ClassHydrator(metadata, index, relatedOf(this.metadata)))
    }
}

const HYDRATORS = new WeakMap<EntityMetadata, EntityHydrator>()

/** The hydrator of an entity, made once. */
export function hydratorOf(metadata: EntityMetadata): EntityHydrator {
    let hydrator = HYDRATORS.get(metadata)
    if (hydrator === undefined) HYDRATORS.set(metadata, (hydrator = new EntityHydrator(metadata)))
    return hydrator
}

function relatedOf(owner: EntityMetadata): Related {
    return {
        isInstance: (metadata, value): value is object => hydratorOf(metadata).isInstance(value),
        dehydrate: (metadata, entity, trail) => hydratorOf(metadata).dehydrateWithin(entity, trail),
        hydrate: (metadata, record) => hydratorOf(metadata).hydrate(record),
        metadataOf: (value) =>
            dataSourceOf(owner).entityMetadatas.find(
                ({ target }) => typeof target === "function" && target.prototype === Object.getPrototypeOf(value),
            ),
        findMetadata: (name) => dataSourceOf(owner).entityMetadatas.find((metadata) => metadata.name === name),
    }
}
