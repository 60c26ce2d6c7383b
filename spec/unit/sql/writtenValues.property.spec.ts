import { expect } from "chai"
import fc from "fast-check"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDefault, SqlOperand } from "../../../lib/sql/SqlAnalysis"
import { hostile, NOTATIONS } from "./notation"

type Dialect = keyof typeof NOTATIONS
type Value = SqlOperand | SqlDefault

/** A word of a statement; a parameter is numbered when it is written. */
type Piece = string | { readonly number: number }

/** A value as it is written, and what is to be found; `undefined` for an expression. */
interface Written {
    readonly pieces: readonly Piece[]
    readonly value: Value | "parameter" | undefined
}

interface Statement {
    readonly pieces: readonly Piece[]
    readonly columns: readonly string[]
    readonly rows: readonly (readonly Written[])[]
    readonly kind: "insert" | "update"
}

const parameter = fc.nat(30).map((number): Piece => ({ number }))

function value(dialect: Dialect): fc.Arbitrary<Written> {
    const { string } = NOTATIONS[dialect]
    const text = hostile.map((content): Written => {
        // With a backslash, or with the escaped quote of MySQL, it depends on the server's settings.
        const plain = !content.includes("\\") && !(dialect === "mysql" && content.includes("'"))
        return { pieces: [string(content)], value: plain ? { literal: content } : undefined }
    })
    const operand = fc.oneof(
        parameter.map((each): Written => ({ pieces: [each], value: "parameter" })),
        fc.integer({ min: -5, max: 5000 }).map((literal): Written => ({
            pieces: [`${literal}`],
            value: { literal },
        })),
        text,
        fc.constant<Written>({ pieces: ["NULL"], value: { literal: null } }),
    )
    const cast = operand
        .filter(({ value: found }) => dialect === "postgres" && typeof found !== "object")
        .map(({ pieces, value: found }): Written => ({ pieces: [...pieces, "::", "int"], value: found }))
    const expression = fc
        .tuple(
            operand,
            operand,
            fc.constantFrom<(a: readonly Piece[], b: readonly Piece[]) => readonly Piece[]>(
                (a, b) => ["f", "(", ...a, ",", "(", ...b, ",", "1", ")", ")"],
                (a, b) => ["(", "SELECT", ...a, ",", ...b, "FROM", "u", ")"],
                (a, b) => [...a, "+", ...b],
                (a, b) => [...a, "=", ...b],
                (a) => ["(", ...a, ")"],
                (a) => ["x", "+", ...a],
                (a) => ["DEFAULT", "(", ...a, ")"],
            ),
        )
        .map(([a, b, write]): Written => ({ pieces: write(a.pieces, b.pieces), value: undefined }))
    const values = [operand, operand, expression]
    if (dialect === "postgres") values.push(cast)
    if (dialect !== "sqlite") values.push(fc.constant({ pieces: ["DEFAULT"], value: { default: true } }))
    return fc.oneof(...values)
}

const columnNames = fc.uniqueArray(fc.constantFrom("id", "a", "values", "a,b", "set", "o'x", "(", "where", "default"), {
    minLength: 1,
    maxLength: 4,
})

function listed(parts: readonly (readonly Piece[])[]): Piece[] {
    return parts.flatMap((part, index) => (index === 0 ? part : [",", ...part]))
}

function statement(dialect: Dialect): fc.Arbitrary<Statement> {
    const { name } = NOTATIONS[dialect]
    const tails: Readonly<Record<Dialect, readonly (readonly Piece[])[]>> = {
        postgres: [[], ["RETURNING", "*"], ["ON", "CONFLICT", "DO", "NOTHING"]],
        mysql: [[], ["ON", "DUPLICATE", "KEY", "UPDATE", "a", "=", "5"]],
        sqlite: [[], ["ON", "CONFLICT", "(", "a", ")", "DO", "UPDATE", "SET", "a", "=", "5", "RETURNING", "a"]],
        mssql: [[]],
        oracle: [[]],
    }
    return columnNames.chain((columns) => {
        const row = fc.array(value(dialect), { minLength: columns.length, maxLength: columns.length })
        const insert = fc
            .tuple(fc.array(row, { minLength: 1, maxLength: 4 }), fc.constantFrom(...tails[dialect]))
            .map(([rows, tail]): Statement => {
                const names = listed(columns.map((column) => [name(column)]))
                const values = rows.map((each) => ["(", ...listed(each.map(({ pieces }) => pieces)), ")"])
                const pieces = ["INSERT", "INTO", name("t"), "(", ...names, ")", "VALUES", ...listed(values), ...tail]
                return { pieces, columns, rows, kind: "insert" }
            })
        const update = fc.tuple(row, parameter).map(([given, id]): Statement => {
            const set = listed(given.map(({ pieces }, index) => [name(columns[index] as string), "=", ...pieces]))
            const pieces = ["UPDATE", name("t"), "SET", ...set, "WHERE", "id", "=", id]
            return { pieces, columns, rows: [given], kind: "update" }
        })
        return fc.oneof(insert, update)
    })
}

