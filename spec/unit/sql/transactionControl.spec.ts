import { expect } from "chai"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"

describe("transaction control", () => {
    const cases: readonly (readonly [SqlDialect, string, string])[] = [
        ["postgres", "BEGIN", "begin"],
        ["postgres", "begin isolation level serializable;", "begin"],
        ["postgres", "START TRANSACTION", "begin"],
        ["postgres", "/* x */ COMMIT", "commit"],
        ["postgres", "END WORK", "commit"],
        ["postgres", "COMMIT AND CHAIN", "commit begin"],
        ["postgres", "COMMIT AND NO CHAIN", "commit"],
        ["postgres", "ROLLBACK AND CHAIN", "rollback begin"],
        ["postgres", "ABORT", "rollback"],
        ["postgres", "SAVEPOINT typeorm_1", "savepoint"],
        ["postgres", "RELEASE SAVEPOINT typeorm_1", "savepoint"],
        ["postgres", "ROLLBACK TO SAVEPOINT typeorm_1", "savepoint"],
        ["postgres", "ROLLBACK WORK TO a", "savepoint"],
        ["postgres", "PREPARE TRANSACTION 'x'", "commit"],
        ["postgres", "COMMIT PREPARED 'x'", ""],
        ["postgres", "ROLLBACK PREPARED 'x'", ""],
        ["postgres", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ""],
        ["postgres", "BEGIN; UPDATE a SET x = 1; COMMIT", "begin commit"],
        ["postgres", "SELECT 'COMMIT'", ""],
        ["postgres", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM a; SELECT 1; END", ""],
        ["sqlite", "BEGIN IMMEDIATE TRANSACTION", "begin"],
        ["sqlite", "END TRANSACTION", "commit"],
        ["sqlite", "ROLLBACK TRANSACTION TO SAVEPOINT a", "savepoint"],
        ["sqlite", "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END", ""],
        ["mysql", "START TRANSACTION READ ONLY", "begin"],
        ["mysql", "START REPLICA", ""],
        ["mysql", "BEGIN NOT ATOMIC SELECT 1; END", ""],
        ["mysql", "SET autocommit=0", "begin"],
        ["mysql", "SET @@session.autocommit = OFF", "begin"],
        ["mysql", "SET autocommit=1", "commit"],
        ["mysql", "SET GLOBAL autocommit=0", ""],
        ["mysql", "XA START 'x'", "begin"],
        ["mysql", "XA END 'x'", ""],
        ["mysql", "XA COMMIT 'x'", "commit"],
        ["mssql", "BEGIN TRAN", "begin"],
        ["mssql", "BEGIN SELECT 1 END", ""],
        ["mssql", "SAVE TRANSACTION typeorm_1", "savepoint"],
        ["mssql", "ROLLBACK TRANSACTION typeorm_1", "savepoint"],
        ["mssql", "ROLLBACK TRANSACTION", "rollback"],
        ["mssql", "ROLLBACK TRAN SELECT 1", "rollback"],
        ["mssql", "BEGIN TRAN UPDATE a SET x = 1 COMMIT", "begin commit"],
        ["mssql", "SELECT 1 COMMIT", "commit"],
        ["mssql", "SET IMPLICIT_TRANSACTIONS ON", "begin"],
        ["oracle", "SET TRANSACTION READ ONLY", "begin"],
        ["oracle", "BEGIN NULL; END;", ""],
        ["oracle", "COMMIT", "commit"],
    ]
    for (const [dialect, sql, transactions] of cases)
        it(`${dialect}: ${sql} → ${transactions || "nothing"}`, () => {
            const found = analyzeSql(sql, dialect)
            expect(found.transactions.join(" ")).to.equal(transactions)
            expect(found.transaction).to.equal(found.transactions.at(-1))
        })

    const committing = [
        ...[
            "CREATE TABLE a (x int)",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "ALTER TABLE a ADD x int",
            "DROP TABLE a",
        ],
        ...["CREATE INDEX i ON a (x)", "DROP INDEX i ON a", "TRUNCATE a", "RENAME TABLE a TO b", "LOCK TABLES a WRITE"],
        ...[
            "UNLOCK TABLES",
            "ANALYZE TABLE a",
            "OPTIMIZE TABLE a",
            "REPAIR TABLE a",
            "FLUSH TABLES",
            "GRANT ALL ON a TO b",
        ],
        ...[
            "BEGIN",
            "START TRANSACTION",
            "SET autocommit=1",
            "SET PASSWORD = 'x'",
            "CREATE USER x",
            "/*!40000 DROP TABLE a */",
        ],
        ...["SELECT 1; DROP TABLE a", "LOAD INDEX INTO CACHE a"],
    ]
    const keeping = [
        ...[
            "CREATE TEMPORARY TABLE a (x int)",
            "CREATE OR REPLACE TEMPORARY TABLE a (x int)",
            "DROP TEMPORARY TABLE a",
        ],
        ...["UPDATE a SET x = 1", "SELECT 1", "SET autocommit=0", "SET @x = 1", "ANALYZE UPDATE a SET x = 1", "COMMIT"],
        ...["BEGIN NOT ATOMIC SELECT 1; END", "SAVEPOINT a", "LOAD DATA INFILE 'x' INTO TABLE a"],
    ]
    for (const sql of committing)
        it(`commits on MySQL without saying so: ${sql}`, () => {
            expect(analyzeSql(sql, "mysql").implicitCommit).to.equal(true)
            expect(analyzeSql(sql, "postgres").implicitCommit).to.equal(false)
        })
    for (const sql of keeping)
        it(`leaves the transaction of MySQL open: ${sql}`, () => {
            expect(analyzeSql(sql, "mysql").implicitCommit).to.equal(false)
        })

    it("commits on Oracle with every definition", () => {
        for (const sql of [
            "CREATE TABLE a (x int)",
            "TRUNCATE TABLE a",
            "GRANT SELECT ON a TO b",
            "ALTER TABLE a ADD x int",
        ])
            expect(analyzeSql(sql, "oracle").implicitCommit, sql).to.equal(true)
        for (const sql of ["ALTER SESSION SET x = 1", "UPDATE a SET x = 1", "BEGIN NULL; END;"])
            expect(analyzeSql(sql, "oracle").implicitCommit, sql).to.equal(false)
    })
})
