import { expect } from "chai"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlWrite } from "../../../lib/sql/SqlAnalysis"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"
import { showValues } from "./showValues"

function only(sql: string, dialect: SqlDialect): SqlWrite {
    const { writes } = analyzeSql(sql, dialect)
    expect(writes).to.have.length(1)
    return writes[0] as SqlWrite
}

/** `a=$0 b=5 | a=default …` for the rows of the only write, "unknown" when they are not known. */
function insertedBy(sql: string, dialect: SqlDialect): string {
    const { inserted, assigned } = only(sql, dialect)
    expect(assigned).to.equal(undefined)
    return inserted?.map(showValues).join(" | ") ?? "unknown"
}

function assignedBy(sql: string, dialect: SqlDialect): string {
    const { inserted, assigned } = only(sql, dialect)
    expect(inserted).to.equal(undefined)
    return assigned === undefined ? "unknown" : showValues(assigned)
}

type Case = readonly [dialect: SqlDialect, sql: string, values: string]

describe("the values that a write gives", () => {
    describe("to the rows that it inserts are", () => {
        const cases: readonly Case[] = [
            ["postgres", "INSERT INTO t (a, B) VALUES ($2, 5), ('x, (y', NULL)", `a=$1 b=5 | a="x, (y" b=null`],
            ["postgres", `INSERT INTO s.t AS x ("Id", "b") VALUES (-3, 'it''s')`, `id=-3 b="it's"`],
            ["postgres", "INSERT INTO t (a) VALUES (9007199254740993)", `a="9007199254740993"`],
            ["postgres", "INSERT INTO t (a, b) VALUES ($1::int, NULL::uuid)", "a=$0 b=null"],
            ["postgres", "INSERT INTO t (a, b) OVERRIDING SYSTEM VALUE VALUES (1, 2) RETURNING *", "a=1 b=2"],
            ["postgres", "WITH x AS (INSERT INTO t (a) VALUES ($1) RETURNING *) SELECT * FROM x", "a=$0"],
            ["postgres", "UPSERT INTO t (a) VALUES ($1)", "a=$0"],
            ["postgres", "INSERT INTO t (update, a) VALUES (1, 2)", "update=1 a=2"],
            ["mysql", "INSERT INTO t (a, t.b) VALUES (?, ?), (?, DEFAULT)", "a=$0 b=$1 | a=$2 b=default"],
            ["mysql", "INSERT LOW_PRIORITY IGNORE t (a) VALUE (?)", "a=$0"],
            ["mysql", "REPLACE INTO t (a) VALUES (?)", "a=$0"],
            ["mysql", "INSERT INTO t (a) VALUES (?) AS new ON DUPLICATE KEY UPDATE a = new.a", "a=$0"],
            ["mysql", "INSERT INTO t (a, b) VALUES (?, 1) ON DUPLICATE KEY UPDATE a = 3", "a=$0 b=1"],
            ["sqlite", "INSERT OR IGNORE INTO t ([a], 'b') VALUES (?, ?1), (?3, ?)", "a=$0 b=$0 | a=$2 b=$3"],
            ["sqlite", "REPLACE INTO t (a) VALUES (1)", "a=1"],
            ["mssql", `INSERT INTO t ("a") OUTPUT INSERTED."id" VALUES (@0), (@1)`, "a=$0 | a=$1"],
            ["oracle", `INSERT INTO t ("a") VALUES (:1) RETURNING "id" INTO :2`, "a=$0"],
            ["other", "INSERT INTO t (a) VALUES (1)", "a=1"],
            // Missing columns: expressions, names that are there twice.
            ["postgres", "INSERT INTO t (a, b, c) VALUES ($1, f($2, (3, 4)), $5)", "a=$0 c=$4"],
            ["postgres", "INSERT INTO t (a, b, c) VALUES (ST_GeomFromGeoJSON($1)::geometry, $2, $3)", "b=$1 c=$2"],
            ["postgres", "INSERT INTO t (a, b) VALUES ((SELECT 1, 2 FROM u), $1)", "b=$0"],
            ["postgres", "INSERT INTO t (a, b, c) VALUES ($1::numeric, $2::int::bool, 1 + 1)", ""],
            ["postgres", "INSERT INTO t (a, b, c) VALUES (NULL + 1, E'x', 'a' || 'b')", ""],
            ["postgres", "INSERT INTO t (a, b, c) VALUES (($1), DEFAULT, 1.5)", "b=default"],
            ["postgres", "INSERT INTO t (a, b, c, d) VALUES (true, CURRENT_DATE, x.null, DATE '2020-01-01')", ""],
            ["postgres", `INSERT INTO t ("a", "A", b) VALUES (1, 2, 3)`, "b=3"],
            ["postgres", "INSERT INTO t (a) VALUES ('a\\b')", ""],
            ["mysql", "INSERT INTO t (a, b, c) VALUES (f(?, ?), ?, ?)", "b=$2 c=$3"],
            ["mysql", "INSERT INTO t (a, b, c) VALUES (DEFAULT(a), ?, VALUES(c))", "b=$0"],
            ["mysql", `INSERT INTO t (a, b) VALUES ("x", _latin1'y')`, ""],
            ["mysql", "INSERT INTO t (a, b) VALUES ('what?', ?)", `a="what?"`],
            ["sqlite", `INSERT INTO t (a, b) VALUES ("x", :name)`, ""],
            ["sqlite", "INSERT INTO t (a, b) VALUES (?, :name)", ""],
            ["mssql", "INSERT INTO t (a, b) VALUES (N'x', @name)", ""],
        ]
        for (const [dialect, sql, values] of cases)
            it(`${dialect}: ${sql} → ${values}`, () => {
                expect(insertedBy(sql, dialect)).to.equal(values)
            })
    })

    describe("to the rows that it inserts are unknown for", () => {
        const cases: readonly (readonly [SqlDialect, string])[] = [
            ["postgres", "INSERT INTO t VALUES (1)"],
            ["postgres", "INSERT INTO t DEFAULT VALUES"],
            ["postgres", "INSERT INTO t (a) SELECT 1"],
            ["postgres", "INSERT INTO t (a) (VALUES (1))"],
            ["postgres", "INSERT INTO t (TABLE u)"],
            ["postgres", "INSERT INTO t (a) VALUES (1) UNION SELECT 2"],
            ["postgres", "INSERT INTO t (a) VALUES (1), (2) EXCEPT VALUES (3)"],
            ["postgres", "INSERT INTO t (a, b) VALUES (1)"],
            ["postgres", "INSERT INTO t (a, b, c) VALUES (1, (r).*)"],
            ["postgres", "INSERT INTO t (a) VALUES (1), (2, 3)"],
            ["postgres", "INSERT INTO t (a) VALUES ()"],
            ["postgres", "INSERT INTO t (a.x) VALUES (1)"],
            ["postgres", "INSERT INTO t (a[1], b) VALUES (1, 2)"],
            ["postgres", "INSERT INTO t (a) OVERRIDING USER VALUE VALUES (1)"],
            ["postgres", "INSERT INTO t (a) VALUES (1"],
            ["postgres", "WITH x AS (SELECT 1) INSERT INTO t (a) SELECT * FROM x"],
            ["postgres", "COPY t (a) FROM STDIN"],
            ["postgres", "SELECT 1 INTO t"],
            ["mysql", "INSERT INTO t () VALUES ()"],
            ["mysql", "INSERT INTO t SET a = 1"],
            ["mysql", "INSERT INTO t (a) VALUES ROW(1)"],
            ["mysql", "INSERT INTO t (a) VALUES ?"],
            ["mysql", "INSERT INTO t PARTITION (p) (a) VALUES (1)"],
            ["sqlite", "INSERT INTO t (rowid, b) VALUES (1, 2)"],
            ["mssql", "INSERT INTO t (a) OUTPUT INSERTED.id DEFAULT VALUES"],
        ]
        for (const [dialect, sql] of cases)
            it(`${dialect}: ${sql}`, () => {
                expect(insertedBy(sql, dialect)).to.equal("unknown")
            })

        it("more than 2000 rows", () => {
            const insert = (rows: number) => `INSERT INTO t (a) VALUES ${Array(rows).fill("(1)").join(",")}`
            expect(only(insert(2000), "postgres").inserted).to.have.length(2000)
            expect(only(insert(2001), "postgres").inserted).to.equal(undefined)
        })

        it("a text that cannot be read", () => {
            expect(
                analyzeSql("INSERT INTO t (a) VALUES (1) '", "postgres").writes.map((each) => each.inserted),
            ).to.satisfy((found: readonly unknown[]) => found.every((each) => each === undefined))
        })

        it("an INSERT of SQL Server that another statement follows, which has no mark of its own", () => {
            const { writes } = analyzeSql("INSERT t (a) OUTPUT inserted.a SELECT 1 INSERT u (b) VALUES (2)", "mssql")
            expect(writes.map(({ table, inserted }) => [table, inserted?.map(showValues)])).to.deep.equal([
                ["t", undefined],
                ["u", ["b=2"]],
            ])
        })
    })

    it("are those of each reading where the server's settings decide", () => {
        const { writes } = analyzeSql("INSERT INTO t (a, b, c) VALUES ('\\', 1, 2) -- ', 3, 4)", "mysql")
        expect(writes.map(({ inserted }) => inserted?.map(showValues))).to.deep.include(["b=1 c=2"])
        expect(writes.map(({ inserted }) => inserted?.map(showValues))).to.deep.include(["b=3 c=4"])
        const updates = analyzeSql("UPDATE t SET a = '\\', b = 1 -- ', b = 2", "mysql").writes
        expect(updates.map(({ assigned }) => assigned && showValues(assigned))).to.have.members(["b=1", "b=2"])
    })

    it("are found behind the columns of OUTPUT, whose own target is found as well", () => {
        const { writes } = analyzeSql("INSERT t (a) OUTPUT inserted.a INTO log VALUES (@0)", "mssql")
        expect(writes.map(({ table, inserted }) => [table, inserted?.map(showValues)])).to.deep.equal([
            ["t", ["a=$0"]],
            ["log", undefined],
        ])
    })

    it("leave the writes behind them to be found", () => {
        const sql = "WITH x AS (INSERT INTO t (a) VALUES ($1), (f($2)), ($3)), y AS (DELETE FROM u) SELECT 1"
        expect(analyzeSql(sql, "postgres").writes.map(({ table }) => table)).to.deep.equal(["t", "u"])
        const inner = "INSERT INTO t (a) VALUES (1), ((WITH x AS (DELETE FROM u RETURNING a) SELECT a FROM x))"
        expect(analyzeSql(inner, "postgres").writes.map(({ table }) => table)).to.deep.equal(["t", "u"])
    })

    describe("to the columns that it updates are", () => {
        const cases: readonly Case[] = [
            ["postgres", `UPDATE "t" SET "a" = $2, B = 5, c = NULL WHERE id = $1`, "a=$1 b=5 c=null"],
            ["postgres", "UPDATE t AS x SET a = 'x, y' FROM u WHERE x.id = u.id RETURNING *", `a="x, y"`],
            ["postgres", "UPDATE t SET a = $1::int, b = -1", "a=$0 b=-1"],
            ["mysql", "UPDATE t SET a = f(?, ?), t.b = ? ORDER BY x LIMIT 1", "b=$2"],
            ["sqlite", "UPDATE OR IGNORE t SET a = ? RETURNING a", "a=$0"],
            ["mssql", "UPDATE t SET a = @1 OUTPUT inserted.a WHERE b = @0", "a=$1"],
            ["oracle", "UPDATE t SET a = :1 WHERE b = :2", "a=$0"],
            ["postgres", "UPDATE t SET a = CURRENT_TIMESTAMP, b = 1", "a=now b=1"],
            ["mysql", "UPDATE t SET a = CURRENT_TIMESTAMP(6) WHERE b = 1", "a=now"],
            ["sqlite", "UPDATE t SET a = CURRENT_TIMESTAMP WHERE b = 1", "a=now"],
            ["postgres", "UPDATE t SET a = CURRENT_TIMESTAMP + $1, b = nullif(CURRENT_TIMESTAMP, $2), c = now()", ""],
            // Missing columns: expressions, and columns that are set twice.
            ["postgres", "UPDATE t SET a = DEFAULT, b = b + 1, c = 1 + 1, d = f(1), e = (SELECT 1), f = (1)", ""],
            ["postgres", "UPDATE t SET a = $1 + 1, b = $2::numeric, c = 1 = 1, d = NULL IS NULL, e = $3", "e=$2"],
            ["postgres", "UPDATE t SET (a, b) = (1, 2), c = 3", "c=3"],
            ["postgres", "UPDATE t SET a[1] = 5, b = 1", "b=1"],
            ["postgres", `UPDATE t SET "a" = 1, "A" = 2, b = 3`, "b=3"],
            ["mysql", "UPDATE t SET a = 1, a = a + 1", ""],
            ["mysql", "UPDATE t SET a = a + 1, a = 1, a = 2", ""],
            ["mysql", `UPDATE t SET a = "x", b = @x := 1`, ""],
            ["sqlite", "UPDATE t SET a = 3, (a, b) = (1, 2)", ""],
            ["mssql", "UPDATE t SET a += 1, b %= 2", ""],
            ["mssql", "UPDATE t SET a = 1 DECLARE @x int", ""],
        ]
        for (const [dialect, sql, values] of cases)
            it(`${dialect}: ${sql} → ${values}`, () => {
                expect(assignedBy(sql, dialect)).to.equal(values)
            })
    })

    describe("to the columns that it updates are unknown for", () => {
        const cases: readonly (readonly [SqlDialect, string])[] = [
            ["postgres", "UPDATE t SET x.y = 1, a = 2"],
            ["sqlite", "UPDATE t SET a = 1, _rowid_ = 2"],
            ["sqlite", "UPDATE t SET (a, oid) = (1, 2)"],
            ["postgres", "DELETE FROM t WHERE a = 1"],
        ]
        for (const [dialect, sql] of cases)
            it(`${dialect}: ${sql}`, () => {
                expect(assignedBy(sql, dialect)).to.equal("unknown")
            })
        for (const [dialect, sql] of [
            ["mysql", "UPDATE t JOIN u ON 1 SET t.a = 1"],
            ["mysql", "UPDATE t, u SET t.a = 1"],
            ["mssql", "WITH c AS (SELECT * FROM t) UPDATE c SET a = 1"],
            ["mssql", "UPDATE c SET a = 1 FROM t AS c"],
        ] as const)
            it(`${dialect}: ${sql}, which has several targets`, () => {
                for (const { assigned } of analyzeSql(sql, dialect).writes) expect(assigned).to.equal(undefined)
            })
    })

    it("are no condition where they are NULL", () => {
        for (const where of ["a = NULL", "NULL = a", "a IN (1, NULL)", "a IN (NULL)"])
            expect(only(`DELETE FROM t WHERE ${where}`, "postgres").rows, where).to.equal(undefined)
    })

    it("forgets texts before it remembers the rows of too many", () => {
        const insert = (first: number) => `INSERT INTO a (x) VALUES (${first})${", (1)".repeat(400)}`
        const found = analyzeSql(insert(0), "postgres")
        expect(analyzeSql(insert(0), "postgres")).to.equal(found)
        for (let first = 1; first < 100; first++) analyzeSql(insert(first), "postgres")
        expect(analyzeSql(insert(0), "postgres")).not.to.equal(found)
    })

    it("counts more parameters than it keeps tokens for", () => {
        const values = (mark: (index: number) => string) => Array.from({ length: 24_000 }, (_, i) => mark(i))
        for (const [dialect, mark] of [
            ["postgres", (index: number) => `$${index + 1}`],
            ["mysql", () => "?"],
            ["mssql", (index: number) => `@${index}`],
            ["oracle", (index: number) => `:${index + 1}`],
        ] as const) {
            const where = values(mark).join(", ")
            const operands = analyzeSql(`DELETE FROM a WHERE x IN (${where})`, dialect).writes[0]?.rows?.[0]?.get("x")
            expect(operands).to.deep.equal(values(String).map((_, parameter) => ({ parameter })))
        }
    })
})
