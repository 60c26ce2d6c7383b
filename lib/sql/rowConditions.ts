import type { SqlOperand, SqlRowCondition } from "./SqlAnalysis"
import { operandAt } from "./operandAt"
import type { SqlDialect } from "./SqlDialect"
import type { SqlName, SqlStatement } from "./SqlStatement"

// Where these stand unquoted they are a value or a pseudo column, whatever columns the table has.
const NOT_COLUMNS: ReadonlySet<string> = new Set([
    ...["TRUE", "FALSE", "NULL", "UNKNOWN", "DEFAULT", "USER", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER"],
    ...["CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_ROLE", "CURRENT_CATALOG", "CURRENT_SCHEMA"],
    ...["LOCALTIME", "LOCALTIMESTAMP", "SYSDATE", "SYSTIMESTAMP", "ROWNUM", "LEVEL", "UID", "UTC_DATE", "UTC_TIME"],
    ...["UTC_TIMESTAMP", "NOT", "EXISTS", "CASE", "ANY", "ALL", "SOME", "PRIOR", "BINARY"],
])
// A level with one of these is not a chain of AND and OR alone: they bind more loosely, or begin something else.
const FOREIGN: ReadonlySet<string> = new Set(["CASE", "XOR", "SELECT", "WITH", "VALUES", "TABLE"])
const TERMINATORS: Readonly<Record<SqlDialect, readonly string[]>> = {
    postgres: ["RETURNING", "ORDER", "LIMIT"],
    mysql: ["RETURNING", "ORDER", "LIMIT"],
    sqlite: ["RETURNING", "ORDER", "LIMIT"],
    mssql: ["OPTION"],
    oracle: ["RETURNING", "RETURN"],
    other: ["RETURNING", "ORDER", "LIMIT", "OPTION"],
}
/** More conditions than this are not multiplied out. */
const MOST_CONDITIONS = 1000

/**
 * The rows that a WHERE clause lets through, or `undefined` for any. A condition that is not understood only narrows
 * where it is joined by AND; where it is joined by OR nothing is known.
 *
 * @param from index behind WHERE
 * @param to where the statement ends
 */
export function rowConditions(statement: SqlStatement, from: number, to: number): SqlRowCondition[] | undefined {
    const end = statement.find(from, to, ...TERMINATORS[statement.dialect])
    if (end < 0) return new RowConditions(statement).read(from, to)
    // Behind an operator it is a column of that name, and the clause goes on.
    return endsOperand(statement, end - 1) ? new RowConditions(statement).read(from, end) : undefined
}

function endsOperand(statement: SqlStatement, index: number): boolean {
    const token = statement.tokens[index]
    if (token === undefined) return false
    if (token.kind === "operator") return token.text === ")"
    return !["AND", "OR", "NOT", "WHERE", "IN", "LIKE", "IS", "BETWEEN", "XOR", "BINARY"].includes(token.keyword)
}

class RowConditions {
    readonly #statement: SqlStatement
    readonly #dialect: SqlDialect
    #foreign = false

    constructor(statement: SqlStatement) {
        this.#statement = statement
        this.#dialect = statement.dialect
    }

    read(from: number, to: number): SqlRowCondition[] | undefined {
        const found = this.#any(from, to, 0)
        return this.#foreign ? undefined : found
    }

    #any(from: number, to: number, depth: number): SqlRowCondition[] | undefined {
        const parts = this.#split(from, to)
        if (parts === undefined) return undefined
        const found: SqlRowCondition[] = []
        let constrained = true
        for (const part of parts) {
            const conditions = this.#all(part, depth)
            if (conditions === undefined) constrained = false
            else found.push(...conditions)
        }
        return constrained ? found : undefined
    }

    #all(atoms: readonly (readonly [number, number])[], depth: number): SqlRowCondition[] | undefined {
        let found: SqlRowCondition[] | undefined
        for (const [from, to] of atoms) {
            const conditions = this.#atom(from, to, depth)
            if (conditions !== undefined) found = found === undefined ? conditions : both(found, conditions)
        }
        return found
    }

    /** The atoms of a level: OR of ANDs. `undefined` when the level is something else. */
    #split(from: number, to: number): [number, number][][] | undefined {
        const { tokens } = this.#statement
        const parts: [number, number][][] = [[]]
        let start = from
        let between = 0
        for (let index = from; index < to; index = this.#statement.skip(index)) {
            const keyword = this.#statement.keyword(index)
            const text = tokens[index]?.text
            if (FOREIGN.has(keyword) || text === "," || text === ":=") return undefined
            if (text === "||" && (this.#dialect === "mysql" || this.#dialect === "other")) return undefined
            if (keyword === "BETWEEN") between++
            else if (keyword === "AND" && between > 0) between--
            else if (keyword === "AND" || keyword === "OR") {
                if (between > 0) return undefined
                parts.at(-1)?.push([start, index])
                start = index + 1
                if (keyword === "OR") parts.push([])
            }
        }
        parts.at(-1)?.push([start, to])
        return parts
    }

    #atom(from: number, to: number, depth: number): SqlRowCondition[] | undefined {
        const statement = this.#statement
        if (statement.operator(from) === "(" && statement.closeOf(from) === to - 1)
            return this.#any(from + 1, to - 1, depth + 1)
        const found = this.#comparison(from, to) ?? this.#membership(from, to) ?? this.#reversed(from, to)
        if (found !== undefined) return [found]
        // T-SQL puts the next statement behind this one without a mark, so that what is not understood may be one.
        const strict = this.#dialect === "mssql" || this.#dialect === "other"
        if (strict && depth === 0 && !this.#isNullTest(from, to)) this.#foreign = true
        return undefined
    }

    #comparison(from: number, to: number): SqlRowCondition | undefined {
        const column = this.#column(from)
        if (column === undefined || !this.#equals(column.next)) return undefined
        const value = operandAt(this.#statement, column.next + 1)
        return value?.next === to ? new Map([[column.name, [value.operand]]]) : undefined
    }

    #reversed(from: number, to: number): SqlRowCondition | undefined {
        const value = operandAt(this.#statement, from)
        if (value === undefined || !this.#equals(value.next)) return undefined
        const column = this.#column(value.next + 1)
        return column?.next === to ? new Map([[column.name, [value.operand]]]) : undefined
    }

    #membership(from: number, to: number): SqlRowCondition | undefined {
        const column = this.#column(from)
        if (column === undefined || this.#statement.keyword(column.next) !== "IN") return undefined
        const open = column.next + 1
        if (this.#statement.operator(open) !== "(" || this.#statement.closeOf(open) !== to - 1) return undefined
        const operands: SqlOperand[] = []
        for (let index = open + 1; ; index++) {
            const value = operandAt(this.#statement, index)
            if (value === undefined) return undefined
            operands.push(value.operand)
            index = value.next
            if (index === to - 1) return new Map([[column.name, operands]])
            if (this.#statement.operator(index) !== ",") return undefined
        }
    }

    #isNullTest(from: number, to: number): boolean {
        const column = this.#column(from)
        if (column === undefined || this.#statement.keyword(column.next) !== "IS") return false
        const at = this.#statement.keyword(column.next + 1) === "NOT" ? column.next + 2 : column.next + 1
        return this.#statement.keyword(at) === "NULL" && at + 1 === to
    }

    #equals(index: number): boolean {
        const operator = this.#statement.operator(index)
        return operator === "=" || (operator === "==" && this.#dialect === "sqlite")
    }

    #column(index: number): SqlName | undefined {
        const kind = this.#statement.tokens[index]?.kind
        // A "…" that may be a string is no column: 'id' = 'id' would let every row through.
        if (kind !== "word" && kind !== "name") return undefined
        const found = this.#statement.nameAt(index)
        if (found === undefined) return undefined
        const last = this.#statement.tokens[found.next - 1]
        if (last?.kind !== "word" && last?.kind !== "name") return undefined
        return NOT_COLUMNS.has(this.#statement.keyword(found.next - 1)) ? undefined : found
    }
}

/** Both lists hold: every pair of their conditions, or the shorter list where that would be too many. */
function both(left: readonly SqlRowCondition[], right: readonly SqlRowCondition[]): SqlRowCondition[] {
    if (left.length * right.length > MOST_CONDITIONS) return [...(left.length <= right.length ? left : right)]
    return left.flatMap((one) => right.map((other) => new Map([...one, ...other])))
}
