import { types } from "node:util"
import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"
import { CUSTOM, TAG, VIEWS } from "./Encoded"
import type { Encoded, Tagged } from "./Encoded"

/** Levels of nesting that are encoded. Deeper values are refused before they can exhaust the stack. */
const MAX_DEPTH = 500

/** The content of an object of a class that only the caller knows; `undefined` for any other. */
export type CustomEncoder = (value: object) => Encoded | undefined

/**
 * The value as a tree that JSON holds without loss. Strings, finite numbers, booleans and null stand for themselves.
 * Known beside them: undefined, bigint, NaN, ±Infinity, -0, Date, Buffer, typed arrays, ArrayBuffer, Map, Set, RegExp, URL,
 * arrays (a hole becomes undefined) and plain objects, with or without prototype.
 *
 * @param path what the message calls the value
 * @param custom knows further objects: what it answers for one is stored in its place
 * @throws CacheError `E_SERIALIZE` for anything else (class instances, functions, symbols, proxies, circles); it says where
 */
export function encodeValue(value: unknown, path = "$", custom?: CustomEncoder): Encoded {
    switch (typeof value) {
        case "string":
        case "boolean":
            return value
        case "number":
            return encodeNumber(value)
        default:
            return value === null ? null : new Encoder(path, custom).encode(value)
    }
}

function encodeNumber(value: number): Encoded {
    return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tagged("n", Object.is(value, -0) ? "-0" : String(value))
}

function tagged(tag: string, v: Encoded): Tagged & { readonly [key: string]: Encoded } {
    return { [TAG]: tag, v }
}

class Encoder {
    readonly #root: string
    readonly #path: (string | number)[] = []
    readonly #ancestors: object[] = []

    readonly #custom: CustomEncoder | undefined

    constructor(root: string, custom: CustomEncoder | undefined) {
        this.#root = root
        this.#custom = custom
    }

    encode(value: unknown): Encoded {
        switch (typeof value) {
            case "string":
            case "boolean":
                return value
            case "number":
                return encodeNumber(value)
            case "undefined":
                return tagged("u", null)
            case "bigint":
                return tagged("b", value.toString())
            case "object":
                return value === null ? null : this.#encodeObject(value)
            default:
                throw this.#refuse(`is a ${typeof value}`)
        }
    }

    #encodeObject(value: object): Encoded {
        if (types.isProxy(value)) throw this.#refuse("is a Proxy")
        if (this.#ancestors.includes(value)) throw this.#refuse("refers back to an object that contains it")
        if (this.#ancestors.length >= MAX_DEPTH) throw this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`)
        this.#ancestors.push(value)
        const encoded = this.#encodeContainer(value)
        this.#ancestors.pop()
        return encoded
    }

    #encodeContainer(value: object): Encoded {
        const prototype: unknown = Object.getPrototypeOf(value)
        if (Array.isArray(value) && isNative(prototype, "Array")) return this.#encodeArray(value)
        if (prototype === null) return tagged("o0", this.#encodeEntries(value))
        const custom = this.#custom?.(value)
        if (custom !== undefined) return tagged(CUSTOM, custom)
        if (isPlain(prototype))
            return Object.hasOwn(value, TAG) || Object.hasOwn(value, "__proto__")
                ? tagged("o", this.#encodeEntries(value))
                : this.#encodePlain(value)
        const builtIn = this.#encodeBuiltIn(value, prototype)
        if (builtIn === undefined) throw this.#refuse(`is ${describe(value)}`)
        if (!ArrayBuffer.isView(value) && Reflect.ownKeys(value).some((key) => key !== "lastIndex"))
            throw this.#refuse(`is ${describe(value)} with properties of its own`)
        return builtIn
    }

    #encodeArray(value: readonly unknown[]): Encoded {
        const items: Encoded[] = new Array<Encoded>(value.length)
        let holes = 0
        for (let index = 0; index < value.length; index++) {
            const item = value[index]
            if (item === undefined && !Object.hasOwn(value, index)) holes++
            items[index] = this.#encodeAt(index, item)
        }
        if (Reflect.ownKeys(value).length !== value.length - holes + 1)
            throw this.#refuse("is an array with properties beside its items")
        return items
    }

    #encodePlain(value: object): Encoded {
        const fields: Record<string, Encoded> = {}
        for (const [key, item] of this.#ownData(value)) fields[key] = this.#encodeAt(key, item)
        return fields
    }

    #encodeEntries(value: object): Encoded {
        return this.#ownData(value).map(([key, item]) => [key, this.#encodeAt(key, item)])
    }