/** What stands around the statement: other statements with parameters of their own, a common table expression. */
function surrounded(dialect: Dialect): fc.Arbitrary<(inner: readonly Piece[]) => readonly Piece[]> {
    const before: readonly Piece[] = ["DELETE", "FROM", "u", "WHERE", "x", "=", { number: 3 }, ";"]
    return fc.constantFrom<(inner: readonly Piece[]) => readonly Piece[]>(
        (inner) => inner,
        (inner) => [...before, ...inner, ";"],
        (inner) => (dialect === "postgres" ? ["WITH", "q", "AS", "(", ...inner, ")", "SELECT", "1"] : inner),
    )
}

const PARAMETERS: Readonly<Record<Dialect, (number: number) => string>> = {
    postgres: (number) => `$${number + 1}`,
    mysql: () => "?",
    sqlite: () => "?",
    mssql: (number) => `@${number}`,
    oracle: (number) => `:${number + 1}`,
}

describe("the values that a write gives, for any statement", () => {
    for (const dialect of ["postgres", "mysql", "sqlite", "mssql", "oracle"] as const)
        it(`are those that the statement was made of on ${dialect}`, () => {
            const { comments } = NOTATIONS[dialect]
            const gap = fc.oneof(
                { weight: 9, arbitrary: fc.constant(" ") },
                {
                    weight: 1,
                    arbitrary: fc
                        .tuple(fc.constantFrom(...comments), hostile)
                        .map(([comment, text]) => ` ${comment(text)} `),
                },
            )
            const gaps = fc.array(gap, { minLength: 1, maxLength: 20 })
            fc.assert(
                fc.property(statement(dialect), surrounded(dialect), gaps, (made, surround, between) => {
                    const pieces = surround(made.pieces)
                    const numbers = new Map<Piece, number[]>()
                    let count = 0
                    for (const piece of pieces)
                        if (typeof piece !== "string") {
                            const number = PARAMETERS[dialect](1) === "?" ? count++ : piece.number
                            numbers.set(piece, [...(numbers.get(piece) ?? []), number])
                        }
                    const written = pieces.map((each) =>
                        typeof each === "string" ? each : PARAMETERS[dialect](each.number),
                    )
                    const sql = written.map((word, index) => `${word}${between[index % between.length]}`).join("")
                    // Where a question mark may be a parameter or not, parameters are not told apart.
                    const certain = dialect !== "mysql" || sql.split("?").length - 1 === count

                    const expected = made.rows.map((row) =>
                        row.flatMap(({ pieces: own, value: given }, index): [string, Value][] => {
                            const column = made.columns[index] as string
                            if (given === undefined) return []
                            if (given !== "parameter") return [[column, given]]
                            const number = numbers.get(own[0] as Piece)?.shift() as number
                            return certain ? [[column, { parameter: number }]] : []
                        }),
                    )
                    const found = analyzeSql(sql, dialect).writes.filter(({ table }) => table === "t")
                    const values = found.map(({ inserted, assigned }) =>
                        made.kind === "insert" ? inserted?.map((row) => [...row]) : assigned && [[...assigned]],
                    )
                    const wanted =
                        made.kind === "insert"
                            ? expected
                            : expected.map((row) => row.filter(([, given]) => !("default" in given)))
                    expect(values, sql).to.deep.include(wanted)
                    if (!/\\['"]/.test(sql)) expect(found, sql).to.have.length(1)
                }),
                { numRuns: 600 },
            )
        })
})
