import { expect } from "chai"
import fc from "fast-check"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlRowCondition } from "../../../lib/sql/SqlAnalysis"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"
import { hostile, NOTATIONS } from "./notation"

const tableName = fc.constantFrom(
    "author",
    "book",
    "tag",
    "order items",
    "select",
    "delete from",
    "o'neil",
    'a"b',
    "update",
    "where",
)

interface Written {
    readonly sql: string
    readonly targets: readonly string[]
}

/** A statement that really writes its targets, with hostile strings, names and comments everywhere. */
function statement(dialect: Exclude<SqlDialect, "other">): fc.Arbitrary<Written> {
    const { string, name, comments } = NOTATIONS[dialect]
    const gap = fc.oneof(
        { weight: 4, arbitrary: fc.constant(" ") },
        {
            weight: 1,
            arbitrary: fc.tuple(fc.constantFrom(...comments), hostile).map(([comment, text]) => ` ${comment(text)} `),
        },
    )
    const value = fc.oneof(hostile.map(string), fc.integer().map(String), fc.constant(`f(${name("x")})`))
    const column = fc.constantFrom("id", "x", "delete", "set").map(name)
    const where = fc.oneof(
        fc.constant(""),
        fc.tuple(column, value).map(([left, right]) => `WHERE ${left} = ${right}`),
    )
    const shape = fc
        .tuple(tableName, column, value, where, tableName, fc.nat(11))
        .map(([target, set, assigned, filter, other, kind]) => {
            const t = name(target)
            const o = name(other)
            const shapes: readonly (readonly [string, ...string[]])[] = [
                [`INSERT INTO ${t} ( ${set} ) VALUES ( ${assigned} )`, target],
                [`INSERT INTO ${t} SELECT ${assigned} FROM ${o} ${filter}`, target],
                [`UPDATE ${t} SET ${set} = ${assigned} ${filter}`, target],
                [`UPDATE shop.${t} SET ${set} = ( SELECT ${assigned} FROM ${o} ${filter} ) ${filter}`, target],
                [`DELETE FROM ${t} ${filter}`, target],
                [`TRUNCATE TABLE ${t}`, target],
                [`DROP TABLE ${t}`, target],
                [`ALTER TABLE ${t} ADD ${set} int`, target],
                ...(dialect === "postgres"
                    ? ([
                          [
                              `WITH a AS ( DELETE FROM ${t} ${filter} RETURNING * ) , b AS ( UPDATE ${o} SET ${set} = ${assigned} RETURNING ${set} ) SELECT ${assigned} FROM a`,
                              target,
                              other,
                          ],
                          [`EXPLAIN ( ANALYZE ) UPDATE ${t} SET ${set} = ${assigned}`, target],
                          [`SELECT ${assigned} INTO ${t} FROM ${o} ${filter}`, target],
                      ] as const)
                    : []),
                ...(dialect === "mysql"
                    ? ([
                          [`UPDATE ${t} JOIN ${o} ON ${assigned} SET ${set} = ${assigned} ${filter}`, target, other],
                          [`DELETE ${t} , ${o} FROM ${t} JOIN ${o} ON ${assigned} ${filter}`, target, other],
                          [`REPLACE INTO ${t} VALUES ( ${assigned} )`, target],
                      ] as const)
                    : []),
                ...(dialect === "mssql"
                    ? ([
                          [`UPDATE q SET ${set} = ${assigned} FROM ${t} AS q ${filter}`, target],
                          [`WITH q AS ( SELECT ${assigned} FROM ${t} ) DELETE FROM q ${filter}`, target],
                          [
                              `SET NOCOUNT ON DELETE FROM ${t} ${filter} INSERT INTO ${o} VALUES ( ${assigned} )`,
                              target,
                              other,
                          ],
                      ] as const)
                    : []),
            ]
            const [sql, ...targets] = shapes[kind % shapes.length] as readonly [string, ...string[]]
            return { words: splitOutsideQuotes(sql, dialect === "mysql"), targets }
        })
    return shape.chain(({ words, targets }) =>
        fc.array(gap, { minLength: words.length + 1, maxLength: words.length + 1 }).map((gaps) => ({
            sql: words.map((word, index) => `${gaps[index]}${word}`).join("") + gaps.at(-1),
            targets: targets.map((target) => target.toLowerCase()),
        })),
    )
}

