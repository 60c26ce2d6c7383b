import { isFindOperator, isOwnOperator, type OperatorFields } from "./findOperator"
import { type Transformer, transformTo } from "./transformTo"

/** The operators of TypeORM 0.3.20 to 1.1, and whether each takes several parameters. `raw` is left out on purpose. */
const OPERATORS: ReadonlyMap<string, boolean> = new Map([
    ["not", false],
    ["lessThan", false],
    ["lessThanOrEqual", false],
    ["moreThan", false],
    ["moreThanOrEqual", false],
    ["equal", false],
    ["between", true],
    ["in", true],
    ["any", false],
    ["isNull", false],
    ["like", false],
    ["ilike", false],
    ["arrayContains", false],
    ["arrayContainedBy", false],
    ["arrayOverlap", false],
    ["jsonContains", false],
    ["and", true],
    ["or", true],
])

/** Deeper and larger structures are not worth a key, and a cyclic one has none. */
const MAX_DEPTH = 32
const MAX_NODES = 50_000

/**
 * Writes values one after another as a text that is different for different values: types are told apart (`1`, `"1"`,
 * `1n`), and each value says where it ends. What has no such text stops the writing with a reason in {@link bypass}.
 */
export class CanonicalText {
    text = ""
    /** Why there is no text; `undefined` while all is well. */
    bypass: string | undefined
    protected depth = 0
    #nodes = 0

    refuse(reason: string): void {
        this.bypass ??= reason
    }

    /**
     * @param transformer of the column that the value is compared with: a class instance is then written as what the
     * database gets
     */
    value(value: unknown, transformer?: Transformer): void {
        switch (typeof value) {
            case "string":
                this.text += "s" + value.length + ":" + value
                return
            case "number":
                this.text += Object.is(value, -0) ? "#-0;" : "#" + value + ";"
                return
            case "boolean":
                this.text += value ? "T" : "F"
                return
            case "bigint":
                this.text += "b" + value.toString() + ";"
                return
            case "undefined":
                this.text += "u"
                return
            case "object":
                if (value === null) this.text += "n"
                else this.#object(value, transformer)
                return
            default:
                this.refuse(`${typeof value} as a value`)
        }
    }

    /** A name within a structure. */
    name(name: string): void {
        this.text += name.length + ":" + name
    }

    /** Goes one level down; false when there is no more to be written. */
    protected enter(): boolean {
        if (this.bypass !== undefined) return false
        if (++this.depth > MAX_DEPTH) this.refuse("options nested too deep")
        else if (++this.#nodes > MAX_NODES) this.refuse("options too large")
        return this.bypass === undefined
    }

    protected leave(): void {
        this.depth--
    }

    #object(value: object, transformer: Transformer): void {
        if (!this.enter()) return
        const prototype: unknown = Object.getPrototypeOf(value)
        if (isFindOperator(value)) this.#operator(value, transformer)
        else if (prototype === Object.prototype || prototype === null) this.#plain(value as Record<string, unknown>)
        else if (prototype === Array.prototype) this.#list(value as unknown[], undefined)
        else if (prototype === Date.prototype) this.text += "d" + (value as Date).getTime() + ";"
        else if (prototype === Buffer.prototype) this.#bytes("x", value as Buffer)
        else if (prototype === Uint8Array.prototype) this.#bytes("y", value as Uint8Array)
        else this.#instance(value, transformer)
        this.leave()
    }

    #operator(operator: OperatorFields, transformer: Transformer): void {
        const type = operator._type
        if (type === "raw") return this.refuse("Raw operator")
        const several = OPERATORS.get(type)
        if (several === undefined || !isOwnOperator(operator)) return this.refuse(`operator of type ${String(type)}`)
        const usual =
            operator._multipleParameters === several &&
            operator._useParameter === (type !== "isNull") &&
            operator._getSql === undefined &&
            operator._objectLiteralParameters === undefined
        if (!usual) return this.refuse(`operator ${type} of an unusual make`)
        const { _value: value } = operator
        this.text += "o" + type + "("
        if (several && Array.isArray(value)) this.#list(value, transformer)
        else if (value === undefined && type !== "isNull") this.refuse(`operator ${type} of undefined`)
        else this.value(value, transformer)
        this.text += ")"
    }

    #list(values: readonly unknown[], transformer: Transformer): void {
        this.text += "["
        // Not an iterator: a hole is read as undefined, as TypeORM's drivers do.
        for (let index = 0; index < values.length && this.bypass === undefined; index++)
            this.value(values[index], transformer)
        this.text += "]"
    }

    #plain(value: Record<string, unknown>): void {
        this.text += "{"
        for (const key of Object.keys(value)) {
            this.name(key)
            this.value(value[key])
        }
        this.text += "}"
    }

    #bytes(mark: string, value: Uint8Array): void {
        const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        this.text += mark + bytes.length + ":" + bytes.toString("latin1")
    }

    #instance(value: object, transformer: Transformer): void {
        const name = className(value)
        if (transformer === undefined) return this.refuse(`where value of class ${name}`)
        let output: unknown
        try {
            output = transformTo(transformer, value)
        } catch {
            return this.refuse(`a transformer that does not take ${name}`)
        }
        this.text += "t"
        this.value(output)
    }
}

/** The name of an object's class, for a reason. */
export function className(value: object): string {
    const { constructor } = value as { constructor?: unknown }
    return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "unknown"
}

/** True for an object literal. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
    if (typeof value !== "object" || value === null) return false
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
}
