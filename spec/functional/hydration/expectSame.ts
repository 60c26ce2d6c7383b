import { expect } from "chai"

/** Compares class, own properties with their order and flags, and values, to any depth. Runs no accessor. */
export function expectSame(actual: unknown, fresh: unknown, path = "$"): void {
    if (typeof fresh !== "object" || fresh === null || typeof actual !== "object" || actual === null) {
        expect(Object.is(actual, fresh), `${path}: ${String(actual)} for ${String(fresh)}`).equal(true)
        return
    }
    expect(actual === fresh, `${path} is shared`).equal(false)
    expect(Object.getPrototypeOf(actual), `prototype of ${path}`).equal(Object.getPrototypeOf(fresh))
    if (fresh instanceof Date) {
        expect((actual as Date).getTime(), path).deep.equal(fresh.getTime())
        return
    }
    if (ArrayBuffer.isView(fresh)) {
        expect(Buffer.compare(bytesOf(actual as Uint8Array), bytesOf(fresh)), path).equal(0)
        return
    }
    expect(Reflect.ownKeys(actual), `keys of ${path}`).deep.equal(Reflect.ownKeys(fresh))
    for (const key of Reflect.ownKeys(fresh)) {
        const mine = Object.getOwnPropertyDescriptor(actual, key)!
        const its = Object.getOwnPropertyDescriptor(fresh, key)!
        const where = `${path}.${String(key)}`
        expect(mine.enumerable, `${where} enumerable`).equal(its.enumerable)
        expect(mine.configurable, `${where} configurable`).equal(its.configurable)
        expect(mine.writable, `${where} writable`).equal(its.writable)
        expect(typeof mine.get, `${where} accessor`).equal(typeof its.get)
        if (typeof its.value === "function") expect(typeof mine.value, where).equal("function")
        else if (its.get === undefined) expectSame(mine.value, its.value, where)
    }
}

function bytesOf(view: ArrayBufferView): Buffer {
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
