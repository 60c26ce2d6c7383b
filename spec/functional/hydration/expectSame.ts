import { expect } from "chai"
import { inspect } from "node:util"

/** Compares class, own properties with their order and flags, and values, to any depth. Runs no accessor. */
export function expectSame(actual: unknown, fresh: unknown, path = "$"): void {
    if (typeof fresh !== "object" || fresh === null || typeof actual !== "object" || actual === null) {
        check(actual, fresh, path)
        return
    }
    if (actual === fresh) expect.fail(`${path} is shared`)
    check(Object.getPrototypeOf(actual), Object.getPrototypeOf(fresh), `prototype of ${path}`)
    if (fresh instanceof Date) {
        check((actual as Date).getTime(), fresh.getTime(), path)
        return
    }
    if (ArrayBuffer.isView(fresh)) {
        check(Buffer.compare(bytesOf(actual as Uint8Array), bytesOf(fresh)), 0, path)
        return
    }
    const keys = Reflect.ownKeys(fresh)
    const actualKeys = Reflect.ownKeys(actual)
    if (actualKeys.length !== keys.length || keys.some((key, i) => actualKeys[i] !== key))
        expect(actualKeys, `keys of ${path}`).deep.equal(keys)
    for (const key of keys) {
        const mine = Object.getOwnPropertyDescriptor(actual, key)!
        const its = Object.getOwnPropertyDescriptor(fresh, key)!
        const where = `${path}.${String(key)}`
        for (const flag of ["enumerable", "configurable", "writable"] as const)
            check(mine[flag], its[flag], `${where} ${flag}`)
        check(typeof mine.get, typeof its.get, `${where} accessor`)
        if (typeof its.value === "function") check(typeof mine.value, "function", where)
        else if (its.get === undefined) expectSame(mine.value, its.value, where)
    }
}

/** Chai is asked only for what it says: that is most of the time where thousands of rows are compared. */
function check(actual: unknown, expected: unknown, what: string): void {
    if (Object.is(actual, expected)) return
    expect.fail(actual, expected, `${what}: ${inspect(actual, { depth: 0 })} for ${inspect(expected, { depth: 0 })}`)
}

function bytesOf(view: ArrayBufferView): Buffer {
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
