import { isDeepStrictEqual } from "node:util"
import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import { decodeValue, encodeValue } from "../serializer/ValueCodec"
import type { Encoded } from "../serializer/ValueCodec"
import { corruptEntry } from "../error/corruptEntry"
import { refuse } from "./refuse"
import type { Container, EntityShape } from "./EntityShape"
import { ownValue } from "./EntityShape"
import { schemaFingerprint } from "./schemaFingerprint"

type RelationMetadata = EntityMetadata["relations"][number]

/** How the extras of one entity reach the hydrators of others. */
export interface Related {
    /** Whether the value is an instance of the entity or of one that inherits from it. */
    isInstance(metadata: EntityMetadata, value: unknown): value is object
    dehydrate(metadata: EntityMetadata, entity: object, trail: readonly object[]): Encoded
    hydrate(metadata: EntityMetadata, record: Encoded): object
    /** The entity that the value is an instance of, by its class; `undefined` for anything else. */
    metadataOf(value: object): EntityMetadata | undefined
    /** The entity of that name; `undefined` when there is none. */
    findMetadata(name: string): EntityMetadata | undefined
}

/** What an extra holds. An extra is `[container, key, kind, …]`. */
const VALUE = 0
const ENTITY = 1
const ENTITIES = 2
/** An entity under a property that is no relation (`leftJoinAndMapOne`): its name and the fingerprint of its schema come first. */
const MAPPED = 3
const MAPPED_LIST = 4

/** What a load puts on an entity beside its columns: relations, ids of relations, mapped properties. */
export class ExtraCodec {
    readonly #shape: EntityShape
    readonly #related: Related

    constructor(shape: EntityShape, related: Related) {
        this.#shape = shape
        this.#related = related
    }

