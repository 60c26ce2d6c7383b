import { isDeepStrictEqual, types } from "node:util"
import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import { decodeValue, encodeValue, TAG } from "../serializer/ValueCodec"
import type { Encoded, Tagged } from "../serializer/ValueCodec"
import { conversionsOf, convert } from "./ColumnConversion"
import type { Conversion } from "./ColumnConversion"
import { ABSENT, compileRow } from "./compileRow"
import type { RowHydrator } from "./compileRow"
import { corruptEntry } from "../error/corruptEntry"
import { refuse } from "./refuse"
import type { ColumnSlot } from "./EntityShape"
import { EntityShape, ownValue } from "./EntityShape"
import { ExtraCodec } from "./ExtraCodec"
import type { Related } from "./ExtraCodec"

/** Tag that `encodeValue` gives a date. */
const DATE_TAG = "D"
/** Tag of a number in a column of dates, where a bare number is a date. */
const NUMBER_TAG = "#"
/** Tag of a slot without value. */
const ABSENT_TAG = "-"
const ABSENT_SLOT = Object.freeze({ [TAG]: ABSENT_TAG, v: null })
/** Prefix of the tag of a slot that holds what a conversion made of the value. */
const CONVERTED = "="

/** Instance ↔ record for the instances of exactly one class. */
export class ClassHydrator {
    readonly shape: EntityShape
    readonly #class: number
    readonly #conversions: readonly (readonly Conversion[])[]
    readonly #row: RowHydrator
    readonly #extras: ExtraCodec
    readonly #accessors: readonly ColumnSlot[]

    constructor(metadata: EntityMetadata, classIndex: number, related: Related) {
        this.shape = new EntityShape(metadata)
        this.#class = classIndex
        this.#conversions = this.shape.columns.map(({ column }) => conversionsOf(column))
        this.#row = compileRow(this.shape, (slot, column) => this.#read(slot, column))
        this.#extras = new ExtraCodec(this.shape, related)
        this.#accessors = this.shape.columns.filter(({ isAccessor }) => isAccessor)
    }

    dehydrate(entity: object, trail: readonly object[]): readonly Encoded[] {
        const containers = this.#open(entity)
        const record: Encoded[] = [this.#class]
        for (const slot of this.shape.columns) record.push(this.#encodeColumn(slot, containers[slot.container]))
        const extras = this.#extras.encode(containers, trail)
        if (extras.length > 0) record.push(extras)
        if (this.#accessors.length > 0) this.#checkAccessors(entity, record)
        return record
    }

    hydrate(record: readonly Encoded[]): object {
        const width = this.shape.columns.length + 1
        if (record.length !== width && record.length !== width + 1)
            throw corruptEntry(`The record of ${this.shape.name} has ${record.length} slots instead of ${width}.`)
        const entity = this.#row(record)
        if (record.length > width) this.#extras.apply(entity, record[width]!)
        return entity
    }

    /** The entity and its embeddeds; `undefined` for an embedded that is not there. */
    #open(entity: object): (object | undefined)[] {
        const opened: (object | undefined)[] = [entity]
        for (const { index, parent, propertyName } of this.shape.containers) {
            if (index === 0) continue
            const holder = opened[parent]
            // Not only an own value: the class may declare the embedded as an accessor.
            const value: unknown = (holder as Record<string, unknown> | undefined)?.[propertyName]
            const isThere = typeof value === "object" && value !== null
            opened[index] = isThere ? value : undefined
            if (!isThere) continue
            const prototype: unknown = Object.getPrototypeOf(value)
            if (
                prototype !== this.shape.prototypeOfContainer(index) &&
                !this.shape.isMadeByConstructor(index, prototype)
            )
                throw refuse(`${this.shape.name}.${propertyName} is not of the class of its embedded`)
        }
        return opened
    }

    #encodeColumn(slot: ColumnSlot, holder: object | undefined): Encoded {
        if (holder === undefined) return ABSENT_SLOT
        const { propertyName, relation, isAccessor } = slot
        const value: unknown = isAccessor
            ? (holder as Record<string, unknown>)[propertyName]
            : ownValue(holder, propertyName)
        if (value === undefined && (isAccessor || !Object.hasOwn(holder, propertyName))) return ABSENT_SLOT
        // by far the most frequent, and they would come out below as they are
        if (typeof value === "string" || typeof value === "boolean" || value === null) return value
        if (slot.isDate && isOrdinaryDate(value)) return value.getTime()
        if (relation !== undefined && !relation.isLazy && this.#extras.isRelated(relation, value)) return ABSENT_SLOT
        const path = `${this.shape.name}.${slot.column.propertyPath}`
        try {
            const encoded = encodeValue(value, path)
            return slot.isDate ? bareDate(encoded) : encoded
        } catch (error) {
            if (!(error instanceof CacheError)) throw error
            const template = this.shape.templateOf(slot.container)
            // What the constructor made and the load left alone, the constructor makes again.
            if (!isAccessor && template !== undefined && isDeepStrictEqual(ownValue(template, propertyName), value))
                return ABSENT_SLOT
            const { name, v } = convert(value, this.#conversions[slot.index]!, path, error)
            return { [TAG]: CONVERTED + name, v }
        }
    }

    #read(slot: Encoded, column: number): unknown {
        const tagged = slot as unknown as Tagged
        const tag = tagged[TAG] as unknown
        // by far the most frequent
        if (tag === DATE_TAG && typeof tagged.v === "number") return new Date(tagged.v)
        if (tag === ABSENT_TAG) return ABSENT
        if (tag === NUMBER_TAG) return tagged.v
        if (typeof tag !== "string" || !tag.startsWith(CONVERTED)) return decodeValue(slot)
        const conversion = this.#conversions[column]!.find(({ name }) => CONVERTED + name === tag)
        const where = `${this.shape.name}.${this.shape.columns[column]!.column.propertyPath}`
        if (conversion === undefined) throw corruptEntry(`The record holds ${where} in a form that is not known here.`)
        const value = decodeValue((slot as unknown as Tagged).v)
        try {
            return conversion.from(value)
        } catch (cause) {
            throw corruptEntry(`The transformer of ${where} refuses the stored value.`, cause)
        }
    }

    /** A setter may change what it is given; then setting what the getter returned would not give the same entity. */
    #checkAccessors(entity: object, record: readonly Encoded[]): void {
        const containers = this.#open(entity)
        const copies = this.#open(this.hydrate(record))
        for (const { container, propertyName, column } of this.#accessors) {
            const value = (containers[container] as Record<string, unknown> | undefined)?.[propertyName]
            const copy = (copies[container] as Record<string, unknown> | undefined)?.[propertyName]
            if (!isDeepStrictEqual(copy, value))
                throw refuse(
                    `${this.shape.name}.${column.propertyPath} is an accessor whose setter does not take what its getter gives`,
                )
        }
    }
}

/** A date of this realm with a time and nothing beside it, of which only its time is stored. */
function isOrdinaryDate(value: unknown): value is Date {
    return (
        types.isDate(value) &&
        Object.getPrototypeOf(value) === Date.prototype &&
        Reflect.ownKeys(value).length === 0 &&
        !Number.isNaN(value.getTime())
    )
}

/** The slot of a column of dates: a tagged date would be an object more, and half of the time that a row takes. */
function bareDate(encoded: Encoded): Encoded {
    if (typeof encoded === "number") return { [TAG]: NUMBER_TAG, v: encoded }
    const { [TAG]: tag, v } = (encoded ?? {}) as Partial<Tagged>
    return tag === DATE_TAG && typeof v === "number" ? v : encoded
}