/** The words of a statement that this file has built: its spaces outside of quotes are single. */
function splitOutsideQuotes(sql: string, escaping: boolean): string[] {
    const words: string[] = [""]
    let quote = ""
    for (let index = 0; index < sql.length; index++) {
        const char = sql.charAt(index)
        if (quote === "" && char === " ") {
            words.push("")
            continue
        }
        words[words.length - 1] += char
        if (escaping && quote === "'" && char === "\\") words[words.length - 1] += sql.charAt(++index)
        else if (quote === "") quote = char === "[" ? "]" : ["'", '"', "`"].includes(char) ? char : ""
        else if (char === quote) quote = ""
    }
    return words.filter((word) => word !== "")
}

describe("analyzeSql, for any statement", () => {
    for (const dialect of ["postgres", "mysql", "sqlite", "mssql", "oracle"] as const)
        it(`names every table that is written on ${dialect}, whatever strings, names and comments hold`, () => {
            const text = fc.array(statement(dialect), { minLength: 1, maxLength: 3 })
            fc.assert(
                fc.property(text, (statements) => {
                    const sql = statements.map((each) => each.sql).join(";")
                    const { writes } = analyzeSql(sql, dialect)
                    const found = new Set(writes.map(({ table }) => table))
                    for (const target of statements.flatMap((each) => each.targets))
                        expect([...found], sql).to.include(target)
                }),
                { numRuns: 400 },
            )
        })

    it("never throws, and never takes a text with a verb for harmless when it cannot read it", () => {
        const piece = fc.constantFrom(
            "SELECT",
            "UPDATE",
            "DELETE FROM",
            "INTO",
            "a",
            "'",
            '"',
            "(",
            ")",
            ",",
            ";",
            "*",
            "/*",
            "*/",
            "--",
            "\n",
            "WITH",
            "SET",
            "=",
            "1",
            "$1",
            "?",
            "[",
            "`",
            "\\",
            "$$",
            ".",
            "WHERE",
            "IN",
            "AND",
            "CREATE TABLE",
            "INSERT",
            "/*!",
        )
        fc.assert(
            fc.property(
                fc.array(piece),
                fc.constantFrom<SqlDialect>("postgres", "mysql", "sqlite", "mssql", "oracle", "other"),
                (pieces, dialect) => {
                    const found = analyzeSql(pieces.join(" "), dialect)
                    expect(found.tables).to.be.an("array")
                    // what it reads may be unknown where what it writes is not
                    if (!found.tablesKnown && /\b(?:update|delete|insert)\b/i.test(pieces.join(" ")))
                        expect(found.unattributed || found.writes.length > 0).to.equal(true)
                },
            ),
            { numRuns: 2000 },
        )
    })
})

describe("the rows of a WHERE, for any condition", () => {
    it("are all the rows that SQLite lets through", async () => {
        const database = await openDatabase()
        database.run("CREATE TABLE t (id int, a int, b int)")
        for (const id of [0, 1, 2])
            for (const a of [0, 1, 2])
                for (const b of [0, 1, "NULL"]) database.run(`INSERT INTO t VALUES (${id}, ${a}, ${b})`)
        fc.assert(
            fc.property(condition, (where) => {
                const rows = analyzeSql(`DELETE FROM t WHERE ${where}`, "sqlite").writes[0]?.rows
                if (rows === undefined) return
                for (const row of selected(database, where))
                    expect(
                        rows.some((each) => satisfies(row, each)),
                        `${where} lets ${JSON.stringify(row)} through`,
                    ).to.equal(true)
            }),
            { numRuns: 3000 },
        )
        database.close()
    })

    it("are known for most of the conditions that an ORM writes", () => {
        fc.assert(
            fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 5 }), (keys) => {
                const where = keys.map(([a, b]) => `("a" = ${a} AND "b" = ${b})`).join(" OR ")
                expect(analyzeSql(`DELETE FROM "t" WHERE ${where}`, "sqlite").writes[0]?.rows).to.have.length(
                    keys.length,
                )
            }),
        )
    })
})

