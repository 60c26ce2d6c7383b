import type { Encoded } from "../serializer/ValueCodec"
import type { Container, EntityShape } from "./EntityShape"

/** Says that a slot of a record holds no value: the load did not set the property. */
export const ABSENT: unique symbol = Symbol("absent")

/** Makes an entity of the columns of a record: `[class, column 0, column 1, …]`. A number in a date's column is a date. */
export type RowHydrator = (record: readonly Encoded[]) => object

/** Reads a slot that is no primitive: the value, or {@link ABSENT}. */
export type SlotReader = (slot: Encoded, column: number) => unknown

/**
 * The fastest row hydrator that the process allows: generated code, or closures where code generation from strings is off.
 * Either sets the columns as TypeORM does: in the same order, by assignment, an embedded made when its first column is set.
 */
export function compileRow(shape: EntityShape, read: SlotReader): RowHydrator {
    const creators = shape.containers.map(
        ({ embedded }) =>
            () =>
                embedded!.create() as object,
    )
    const generate = codeGenerator()
    if (generate === undefined) return interpretRow(shape, read, creators)
    const factory = generate(sourceOf(shape)) as (...parts: unknown[]) => RowHydrator
    return factory(() => shape.create(), read, ABSENT, creators)
}

/** `Function`, or `undefined` where the process forbids it (`--disallow-code-generation-from-strings`, CSP). */
function codeGenerator(): ((source: string) => unknown) | undefined {
    try {
        const generate = (source: string): unknown => new Function("create", "read", "ABSENT", "make", source)
        generate("return 0")
        return generate
    } catch {
        return undefined
    }
}

/** The body of the factory. Names of properties come into it as JSON strings only. */
function sourceOf({ containers, columns }: EntityShape): string {
    const lines = ["return function hydrate(record) {", "const c0 = create(); let v"]
    for (const { index } of containers.slice(1)) lines.push(`let c${index}`)
    for (const slot of columns) {
        const property = `(${open(containers, slot.container)})[${JSON.stringify(slot.propertyName)}]`
        lines.push(
            `v = record[${slot.index + 1}]`,
            ...(slot.isDate ? [`if (typeof v === "number") ${property} = new Date(v); else`] : []),
            `if (v === null || typeof v !== "object") ${property} = v`,
            `else if ((v = read(v, ${slot.index})) !== ABSENT) ${property} = v`,
        )
    }
    lines.push("return c0", "}")
    return lines.join("\n")
}

function open(containers: readonly Container[], index: number): string {
    if (index === 0) return "c0"
    const { parent, propertyName } = containers[index]!
    return `c${index} ??= ((${open(containers, parent)})[${JSON.stringify(propertyName)}] ??= make[${index}]())`
}

function interpretRow(shape: EntityShape, read: SlotReader, creators: readonly (() => object)[]): RowHydrator {
    const { columns, containers } = shape
    return (record) => {
        const opened: (Record<string, unknown> | undefined)[] = [shape.create() as Record<string, unknown>]
        const openAt = (index: number): Record<string, unknown> => {
            const { parent, propertyName } = containers[index]!
            return (opened[index] ??= (openAt(parent)[propertyName] ??= creators[index]!()) as Record<string, unknown>)
        }
        for (const { index, container, propertyName, isDate } of columns) {
            const slot = record[index + 1]!
            let value: unknown = slot
            if (isDate && typeof slot === "number") value = new Date(slot)
            else if (slot !== null && typeof slot === "object") value = read(slot, index)
            if (value !== ABSENT) openAt(container)[propertyName] = value
        }
        return opened[0]!
    }
}