    /** Whether the value under the relation's property is a loaded relation, not an id. */
    isRelated(relation: RelationMetadata, value: unknown): boolean {
        return Array.isArray(value)
            ? value.length > 0 && value.every((item) => this.#related.isInstance(relation.inverseEntityMetadata, item))
            : this.#related.isInstance(relation.inverseEntityMetadata, value)
    }

    encode(containers: readonly (object | undefined)[], trail: readonly object[]): readonly Encoded[] {
        const extras: Encoded[] = []
        for (const container of this.#shape.containers) {
            const holder = containers[container.index]
            if (holder === undefined) continue
            const keys = Reflect.ownKeys(holder)
            for (const key of container.accessors.length === 0 ? keys : [...keys, ...container.accessors]) {
                if (container.known.has(key as string)) continue
                const extra = this.#encodeProperty(container, holder, key, trail)
                if (extra !== undefined) extras.push(extra)
            }
        }
        return extras
    }

    apply(entity: object, extras: Encoded): void {
        for (const extra of list(extras)) {
            const [container, key, kind, ...content] = list(extra)
            const slot = this.#shape.containers[container as number]
            if (slot === undefined || typeof key !== "string" || key === "__proto__")
                throw corruptEntry(`The record of ${this.#shape.name} has a property where none can be.`)
            this.#open(entity, slot.index)[key] = this.#decode(slot, key, kind, content)
        }
    }

    #encodeProperty(
        container: Container,
        holder: object,
        key: PropertyKey,
        trail: readonly object[],
    ): Encoded | undefined {
        const property = Object.getOwnPropertyDescriptor(holder, key) ?? readAccessor(holder, key as string)
        if (property === undefined) return undefined
        const { value } = property as { value: unknown }
        const relation = container.relations.get(key as string)
        if (relation !== undefined && this.isRelated(relation, value)) {
            const encode = (entity: object) => this.#related.dehydrate(relation.inverseEntityMetadata, entity, trail)
            return Array.isArray(value)
                ? [container.index, key as string, ENTITIES, (value as object[]).map(encode)]
                : [container.index, key as string, ENTITY, encode(value as object)]
        }
        // Where a relation and a column share a property, an id in it is the column's.
        if (relation !== undefined && this.#isColumn(container, key)) return undefined
        if (typeof key === "symbol" || !("value" in property) || !property.enumerable) {
            if (this.#isMadeByConstructor(container, key)) return undefined
            throw refuse(`${this.#shape.name} has the hidden property or accessor ${String(key)}`)
        }
        if (value === undefined && this.#isMadeByConstructor(container, key, value)) return undefined
        const mapped = this.#encodeMapped(value, trail)
        if (mapped !== undefined) return [container.index, key, ...mapped]
        try {
            return [container.index, key, VALUE, encodeValue(value, `${this.#shape.name}.${String(key)}`)]
        } catch (error) {
            // A function or an object of a class that the constructor makes is no data, and it makes it again.
            const isItsOwn =
                relation === undefined
                    ? this.#isMadeByConstructor(container, key)
                    : this.#isMadeByConstructor(container, key, value)
            if (isItsOwn && error instanceof CacheError) return undefined
            throw error
        }
    }

    /** Whether the constructor makes such a property, and, when a value is given, an equal one. */
    #isMadeByConstructor({ index }: Container, key: PropertyKey, ...values: [unknown?]): boolean {
        const template = this.#shape.templateOf(index)
        if (template === undefined || !Object.hasOwn(template, key)) return false
        return values.every((value) => isDeepStrictEqual(ownValue(template, key), value))
    }

    #encodeMapped(value: unknown, trail: readonly object[]): Encoded[] | undefined {
        const first: unknown = Array.isArray(value) ? value[0] : value
        if (typeof first !== "object" || first === null) return undefined
        const metadata = this.#related.metadataOf(first)
        if (metadata === undefined) return undefined
        const encode = (entity: unknown) => {
            if (!this.#related.isInstance(metadata, entity))
                throw refuse(`${this.#shape.name} holds a list of mixed entities`)
            return this.#related.dehydrate(metadata, entity, trail)
        }
        return Array.isArray(value)
            ? [MAPPED_LIST, metadata.name, schemaFingerprint(metadata), value.map(encode)]
            : [MAPPED, metadata.name, schemaFingerprint(metadata), encode(value)]
    }

    #isColumn({ index }: Container, key: PropertyKey): boolean {
        return this.#shape.columns.some((slot) => slot.container === index && slot.propertyName === key)
    }

    #decode(container: Container, key: string, kind: Encoded | undefined, content: readonly Encoded[]): unknown {
        if (kind === VALUE && content.length === 1) return decodeValue(content[0]!)
        if (kind === ENTITY || kind === ENTITIES) {
            const relation = container.relations.get(key)
            if (relation === undefined || content.length !== 1)
                throw corruptEntry(`The record holds ${this.#shape.name}.${key} as a relation, which it is not.`)
            return this.#decodeEntities(relation.inverseEntityMetadata, kind === ENTITIES, content[0]!)
        }
        const [name, fingerprint, record] = content
        const metadata = typeof name === "string" ? this.#related.findMetadata(name) : undefined
        if ((kind !== MAPPED && kind !== MAPPED_LIST) || metadata === undefined || record === undefined)
            throw corruptEntry(`The record holds ${this.#shape.name}.${key} in a form that is not known here.`)
        if (schemaFingerprint(metadata) !== fingerprint)
            throw corruptEntry(`The record holds ${this.#shape.name}.${key} as written under another schema.`)
        return this.#decodeEntities(metadata, kind === MAPPED_LIST, record)
    }

    #decodeEntities(metadata: EntityMetadata, isList: boolean, content: Encoded): unknown {
        return isList
            ? list(content).map((record) => this.#related.hydrate(metadata, record))
            : this.#related.hydrate(metadata, content)
    }

    #open(entity: object, index: number): Record<string, unknown> {
        if (index === 0) return entity as Record<string, unknown>
        const { parent, propertyName, embedded } = this.#shape.containers[index]!
        return (this.#open(entity, parent)[propertyName] ??= embedded!.create()) as Record<string, unknown>
    }
}

/** A relation that the class declares as an accessor, seen as a property; `undefined` while it holds nothing. */
function readAccessor(holder: object, key: string): PropertyDescriptor | undefined {
    const value = (holder as Record<string, unknown>)[key]
    return value === undefined ? undefined : { value, enumerable: true }
}

function list(value: Encoded): readonly Encoded[] {
    if (!Array.isArray(value)) throw corruptEntry("The record has a list where none is.")
    return value as readonly Encoded[]
}
