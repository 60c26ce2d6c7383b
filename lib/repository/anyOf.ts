import { In } from "typeorm"

/** One condition for several rows. */
export function anyOf(wheres: readonly Record<string, unknown>[]): unknown {
    const [first] = wheres
    const properties = Object.keys(first!)
    const [property] = properties
    if (wheres.length === 1) return first
    const isFlat = properties.length === 1 && wheres.every((where) => !isNested(where[property!]))
    return isFlat ? { [property!]: In(wheres.map((where) => where[property!])) } : wheres
}

function isNested(value: unknown): boolean {
    return typeof value === "object" && !(value instanceof Date) && !(value instanceof Uint8Array)
}
