const FIND_OPERATOR = Symbol.for("FindOperator")
const EQUAL_OPERATOR = Symbol.for("EqualOperator")

/** The fields of TypeORM's FindOperator. Its getters flatten nested operators and lose the difference. */
export interface OperatorFields {
    readonly _type: string
    _value: unknown
    readonly _useParameter: boolean
    readonly _multipleParameters: boolean
    readonly _getSql?: unknown
    readonly _objectLiteralParameters?: unknown
}

/** True for an operator of any copy of TypeORM, as TypeORM itself tells them. */
export function isFindOperator(value: unknown): value is OperatorFields {
    if (typeof value !== "object" || value === null) return false
    const mark = (value as { "@instanceof"?: unknown })["@instanceof"]
    return mark === FIND_OPERATOR || mark === EQUAL_OPERATOR
}

/** False for an operator of a class of the user's, whose getters may say anything. */
export function isOwnOperator(operator: OperatorFields): boolean {
    const mark = (operator as { "@instanceof"?: unknown })["@instanceof"]
    let prototype: unknown = Object.getPrototypeOf(operator)
    if (mark === EQUAL_OPERATOR) prototype = Object.getPrototypeOf(prototype)
    return prototype !== null && Object.getPrototypeOf(prototype) === Object.prototype
}

/** The value of an `Equal`, or the value itself. */
export function equalValue(value: unknown): unknown {
    return isFindOperator(value) && value._type === "equal" && isOwnOperator(value) ? value._value : value
}
