import type { SqlOperand } from "./SqlAnalysis"
import type { SqlStatement } from "./SqlStatement"

// A cast to one of these changes no value that passes it: it tells the type of the parameter.
const PLAIN_TYPES: ReadonlySet<string> = new Set([
    ...["int", "int2", "int4", "int8", "integer", "smallint", "bigint", "uuid", "text", "varchar"],
])

const MOST_KNOWN = 10_000
const knownParameters: SqlOperand[] = []

/** An operand as it stands in a text, and the index of the token behind it. */
export interface FoundOperand {
    readonly operand: SqlOperand
    readonly next: number
}

/** The parameter, whole number or string at an index; an expression may go on behind it. */
export function operandAt(statement: SqlStatement, index: number): FoundOperand | undefined {
    const token = statement.tokens[index]
    switch (token?.kind) {
        case "parameter":
            return token.index < 0 ? undefined : cast(statement, parameter(token.index), index + 1)
        case "number":
            return number(token.text, index + 1)
        case "operator":
            return token.text === "-" ? number(`-${statement.tokens[index + 1]?.text}`, index + 2) : undefined
        case "text":
            // An escape means one thing or another, depending on the server's settings.
            if (!token.text.startsWith("'") || token.value.includes("\\")) return undefined
            return cast(statement, { literal: token.value }, index + 1)
        default:
            return undefined
    }
}

/** As {@link operandAt}, and NULL: what may be given to a column, but equals nothing. */
export function assignableAt(statement: SqlStatement, index: number): FoundOperand | undefined {
    if (statement.keyword(index) === "NULL") return cast(statement, { literal: null }, index + 1)
    return operandAt(statement, index)
}

/** The operand of a parameter, the same for all texts: bulk inserts have thousands of them. */
function parameter(index: number): SqlOperand {
    const known = knownParameters[index]
    if (known !== undefined) return known
    const found: SqlOperand = Object.freeze({ parameter: index })
    // In order, so that the array stays dense.
    if (index < MOST_KNOWN && index === knownParameters.length) knownParameters.push(found)
    return found
}

function cast(statement: SqlStatement, operand: SqlOperand, next: number): FoundOperand {
    if (statement.operator(next) !== "::") return { operand, next }
    const type = statement.tokens[next + 1]
    const plain = type?.kind === "word" && PLAIN_TYPES.has(type.value)
    return { operand, next: plain ? next + 2 : next }
}

function number(text: string, next: number): FoundOperand | undefined {
    if (!/^-?\d+$/.test(text)) return undefined
    const value = Number(text)
    return { operand: { literal: Number.isSafeInteger(value) ? value : String(BigInt(text)) }, next }
}
