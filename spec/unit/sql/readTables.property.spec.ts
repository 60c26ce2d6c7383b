import { expect } from "chai"
import fc from "fast-check"
import { DataSource } from "typeorm"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"
import { hostile, NOTATIONS } from "./notation"

/** What is used of the database behind the driver. */
interface SqlJs {
    run(sql: string): void
    prepare(sql: string): { free(): void }
}

/** A piece of SQL as its words, and the tables that it reads. */
interface Piece {
    readonly words: readonly string[]
    readonly reads: readonly string[]
}

const TABLES = ["a", "b", "c", "d"]
const piece = (reads: readonly string[], ...words: readonly (string | readonly string[])[]): Piece => ({
    reads,
    words: words.flat(),
})

const joined = (pieces: readonly Piece[], ...words: readonly (string | readonly string[])[]): Piece =>
    piece(
        pieces.flatMap(({ reads }) => reads),
        ...words,
    )

/** Queries that every dialect takes, of one column `x`. @param depth of the queries within */
function queries(name: (table: string) => string, depth = 2): fc.Arbitrary<Piece> {
    const table = fc.constantFrom(...TABLES).map((it) => piece([it], name(it)))
    const pair = fc.tuple(table, fc.constantFrom("INNER JOIN", "LEFT JOIN"), table)
    const joins = pair.map(([l, join, r]) => joined([l, r], l.words, join, r.words, ["ON", "1", "=", "1"]))
    const group = fc.tuple(table, joins).map(([l, r]) => joined([l, r], "(", l.words, "CROSS JOIN", r.words, ")"))
    const literal = fc.constantFrom("1", "'x'", "COUNT(*)").map((text) => piece([], text))
    const inner = depth === 0 ? undefined : queries(name, depth - 1)
    const source = inner
        ? fc.oneof(
              table,
              joins,
              group,
              inner.map((it) => joined([it], "(", it.words, ")", "q")),
          )
        : fc.oneof(table, joins, group)
    const scalar = inner
        ? fc.oneof(
              literal,
              inner.map((it) => joined([it], "(", it.words, ")")),
          )
        : literal
    const nothing = fc.constant(undefined)
    const condition = inner
        ? fc.oneof(
              nothing,
              inner.map((it) => joined([it], "WHERE", "EXISTS", "(", it.words, ")")),
              inner.map((it) => joined([it], "WHERE", "1", "IN", "(", it.words, ")")),
          )
        : nothing
    const union = inner
        ? fc.oneof(
              nothing,
              inner.map((it) => joined([it], "UNION ALL SELECT x FROM (", it.words, ")", "q")),
          )
        : nothing
    const shadow = inner ? fc.oneof(nothing, fc.tuple(fc.constantFrom(...TABLES), inner)) : nothing
    return fc
        .tuple(scalar, fc.array(source, { minLength: 1, maxLength: 2 }), condition, union, shadow)
        .map(([what, sources, where, more, hidden]) => {
            const parts = [what, ...sources, where, more].filter((it) => it !== undefined)
            const list = sources.flatMap(({ words }, i) => (i === 0 ? words : [",", ...words]))
            const rest = [where, more].flatMap((it) => it?.words ?? [])
            const body = joined(parts, "SELECT", what.words, ["AS", "x", "FROM"], list, rest)
            if (hidden === undefined) return body
            const [hides, { words, reads }] = hidden
            // a name of the query's own hides a table, but not in the query that it stands for
            return piece(
                [...body.reads.filter((it) => it !== hides), ...reads],
                ["WITH", name(hides), "AS", "(", ...words, ")"],
                body.words,
            )
        })
}

describe("the tables that a random query reads", () => {
    for (const [dialect, { name, comments }] of Object.entries(NOTATIONS))
        it(`are named on ${dialect}, whatever stands in its comments`, () => {
            const gap = fc.oneof(
                { weight: 4, arbitrary: fc.constantFrom(" ", "\n", "\t ") },
                {
                    weight: 1,
                    arbitrary: fc.tuple(fc.constantFrom(...comments), hostile).map(([wrap, it]) => ` ${wrap(it)} `),
                },
            )
            const named = fc.boolean().chain((quoted) => queries((table) => (quoted ? name(table) : table)))
            fc.assert(
                fc.property(named, fc.infiniteStream(gap), ({ words, reads }, gaps) => {
                    const sql = words.map((word) => `${gaps.next().value}${word}`).join("")
                    const { tables, tablesKnown } = analyzeSql(sql, dialect as SqlDialect)
                    if (tablesKnown) expect(tables).to.include.members([...new Set(reads)])
                }),
                { numRuns: 400 },
            )
        })

    it("are known, and the queries are ones that a database takes", async () => {
        const dataSource = await new DataSource({ type: "sqljs" }).initialize()
        const database = (dataSource.driver as unknown as { databaseConnection: SqlJs }).databaseConnection
        for (const table of TABLES) database.run(`CREATE TABLE ${table} (x)`)
        let taken = 0
        fc.assert(
            fc.property(
                queries((table) => table),
                ({ words }) => {
                    const sql = words.join(" ")
                    // a name of the query's own may be of too deep or too wide a query for SQLite, and no more than that
                    try {
                        database.prepare(sql).free()
                        taken++
                    } catch (error) {
                        expect((error as Error).message).to.match(
                            /circular reference|too many|misuse of aggregate|ambiguous/,
                        )
                    }
                    expect(analyzeSql(sql, "sqlite").tablesKnown).to.equal(true)
                },
            ),
            { numRuns: 300 },
        )
        expect(taken).to.be.greaterThan(20)
        await dataSource.destroy()
    })
})