/** Conditions on id, a and b in every precedence that SQLite has, groups left out at random. */
const condition: fc.Arbitrary<string> = fc.letrec<{ condition: string; atom: string; operand: string }>((tie) => ({
    operand: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.constantFrom("id", "a", "b", "t.id", "0", "1", "2", "-1", "NULL", "'1'", '"id"', "[a]"),
        fc
            .tuple(tie("operand"), fc.constantFrom("+", "-", "*", "||", "&"), tie("operand"))
            .map((parts) => parts.join(" ")),
        tie("condition").map((inner) => `(${inner})`),
        fc.tuple(tie("condition"), tie("operand")).map(([when, then]) => `CASE WHEN ${when} THEN ${then} ELSE 1 END`),
        tie("condition").map((inner) => `(SELECT 1 WHERE ${inner})`),
        tie("operand").map((inner) => `abs(${inner})`),
    ),
    atom: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc
            .tuple(fc.constantFrom("id", "a", "b"), fc.constantFrom("0", "1", "2"))
            .map(([column, value]) => `${column} = ${value}`),
        fc
            .tuple(
                tie("operand"),
                fc.constantFrom("=", "==", "<>", "<", ">=", "IS", "IS NOT", "IS DISTINCT FROM"),
                tie("operand"),
            )
            .map((parts) => parts.join(" ")),
        fc
            .tuple(
                tie("operand"),
                fc.constantFrom("IN", "NOT IN"),
                fc.array(tie("operand"), { minLength: 1, maxLength: 3 }),
            )
            .map(([left, operator, list]) => `${left} ${operator} (${list.join(", ")})`),
        fc
            .tuple(tie("operand"), fc.constantFrom("BETWEEN", "NOT BETWEEN"), tie("operand"), tie("operand"))
            .map(([left, operator, low, high]) => `${left} ${operator} ${low} AND ${high}`),
        tie("atom").map((inner) => `NOT ${inner}`),
        tie("condition").map((inner) => `EXISTS (SELECT 1 WHERE ${inner})`),
        tie("operand"),
    ),
    condition: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        tie("atom"),
        fc.tuple(tie("condition"), fc.constantFrom("AND", "OR"), tie("condition")).map((parts) => parts.join(" ")),
        fc
            .tuple(tie("condition"), fc.constantFrom("AND", "OR"), tie("condition"))
            .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
        fc
            .tuple(tie("condition"), fc.constantFrom("IS NULL", "IS NOT 1", "= 0", "ISNULL", "COLLATE NOCASE"))
            .map(([inner, test]) => `(${inner}) ${test}`),
    ),
})).condition

type Row = Readonly<Record<string, unknown>>

/** The part of sql.js, which has no types of its own, that is used here. */
interface Database {
    run(sql: string): void
    exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[]
    close(): void
}

async function openDatabase(): Promise<Database> {
    const untyped: string = "sql.js"
    const sqljs = (await import(untyped)) as { default: () => Promise<{ Database: new () => Database }> }
    const { Database } = await sqljs.default()
    return new Database()
}

function selected(database: Database, where: string): Row[] {
    try {
        const found = database.exec(`SELECT id, a, b FROM t WHERE ${where}`)[0]
        return (found?.values ?? []).map(([id, a, b]) => ({ id, a, b }))
    } catch {
        // What SQLite refuses writes nothing.
        return []
    }
}

function satisfies(row: Row, condition: SqlRowCondition): boolean {
    return [...condition].every(([column, operands]) =>
        operands.some(
            (operand) =>
                "literal" in operand && row[column] !== null && Number(row[column]) === Number(operand.literal),
        ),
    )
}
