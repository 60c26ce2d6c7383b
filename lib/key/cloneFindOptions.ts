import { isFindOperator } from "./findOperator"

/**
 * A deep copy of find options, so that running them leaves the caller's own alone: TypeORM puts transformed values into
 * the operators of a `where`, and a second run would transform them again. Literals, arrays and operators are copied;
 * entities, dates, buffers and other instances are not.
 */
export function cloneFindOptions<T>(options: T): T {
    return clone(options, undefined) as T
}

function clone(value: unknown, copies: Map<object, object> | undefined): unknown {
    if (typeof value !== "object" || value === null) return value
    const known = copies?.get(value)
    if (known !== undefined) return known
    const prototype = Object.getPrototypeOf(value) as object | null
    const isList = prototype === Array.prototype
    if (!isList && prototype !== Object.prototype && prototype !== null && !isFindOperator(value)) return value

    const copy: object = isList ? new Array((value as unknown[]).length) : (Object.create(prototype) as object)
    const made = copies ?? new Map<object, object>()
    made.set(value, copy)
    for (const key of Object.keys(value)) {
        const part = clone((value as Record<string, unknown>)[key], made)
        if (key === "__proto__")
            Object.defineProperty(copy, key, { value: part, enumerable: true, configurable: true, writable: true })
        else (copy as Record<string, unknown>)[key] = part
    }
    return copy
}
