import { expect } from "chai"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"

/** `a:$0,5 b:x | …` for the conditions of the first write, "any" when nothing is known. */
function rowsOf(sql: string, dialect: SqlDialect): string {
    const rows = analyzeSql(sql, dialect).writes[0]?.rows
    if (rows === undefined) return "any"
    return rows
        .map((row) =>
            [...row]
                .map(
                    ([column, operands]) =>
                        `${column}:${operands.map((each) => ("parameter" in each ? `$${each.parameter}` : JSON.stringify(each.literal))).join(",")}`,
                )
                .join(" "),
        )
        .join(" | ")
}

const ALL: readonly SqlDialect[] = ["postgres", "mysql", "sqlite", "mssql", "oracle", "other"]

function holds(where: string, rows: string, dialects: readonly SqlDialect[] = ALL): void {
    for (const dialect of dialects)
        it(`${dialect}: ${where} → ${rows}`, () => {
            expect(rowsOf(`DELETE FROM t WHERE ${where}`, dialect)).to.equal(rows)
            expect(rowsOf(`UPDATE t SET x = 1 WHERE ${where}`, dialect)).to.equal(rows)
        })
}

describe("the rows that a WHERE lets through", () => {
    it("are any where the statement replaces those in its way", () => {
        const sql = "UPDATE OR REPLACE t SET email = 'x' WHERE id = 1"
        expect(rowsOf(sql, "sqlite")).to.equal("any")
        expect(analyzeSql(sql, "sqlite").writes).to.have.length(1).and.have.nested.property("[0].verb", "replace")
        expect(rowsOf("UPDATE OR FAIL t SET email = 'x' WHERE id = 1", "sqlite")).to.equal("id:1")
    })

    describe("are known for", () => {
        holds("id = 1", "id:1")
        holds("t.ID = 1", "id:1")
        holds("1 = id", "id:1")
        holds("id = -1", "id:-1")
        holds("id = 9007199254740993", `id:"9007199254740993"`)
        holds("id = 'it''s'", `id:"it's"`)
        holds("id IN (1, 2, 'x')", `id:1,2,"x"`)
        holds("((id = 1))", "id:1")
        holds("id = 1 AND name = 'x'", `id:1 name:"x"`)
        holds("id = 1 AND deleted IS NULL", "id:1")
        holds("(a = 1 AND b = 2) OR (a = 3 AND b = 4)", "a:1 b:2 | a:3 b:4")
        holds("(a = 1 OR a = 2) AND (b = 3 OR b = 4)", "a:1 b:3 | a:1 b:4 | a:2 b:3 | a:2 b:4")
        holds("id = 1 AND (x > 2 OR y < 3)", "id:1", ["postgres", "mysql", "sqlite", "oracle"])
        holds("id = 1 AND x BETWEEN 2 AND 3", "id:1", ["postgres", "mysql", "sqlite", "oracle"])
        holds("x NOT BETWEEN 2 AND 3 AND id = 1", "id:1", ["postgres", "mysql", "sqlite", "oracle"])
        holds("id = 1 AND EXISTS (SELECT 1 FROM u WHERE id = 2 OR true)", "id:1", [
            "postgres",
            "mysql",
            "sqlite",
            "oracle",
        ])
        holds("id = 1 AND NOT name = 'x'", "id:1", ["postgres", "mysql", "sqlite", "oracle"])
        holds("id = $2", "id:$1", ["postgres"])
        holds("id = $2::int AND x = $1", "id:$1 x:$0", ["postgres"])
        holds(`"public"."t"."Id" IN ($1,$2) RETURNING id`, "id:$0,$1", ["postgres"])
        holds("id = ? AND x = ?", "id:$0 x:$1", ["mysql", "sqlite"])
        holds("id = ?2 AND x = ?", "id:$1 x:$2", ["sqlite"])
        holds("id == ?", "id:$0", ["sqlite"])
        holds("[id] = @3", "id:$3", ["mssql"])
        holds(`"id" = @0 OPTION (RECOMPILE)`, "id:$0", ["mssql"])
        holds(`"id" = :2`, "id:$1", ["oracle"])
        holds("`id` = 1 ORDER BY x LIMIT 3", "id:1", ["mysql"])

        it("counts the parameters in front of the clause", () => {
            expect(rowsOf("UPDATE t SET a = ?, b = ? WHERE id = ?", "mysql")).to.equal("id:$2")
        })

        it("a statement inside a common table expression", () => {
            expect(
                rowsOf(
                    "WITH d AS (DELETE FROM t WHERE id = $1 RETURNING *) SELECT * FROM d WHERE x = 2 OR true",
                    "postgres",
                ),
            ).to.equal("id:$0")
        })
    })

    describe("are any for", () => {
        for (const where of [
            ...[
                "id = 1 OR true",
                "id = 1 OR x > 2",
                "NOT id = 1",
                "NOT (id = 1)",
                "(id = 1) IS NOT TRUE",
                "id = 1 = false",
            ],
            ...[
                "id IN (1) IS FALSE",
                "id IN (1, x)",
                "id IN (SELECT 1)",
                "id NOT IN (1)",
                "id = 1 + 1",
                "id = x",
                "id + 1 = 1",
            ],
            ...[
                "(a, b) IN ((1, 2))",
                "(a, b) = (1, 2)",
                "id = 1.5",
                "id <> 1",
                "id >= 1",
                "f(id) = 1",
                "id = f(1)",
                "1 = 1",
            ],
            ...[
                "id = 1 || 2",
                "id = NULL",
                "CASE WHEN id = 1 THEN 0 ELSE 1 END = 1 AND id = 1",
                "id BETWEEN 1 AND id = 2",
            ],
            ...[
                "(SELECT true FROM u WHERE a = 1 AND id = 2)",
                "true = 1",
                "current_user = 'x'",
                "user = 'x'",
                "id = ANY (1)",
            ],
            ...["id = - 1 - 1", "x AND y", "id = 'a' 'b'", "id = 1 COLLATE x", "id LIKE 1"],
        ])
            holds(where, "any")
        holds("id = 1 XOR x = 2 AND id = 3", "any", ["mysql"])
        holds("id = 1 || x = 1 AND id = 2", "any", ["mysql", "other"])
        holds("id = 1 AND returning = 2 OR id = 3", "any", ["mysql"])
        holds("returning = 2 OR id = 3", "any", ["mysql"])
        holds(`"id" = 'id'`, "any", ["mysql", "other"])
        holds('id = "x"', "any", ["mysql", "sqlite"])
        holds("id = 'a\\'b'", "any", ["mysql"])
        holds("id = _latin1'x'", "any", ["mysql"])
        holds("id = @x", "any", ["mysql", "mssql"])
        holds("id = E'a\\\\b'", "any", ["postgres"])
        holds("id = $1::numeric", "any", ["postgres"])
        holds("id = $1::varchar(3)", "any", ["postgres"])
        holds("id = $1::int::bool", "any", ["postgres"])
        holds("id = ANY($1)", "any", ["postgres"])
        holds("tags[1] = 2", "any", ["postgres"])
        holds("CURRENT OF c", "any", ["postgres"])
        holds("id = ? AND x = :name", "any", ["sqlite"])

        for (const [dialect, sql] of [
            ["postgres", "DELETE FROM t"],
            ["postgres", "UPDATE t SET x = 1 FROM u WHERE t.id = 1"],
            ["postgres", "DELETE FROM t USING u WHERE t.id = 1"],
            ["postgres", "DELETE FROM t RETURNING (SELECT 1 WHERE 1 = 1)"],
            ["mysql", "UPDATE t, u SET x = 1 WHERE t.id = 1"],
            ["mysql", "UPDATE t JOIN u ON 1 SET x = 1 WHERE t.id = 1"],
            ["mysql", "DELETE t FROM t WHERE t.id = 1"],
            ["mysql", "UPDATE t SET x = 'what?' WHERE id = ?"],
            ["mysql", "UPDATE t SET x = 1 /* ? */ WHERE id = ?"],
            ["mysql", "UPDATE t SET ?? = 1 WHERE id = ?"],
            ["mssql", "UPDATE t SET x = 1 UPDATE u SET y = 2 WHERE id = 1"],
            ["mssql", "DELETE FROM t DELETE FROM u WHERE id = 1"],
            ["mssql", "DELETE FROM t WHERE id = 1 OR x = 1 DELETE FROM u WHERE y = 1 AND id = 2"],
            ["mssql", "DELETE FROM t WHERE id = 1 SELECT 1"],
            ["mssql", "UPDATE t SET x = 1 FROM t WHERE t.id = 1"],
            ["mssql", "WITH c AS (SELECT * FROM t) DELETE FROM c WHERE id = 1"],
        ] as const)
            it(`${dialect}: ${sql}`, () => {
                expect(rowsOf(sql, dialect)).to.equal("any")
            })
    })

    it("does not multiply out without end", () => {
        const list = (column: string) => `(${Array.from({ length: 100 }, (_, i) => `${column} = ${i}`).join(" OR ")})`
        const rows = analyzeSql(`DELETE FROM t WHERE ${list("a")} AND ${list("b")} AND ${list("c")}`, "postgres")
            .writes[0]?.rows
        expect(rows).to.have.length(100)
    })
})