    #ownData(value: object): [string, unknown][] {
        return Reflect.ownKeys(value).map((key) => {
            const property = Object.getOwnPropertyDescriptor(value, key)!
            if (typeof key === "symbol") throw this.#refuse(`has the symbol ${String(key)} as a key`)
            if (!("value" in property) || !property.enumerable)
                throw this.#refuse(`has the accessor or hidden property ${JSON.stringify(key)}`)
            return [key, property.value]
        })
    }

    #encodeBuiltIn(value: object, prototype: unknown): Encoded | undefined {
        if (prototype === Buffer.prototype) return tagged("B", (value as Buffer).toString("base64"))
        if (types.isDate(value) && isNative(prototype, "Date")) {
            const time = value.getTime()
            return tagged("D", Number.isNaN(time) ? null : time)
        }
        if (ArrayBuffer.isView(value)) return this.#encodeView(value, prototype)
        if (types.isArrayBuffer(value) && isNative(prototype, "ArrayBuffer"))
            return tagged("A", Buffer.from(value).toString("base64"))
        if (types.isMap(value) && isNative(prototype, "Map"))
            return tagged(
                "M",
                [...value].map(([key, item], index) => [
                    this.#encodeAt(`<key ${index}>`, key),
                    this.#encodeAt(`<value ${index}>`, item),
                ]),
            )
        if (types.isSet(value) && isNative(prototype, "Set"))
            return tagged(
                "S",
                [...value].map((item, index) => this.#encodeAt(`<item ${index}>`, item)),
            )
        if (types.isRegExp(value) && isNative(prototype, "RegExp"))
            return tagged("R", [value.source, value.flags, value.lastIndex])
        if (prototype === URL.prototype) return tagged("U", (value as URL).href)
        return undefined
    }

    #encodeView(value: ArrayBufferView, prototype: unknown): Encoded | undefined {
        const name = (prototype as { constructor?: { name?: string } }).constructor?.name ?? ""
        if (!VIEWS.has(name) || !isNative(prototype, name)) return undefined
        if (!(value instanceof DataView) && Object.keys(value).length !== (value as Uint8Array).length)
            throw this.#refuse(`is ${describe(value)} with properties of its own`)
        return tagged("V", [name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")])
    }

    #encodeAt(key: string | number, value: unknown): Encoded {
        if (typeof value === "string" || value === null || typeof value === "boolean") return value
        this.#path.push(key)
        const encoded = this.encode(value)
        this.#path.pop()
        return encoded
    }

    #refuse(what: string): CacheError {
        const where = this.#path.map((key) =>
            typeof key === "number"
                ? `[${key}]`
                : /^[\p{L}$_][\p{L}\p{N}$_]*$/u.test(key)
                  ? `.${key}`
                  : `[${JSON.stringify(key)}]`,
        )
        return new CacheError("E_SERIALIZE", `${this.#root}${where.join("")} ${what}, which cannot be stored.`, {
            advice: "Use plain data, or give the column a transformer whose `to` and `from` undo each other.",
        })
    }
}

function isPlain(prototype: unknown): boolean {
    return (
        prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && isNative(prototype, "Object"))
    )
}

/** True for the built-in prototype of that name, also for one from another realm (a test runner's sandbox). */
function isNative(prototype: unknown, name: string): boolean {
    const type = (prototype as { constructor?: unknown } | null)?.constructor
    return (
        typeof type === "function" &&
        type.name === name &&
        type.prototype === prototype &&
        Function.prototype.toString.call(type).includes("[native code]")
    )
}
