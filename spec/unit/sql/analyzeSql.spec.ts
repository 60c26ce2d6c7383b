import { expect } from "chai"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import { dialectOf, type SqlDialect } from "../../../lib/sql/SqlDialect"

/** `verb table` of each write, "!" behind them when something may be written that is not named. */
function writesOf(sql: string, dialect: SqlDialect): string {
    const found = analyzeSql(sql, dialect)
    const writes = found.writes.map(({ verb, table, cascade }) => `${verb} ${table}${cascade ? " cascade" : ""}`)
    return [...writes, ...(found.unattributed ? ["!"] : [])].join(", ")
}

function tablesOf(sql: string, dialect: SqlDialect): string {
    return [...analyzeSql(sql, dialect).tables].sort().join(" ")
}

type Case = readonly [dialect: SqlDialect, sql: string, writes: string]

function holds(cases: readonly Case[]): void {
    for (const [dialect, sql, writes] of cases)
        it(`${dialect}: ${sql.replaceAll(/\s+/g, " ").slice(0, 110)}`, () => {
            expect(writesOf(sql, dialect)).to.equal(writes)
        })
}

const ALL: readonly SqlDialect[] = ["postgres", "mysql", "sqlite", "mssql", "oracle", "other"]

describe("analyzeSql", () => {
    describe("names the target of", () => {
        for (const dialect of ALL) {
            holds([
                [dialect, "INSERT INTO author (id) VALUES (1)", "insert author"],
                [dialect, "insert into Shop.Author select * from book", "insert author"],
                [dialect, "UPDATE author SET name = 'x'", "update author"],
                [dialect, "UPDATE author AS a SET name = 'x' WHERE a.id = 1", "update author"],
                [dialect, "DELETE FROM author", "delete author"],
                [dialect, "DELETE FROM db.shop.author WHERE id = 1", "delete author"],
                [dialect, "TRUNCATE TABLE author", "truncate author"],
                [dialect, "DROP TABLE IF EXISTS author", "ddl author"],
                [dialect, "ALTER TABLE author ADD x int", "ddl author"],
                [dialect, "CREATE TABLE author (id int)", "ddl author"],
                [dialect, "CREATE VIEW author AS SELECT 1", "ddl author"],
                [
                    dialect,
                    "INSERT INTO a VALUES (1); ; UPDATE b SET x = 1; DELETE FROM c;",
                    "insert a, update b, delete c",
                ],
                [
                    dialect,
                    "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET x = 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (x) VALUES (1)",
                    "merge a",
                ],
            ])
        }
        holds([
            [
                "postgres",
                `UPDATE ONLY "public"."author" * AS a SET x = 1 FROM book b WHERE b.id = a.id`,
                "update author",
            ],
            ["postgres", "UPDATE ONLY (author) SET x = 1", "update author"],
            ["postgres", "DELETE FROM ONLY author a USING book b, tag WHERE a.id = b.id", "delete author"],
            ["postgres", "INSERT INTO author VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x'", "upsert author"],
            ["postgres", "INSERT INTO author VALUES (1) ON CONFLICT DO NOTHING", "insert author"],
            ["postgres", "UPSERT INTO author VALUES (1)", "upsert author"],
            [
                "postgres",
                "TRUNCATE author, ONLY shop.book *, tag RESTART IDENTITY CASCADE",
                "truncate author cascade, truncate book cascade, truncate tag cascade",
            ],
            ["postgres", "COPY author (id, name) FROM STDIN", "insert author"],
            ["postgres", "COPY author TO STDOUT", ""],
            ["postgres", "COPY (DELETE FROM author RETURNING *) TO STDOUT", "delete author"],
            ["postgres", "REFRESH MATERIALIZED VIEW CONCURRENTLY shop.report", "unknown report"],
            ["postgres", "DROP TABLE a, b CASCADE", "ddl a cascade, ddl b cascade"],
            ["postgres", "DROP MATERIALIZED VIEW m", "ddl m"],
            ["postgres", "ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)", "ddl a, ddl b"],
            ["postgres", "ALTER TABLE a RENAME COLUMN x TO y", "ddl a"],
            ["postgres", "ALTER TABLE a RENAME TO b", "ddl a, ddl b"],
            ["postgres", "CREATE TABLE a PARTITION OF b FOR VALUES IN (1)", "ddl a, ddl b"],
            ["postgres", "SELECT * INTO TEMP TABLE copy FROM author", "ddl copy"],
            [
                "postgres",
                "WITH d AS (DELETE FROM a RETURNING *), u AS MATERIALIZED (UPDATE b SET x = 1 RETURNING *), i AS (INSERT INTO c SELECT * FROM d) SELECT * FROM u",
                "delete a, update b, insert c",
            ],
            ["postgres", "WITH x AS (SELECT 1) UPDATE a SET y = 2", "update a"],
            ["postgres", "WITH x AS (SELECT 1) (SELECT 1)", ""],
            [
                "postgres",
                "WITH m AS (MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT 1 FROM m",
                "merge a",
            ],
            ["postgres", "EXPLAIN (ANALYZE, BUFFERS) DELETE FROM a", "delete a"],
            ["postgres", "EXPLAIN ANALYZE VERBOSE INSERT INTO a VALUES (1)", "insert a"],
            ["postgres", `DELETE FROM "a""b"`, `delete a"b`],
            ["mysql", "INSERT LOW_PRIORITY IGNORE author SET id = 1", "insert author"],
            ["mysql", "INSERT INTO author VALUES (1) ON DUPLICATE KEY UPDATE name = 'x'", "upsert author"],
            ["mysql", "REPLACE INTO author VALUES (1)", "replace author"],
            ["mysql", "REPLACE DELAYED author VALUES (1)", "replace author"],
            ["mysql", "UPDATE LOW_PRIORITY IGNORE author SET x = 1", "update author"],
            ["mysql", "UPDATE a JOIN `b` ON a.id = b.id SET a.x = 1", "update a, update b"],
            ["mysql", "UPDATE a, shop.b SET a.x = 1", "update a, update b"],
            ["mysql", "UPDATE (a, b) SET a.x = 1", "update a, update b"],
            ["mysql", "DELETE QUICK FROM a WHERE id = 1", "delete a"],
            [
                "mysql",
                "DELETE x, y.* FROM author AS x JOIN book y ON x.id = y.id",
                "delete x, delete y, delete author, delete book",
            ],
            [
                "mysql",
                "DELETE FROM x, y USING author AS x, book AS y",
                "delete x, delete y, delete author, delete book",
            ],
            ["mysql", "LOAD DATA INFILE 'x' INTO TABLE author", "insert author"],
            ["mysql", "LOAD DATA INFILE 'x' REPLACE INTO TABLE author", "replace author"],
            ["mysql", "RENAME TABLE a TO b, shop.c TO d", "ddl a, ddl b, ddl c, ddl d"],
            ["mysql", "ALTER TABLE a RENAME b", "ddl a, ddl b"],
            ["mysql", "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", "ddl a, ddl p, ddl b"],
            ["mysql", "ANALYZE FORMAT=JSON UPDATE a SET x = 1", "update a"],
            ["mysql", "SET STATEMENT max_statement_time=1 FOR UPDATE skip SET x = 1", "update skip"],
            ["mysql", "DELETE FROM 2024_sales WHERE id = 1", "delete 2024_sales"],
            ["mysql", "DELETE FROM shop.2024_sales", "delete 2024_sales"],
            ["mysql", `DELETE FROM "author"`, "delete author"],
            ["mysql", "SELECT * FROM a INTO OUTFILE '/tmp/x'", ""],
            ["mysql", "SELECT id INTO @x FROM a", ""],
            ["sqlite", "INSERT OR REPLACE INTO author VALUES (1)", "replace author"],
            ["sqlite", "INSERT OR IGNORE INTO author VALUES (1)", "insert author"],
            ["sqlite", "UPDATE OR ROLLBACK author SET x = 1", "update author"],
            ["sqlite", "UPDATE author INDEXED BY i SET x = 1", "update author"],
            ["sqlite", "DELETE FROM 'author'", "delete author"],
            ["sqlite", "DELETE FROM [author]", "delete author"],
            ["sqlite", "CREATE TABLE a (x int UNIQUE ON CONFLICT REPLACE, y int)", "ddl a"],
            [
                "mssql",
                "INSERT [dbo].[author] ([x]) OUTPUT inserted.id INTO log VALUES (@0)",
                "insert author, insert log",
            ],
            ["mssql", "INSERT TOP (5) INTO a SELECT * FROM b", "insert a"],
            ["mssql", "INSERT INTO @t SELECT 1", ""],
            [
                "mssql",
                "UPDATE a SET x = 1 FROM author a JOIN book b ON a.id = b.id",
                "update author, update book, update a",
            ],
            ["mssql", "DELETE TOP (5) a FROM author a WHERE a.id = 1", "delete a, delete author"],
            ["mssql", "WITH c AS (SELECT * FROM author) UPDATE c SET x = 1", "update author, update c"],
            ["mssql", "WITH c AS (SELECT * FROM author) DELETE FROM c", "delete author, delete c"],
            [
                "mssql",
                "SET NOCOUNT ON DELETE FROM a INSERT b VALUES (1) UPDATE c SET x = 1",
                "delete a, insert b, update c",
            ],
            ["mssql", "SELECT 1 DELETE author", "delete author"],
            ["mssql", "IF EXISTS (SELECT 1 FROM a) BEGIN DELETE FROM b END", "delete b"],
            ["mssql", "SELECT * INTO copy FROM author", "ddl copy"],
            ["mssql", "DELETE FROM shop..author", "delete author"],
            ["mssql", "DELETE FROM [a]]b]", "delete a]b"],
            [
                "oracle",
                "INSERT ALL INTO a VALUES (1) WHEN x > 1 THEN INTO b (x) VALUES (2) SELECT * FROM dual",
                "insert a, insert b",
            ],
            ["oracle", "UPDATE (SELECT x FROM author) SET x = 1", "update author"],
            ["oracle", "DELETE author WHERE id = 1", "delete author"],
        ])
    })

    describe("sees no write in", () => {
        for (const dialect of ALL)
            holds([
                [dialect, "SELECT * FROM author", ""],
                [dialect, "SELECT 'DELETE FROM author; DROP TABLE author' AS x FROM book", ""],
                [dialect, "/* DELETE FROM a; */ SELECT 1 -- UPDATE a SET x = 1\n FROM book", ""],
                [dialect, "SELECT replace(name, 'a', 'b'), t.update, t.delete FROM t", ""],
                [dialect, "SELECT * FROM author FOR UPDATE", ""],
                [dialect, "CREATE INDEX i ON author (id)", ""],
                [dialect, "", ""],
                [dialect, " ; ", ""],
            ])
        holds([
            ["postgres", `SELECT "update", "delete" FROM "insert"`, ""],
            ["postgres", "SELECT * FROM a FOR NO KEY UPDATE OF a SKIP LOCKED", ""],
            ["postgres", "SELECT * FROM (SELECT * FROM a FOR UPDATE) x FOR UPDATE LIMIT 1", ""],
            ["postgres", "EXPLAIN DELETE FROM a", ""],
            ["postgres", "GRANT INSERT, UPDATE ON author TO x", ""],
            ["postgres", "COMMENT ON TABLE a IS 'x'", ""],
            ["postgres", "CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM a; $$ LANGUAGE sql", ""],
            [
                "postgres",
                "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON a FOR EACH ROW EXECUTE FUNCTION f()",
                "",
            ],
            ["postgres", "ALTER TYPE role ADD VALUE 'x'", ""],
            ["postgres", "DROP TYPE role", ""],
            ["postgres", "VACUUM ANALYZE a", ""],
            ["postgres", "SELECT $a$ ; DELETE FROM a; $a$", ""],
            ["postgres", "/* a /* b */ ; DELETE FROM x */ SELECT 1", ""],
            ["postgres", "DECLARE c CURSOR FOR SELECT * FROM a", ""],
            ["mysql", "SELECT insert('abc', 1, 2, 'x'), TRUNCATE(1.5, 1)", ""],
            ["mysql", "# DELETE FROM a\nSELECT 1", ""],
            ["mysql", `SELECT 'it\\'s; DELETE FROM a', "DELETE FROM b"`, ""],
            ["mysql", "/*!40101 SET NAMES utf8 */", ""],
            ["sqlite", "PRAGMA foreign_keys = ON", ""],
            ["sqlite", "EXPLAIN QUERY PLAN DELETE FROM a", ""],
            ["mssql", "SELECT * FROM a INNER MERGE JOIN b ON a.x = b.x OPTION (MERGE JOIN)", ""],
        ])
    })

    describe("cannot attribute", () => {
        const unknown: readonly (readonly [SqlDialect, string])[] = [
            ["postgres", "CALL refresh()"],
            ["postgres", "DO $$ BEGIN DELETE FROM author; END $$"],
            ["postgres", "EXECUTE plan(1)"],
            ["postgres", "PREPARE plan AS DELETE FROM author WHERE id = $1"],
            ["postgres", "COMMIT PREPARED 'x'"],
            ["postgres", "CREATE TABLE a AS EXECUTE plan"],
            ["postgres", "EXPLAIN ANALYZE EXECUTE plan"],
            ["postgres", "DROP SCHEMA shop CASCADE"],
            ["postgres", "DROP TYPE role CASCADE"],
            ["postgres", "ALTER TYPE role RENAME VALUE 'a' TO 'b'"],
            ["postgres", "IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z"],
            ["postgres", `DELETE FROM U&"\\0061uthor"`],
            ["mysql", "CALL refresh()"],
            ["mysql", "DROP DATABASE shop"],
            ["mysql", "DELETE FROM ?? WHERE id = ?"],
            ["mysql", "UPDATE a JOIN ?? SET a.x = 1"],
            ["mysql", "BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'DELETE FROM a'; END"],
            ["mysql", "XA COMMIT 'x'"],
            ["mssql", "EXEC sp_refresh"],
            ["mssql", "sp_rename 'a', 'b'"],
            ["mssql", "DECLARE @s nvarchar(99) = N'DELETE FROM a' EXEC(@s)"],
            ["mssql", "INSERT INTO a EXEC refresh"],
            ["oracle", "BEGIN refresh(); END;"],
            ["oracle", "SELECT q'[it's]' FROM dual; DELETE FROM a"],
            ["sqlite", "FROBNICATE author"],
            ["other", "{call refresh()}"],
        ]
        for (const [dialect, sql] of unknown)
            it(`${dialect}: ${sql}`, () => {
                expect(analyzeSql(sql, dialect)).to.include({
                    unattributed: true,
                    tablesKnown: sql.startsWith("DROP") || sql.startsWith("ALTER"),
                })
            })

        it("names every identifier beside", () => {
            expect(writesOf("CALL shop.refresh(author)", "postgres")).to.equal(
                "unknown call, unknown shop, unknown refresh, unknown author, !",
            )
        })
    })

    describe("is not misled by quoting:", () => {
        holds([
            ["postgres", "SELECT 'a\\'; DELETE FROM b --'", "delete b"],
            ["postgres", "SELECT E'a\\'; DELETE FROM b --'", ""],
            ["postgres", "SELECT $x$ $y$ $x$; DELETE FROM b; SELECT $y$ $y$", "delete b"],
            ["postgres", "SELECT a$$ FROM t; DELETE FROM b; SELECT a$$", "delete b"],
            ["postgres", "/* /* */ */ DELETE FROM b", "delete b"],
            ["postgres", "-- x\rDELETE FROM b", "delete b"],
            ["mysql", "/* /* */ DELETE FROM b", "delete b"],
            ["mysql", "SELECT 5--3; DELETE FROM b", "delete b"],
            ["mysql", "SELECT 'a\\\\'; DELETE FROM b; SELECT ''", "delete b"],
            ["mysql", "SELECT `a``'`; DELETE FROM b; SELECT '`'", "delete b"],
            ["mysql", "SELECT 1 */*c*/ 2; DELETE FROM b", "delete b"],
            ["mssql", "/* /* */ */ DELETE FROM b", "delete b"],
            ["mssql", "SELECT [it's]; DELETE FROM b; SELECT 'x'", "delete b"],
            ["sqlite", "SELECT 'a\\'; DELETE FROM b; SELECT ''", "delete b"],
        ])

        it("the code of an executable comment counts, and so does the text without it", () => {
            expect(writesOf("/*!50000 EXPLAIN */ DELETE FROM b", "mysql")).to.contain("delete b")
            expect(writesOf("SELECT 1 /*!50000 ; DELETE FROM b */", "mysql")).to.contain("delete b")
            expect(writesOf("/*!99999 ' */ DELETE FROM b -- '*/", "mysql")).to.contain("delete b")
        })

        it("an executable comment narrows no rows that the text without it does not", () => {
            const { writes } = analyzeSql("DELETE FROM b /*!99999 WHERE id = 1 */", "mysql")
            expect(writes.some(({ rows }) => rows === undefined)).to.equal(true)
        })

        for (const sql of [
            "DELETE FROM b WHERE x = 'y",
            "DELETE FROM b /* x",
            `DELETE FROM b WHERE "x`,
            "DELETE FROM b \0",
        ])
            it(`takes every word of what it cannot read for a target: ${JSON.stringify(sql)}`, () => {
                const found = analyzeSql(sql, "postgres")
                expect(found.writes.map(({ table }) => table)).to.include("b")
                expect(found).to.include({ unattributed: true, tablesKnown: false })
            })

        it("takes a read that it cannot read for a read of unknown tables", () => {
            expect(analyzeSql("SELECT 'x", "postgres")).to.include({ unattributed: false, tablesKnown: false })
        })
    })

    describe("lists the tables read:", () => {
        const cases: readonly (readonly [SqlDialect, string, string])[] = [
            [
                "postgres",
                `SELECT "a"."x", b.y FROM "author" "a" LEFT JOIN shop."book" b ON a.id = b.id, tag t WHERE x IN (SELECT y FROM (z), (SELECT 1 FROM w) q)`,
                "author book tag w z",
            ],
            [
                "postgres",
                "SELECT * FROM (a JOIN b USING (id, x)) JOIN LATERAL (SELECT * FROM ONLY c) d ON true",
                "a b c",
            ],
            ["postgres", "TABLE author", "author"],
            ["postgres", "INSERT INTO a SELECT * FROM b UNION SELECT * FROM c", "a b c"],
            ["postgres", "UPDATE a SET x = (SELECT max(y) FROM c) FROM b WHERE EXISTS (SELECT 1 FROM d)", "a b c d"],
            ["postgres", "SELECT * FROM a ORDER BY x, y", "a"],
            ["postgres", "DELETE FROM a USING (b CROSS JOIN c)", "a b c"],
            ["postgres", "MERGE INTO a USING (b) ON true WHEN MATCHED THEN DELETE", "a b"],
            ["mysql", "SELECT * FROM {OJ a LEFT OUTER JOIN b ON 1} STRAIGHT_JOIN c, d", "a b c d"],
            ["mysql", "SELECT 1.FROM a", "a"],
            ["mysql", "SELECT * FROM a JOIN b ON a.offset = b.offset, c", "a b c"],
            ["mssql", "SELECT * FROM a WITH (NOLOCK), b CROSS APPLY c", "a b c"],
        ]
        for (const [dialect, sql, tables] of cases)
            it(`${dialect}: ${sql}`, () => {
                expect(tablesOf(sql, dialect)).to.equal(tables)
            })

        it("does not know them behind an identifier placeholder", () => {
            expect(analyzeSql("SELECT * FROM ??", "mysql")).to.include({ tablesKnown: false, unattributed: false })
        })
    })

    describe("names the columns assigned by", () => {
        const cases: readonly (readonly [SqlDialect, string, readonly string[] | undefined])[] = [
            ["postgres", `UPDATE a SET "X" = 1, y = (SELECT 1, 2), (p, q) = (1, 2) WHERE z = 1`, ["x", "y", "p", "q"]],
            ["postgres", "UPDATE a SET x = y IS DISTINCT FROM z, w = 1", ["x", "w"]],
            ["postgres", "UPDATE a SET x.y = 1", undefined],
            ["mysql", "UPDATE a SET a.x = 1, y = returning, z = 2 LIMIT 1", ["x", "y", "z"]],
            ["mysql", "INSERT INTO a (p) VALUES (1) ON DUPLICATE KEY UPDATE x = VALUES(x), y = y + 1", ["x", "y"]],
            ["sqlite", "INSERT INTO a (p) VALUES (1) ON CONFLICT (p) DO UPDATE SET x = excluded.x RETURNING *", ["x"]],
            ["mssql", "UPDATE a SET x += 1 OUTPUT deleted.y WHERE z = 1", ["x"]],
            ["postgres", "DELETE FROM a", undefined],
        ]
        for (const [dialect, sql, columns] of cases)
            it(`${dialect}: ${sql}`, () => {
                expect(analyzeSql(sql, dialect).writes[0]?.columns).to.deep.equal(columns)
            })
    })

    it("answers a text that it has seen with the same frozen object", () => {
        for (const sql of ["SELECT 1 FROM a", "DELETE FROM a"]) {
            const found = analyzeSql(sql, "postgres")
            expect(analyzeSql(sql, "postgres")).to.equal(found)
            expect(Object.isFrozen(found)).to.equal(true)
        }
        expect(analyzeSql("DELETE FROM a -- x", "mysql")).not.to.equal(analyzeSql("DELETE FROM a -- x", "postgres"))
    })

    it("reads texts of megabytes", () => {
        const values = Array.from({ length: 50_000 }, (_, i) => `(${i}, 'it''s ${"x".repeat(20)}')`).join(",")
        expect(writesOf(`INSERT INTO a VALUES ${values}; DELETE FROM b`, "postgres")).to.equal("insert a, delete b")
        expect(writesOf(`SELECT '${"''".repeat(1_000_000)}'; DELETE FROM b`, "postgres")).to.equal("delete b")
        expect(writesOf(`${"(".repeat(100_000)} DELETE FROM b`, "postgres")).to.contain("delete b")
    })

    it("takes what is nested too deeply for what it cannot read", () => {
        const found = analyzeSql(`DELETE FROM a WHERE ${"(".repeat(100_000)}id = 1${")".repeat(100_000)}`, "postgres")
        expect(found).to.include({ unattributed: true, tablesKnown: false })
        expect(found.writes.map(({ table }) => table)).to.include("a")
    })

    it("knows the dialect of every TypeORM driver", () => {
        const types = [
            "postgres",
            "cockroachdb",
            "aurora-mysql",
            "mariadb",
            "sqljs",
            "better-sqlite3",
            "mssql",
            "oracle",
        ]
        expect([...types, "sap"].map(dialectOf)).to.deep.equal([
            ...["postgres", "postgres", "mysql", "mysql", "sqlite", "sqlite", "mssql", "oracle", "other"],
        ])
    })
})
