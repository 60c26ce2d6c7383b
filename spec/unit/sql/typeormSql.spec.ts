import { expect } from "chai"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"
import { showValues } from "./showValues"

/** `verb table(columns) [conditions]` of the only write. */
function writeOf(sql: string, dialect: SqlDialect): string {
    const found = analyzeSql(sql, dialect)
    expect(found).to.include({ unattributed: false, tablesKnown: true, transaction: undefined })
    return found.writes
        .map(({ verb, table, columns, rows }) => {
            const conditions = rows?.map((row) =>
                [...row]
                    .map(
                        ([column, operands]) =>
                            `${column}=${operands.map((each) => ("parameter" in each ? `$${each.parameter}` : each.literal)).join(",")}`,
                    )
                    .join(" "),
            )
            return `${verb} ${table}(${columns?.join(" ") ?? ""}) [${conditions?.join(" | ") ?? "any"}]`
        })
        .join("; ")
}

/** Statements as TypeORM 0.3.20, 0.3.31 and 1.1.1 sent them, shortened in their lists of columns only. */
const STATEMENTS: readonly (readonly [what: string, SqlDialect, sql: string, write: string])[] = [
    [
        "save, insert",
        "postgres",
        `INSERT INTO "shop"."author"("name", "age", "version", "updatedAt") VALUES ($1, DEFAULT, 1, DEFAULT) RETURNING "id", "age", "version", "updatedAt"`,
        "insert author() [any]",
    ],
    [
        "save, update",
        "postgres",
        `UPDATE "shop"."author" SET "name" = $1, "version" = "version" + 1, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = $2 RETURNING "version", "updatedAt"`,
        "update author(name version updatedat) [id=$1]",
    ],
    [
        "save, update (0.3)",
        "postgres",
        `UPDATE "author" SET "name" = $1, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" IN ($2) RETURNING "updatedAt"`,
        "update author(name updatedat) [id=$1]",
    ],
    [
        "save, composite key",
        "postgres",
        `UPDATE "tag" SET "label" = $1 WHERE ((("a" = $2 AND "b" = $3)))`,
        "update tag(label) [a=$1 b=$2]",
    ],
    [
        "remove, composite keys",
        "postgres",
        `DELETE FROM "tag" WHERE (("a" = $1 AND "b" = $2) OR ("a" = $3 AND "b" = $4))`,
        "delete tag() [a=$0 b=$1 | a=$2 b=$3]",
    ],
    [
        "junction",
        "postgres",
        `DELETE FROM "author_tags" WHERE ("authorId" = $1 AND "tagA" = $2 AND "tagB" = $3)`,
        "delete author_tags() [authorid=$0 taga=$1 tagb=$2]",
    ],
    [
        "update(criteria)",
        "postgres",
        `UPDATE "author" SET "age" = $1 WHERE ("id" IN ($2, $3) AND "deletedAt" IS NULL)`,
        "update author(age) [id=$1,$2]",
    ],
    [
        "update(), expression",
        "postgres",
        `UPDATE "author" SET "name" = UPPER("name") WHERE "name" = $1`,
        "update author(name) [name=$0]",
    ],
    [
        "softDelete",
        "postgres",
        `UPDATE "author" SET "deletedAt" = CURRENT_TIMESTAMP, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = $1 AND "deletedAt" IS NULL`,
        "update author(deletedat updatedat) [id=$0]",
    ],
    [
        "restore",
        "postgres",
        `UPDATE "author" SET "deletedAt" = NULL, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = $1 AND "deletedAt" IS NOT NULL`,
        "update author(deletedat updatedat) [id=$0]",
    ],
    ["increment", "postgres", `UPDATE "author" SET "age" = "age" + 2 WHERE "id" = $1`, "update author(age) [id=$0]"],
    [
        "upsert",
        "postgres",
        `INSERT INTO "tag"("a", "b", "label") VALUES ($1, $2, $3) ON CONFLICT ( "a", "b" ) DO UPDATE SET "a" = EXCLUDED."a", "label" = EXCLUDED."label" WHERE ("tag"."a" IS DISTINCT FROM EXCLUDED."a" OR "tag"."label" IS DISTINCT FROM EXCLUDED."label")`,
        "upsert tag(a label) [any]",
    ],
    [
        "orIgnore",
        "postgres",
        `INSERT INTO "author"("name") VALUES ($1) ON CONFLICT DO NOTHING RETURNING "id"`,
        "insert author() [any]",
    ],
    [
        "QueryBuilder",
        "postgres",
        `UPDATE "author" SET "name" = $1 WHERE "id" = $2 AND "age" BETWEEN $3 AND $4`,
        "update author(name) [id=$1]",
    ],
    [
        "QueryBuilder, or",
        "postgres",
        `UPDATE "author" SET "name" = $1 WHERE "id" IN ($2, $3) OR "name" = $4`,
        "update author(name) [id=$1,$2 | name=$3]",
    ],
    [
        "relation().remove()",
        "postgres",
        `UPDATE "book" SET "authorId" = $1 WHERE ("authorId" = $2 AND "id" = $3)`,
        "update book(authorid) [authorid=$1 id=$2]",
    ],
    [
        "closure table, insert",
        "postgres",
        `INSERT INTO "category_closure" ("id_ancestor", "id_descendant") SELECT "id_ancestor", $1 FROM "category_closure" WHERE "id_descendant" = $2`,
        "insert category_closure() [any]",
    ],
    [
        "closure table, move",
        "postgres",
        `DELETE FROM "category_closure" WHERE ("id_descendant") IN (SELECT "id_descendant" FROM (SELECT "id_descendant" FROM "category_closure" "s" WHERE "s"."id_ancestor" = $1) "d") AND ("id_ancestor") NOT IN (SELECT "id_descendant" FROM "category_closure" "a" WHERE "a"."id_ancestor" = $1)`,
        "delete category_closure() [any]",
    ],
    ["clear()", "postgres", `TRUNCATE TABLE "shop"."author"`, "truncate author() [any]"],
    ["deleteAll()", "postgres", `DELETE FROM "shop"."book"`, "delete book() [any]"],
    [
        "foreign key",
        "postgres",
        `ALTER TABLE "book" ADD CONSTRAINT "FK_1" FOREIGN KEY ("authorId") REFERENCES "author"("id") ON DELETE CASCADE ON UPDATE NO ACTION`,
        "ddl book() [any]",
    ],
    [
        "save, update",
        "mysql",
        "UPDATE `author` SET `name` = ?, `version` = `version` + 1, `updatedAt` = CURRENT_TIMESTAMP WHERE `id` = ?",
        "update author(name version updatedat) [id=$1]",
    ],
    [
        "remove, composite keys",
        "mysql",
        "DELETE FROM `tag` WHERE ((`a` = ? AND `b` = ?) OR (`a` = ? AND `b` = ?))",
        "delete tag() [a=$0 b=$1 | a=$2 b=$3]",
    ],
    [
        "upsert",
        "mysql",
        "INSERT INTO `author`(`id`, `name`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `id` = VALUES(`id`), `name` = VALUES(`name`)",
        "upsert author(id name) [any]",
    ],
    [
        "orIgnore",
        "mysql",
        "INSERT IGNORE INTO `author`(`id`, `name`) VALUES (DEFAULT, ?) RETURNING `id`",
        "insert author() [any]",
    ],
    [
        "save, update",
        "sqlite",
        `UPDATE "author" SET "age" = 5, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" IN (2)`,
        "update author(age updatedat) [id=2]",
    ],
    [
        "delete, composite keys",
        "sqlite",
        `DELETE FROM "tag" WHERE ((("a" = 9 AND "b" = ?)) OR (("a" = 8 AND "b" = ?)))`,
        "delete tag() [a=9 b=$0 | a=8 b=$1]",
    ],
    [
        "schema",
        "sqlite",
        `INSERT INTO "temporary_book"("id", "title") SELECT "id", "title" FROM "book"`,
        "insert temporary_book() [any]",
    ],
    [
        "schema",
        "sqlite",
        `ALTER TABLE "temporary_book" RENAME TO "book"`,
        "ddl temporary_book() [any]; ddl book() [any]",
    ],
    [
        "save, update",
        "mssql",
        `UPDATE "author" SET "name" = @0, "updatedAt" = getdate() OUTPUT inserted."updatedAt" WHERE "id" IN (@1)`,
        "update author(name updatedat) [id=$1]",
    ],
    ["save, update", "oracle", `UPDATE "author" SET "name" = :1 WHERE "id" IN (:2)`, "update author(name) [id=$1]"],
]

describe("the SQL of TypeORM", () => {
    for (const [what, dialect, sql, write] of STATEMENTS)
        it(`${dialect}, ${what}: ${write}`, () => {
            expect(writeOf(sql, dialect)).to.equal(write)
        })

    it("mssql, upsert through MERGE", () => {
        const sql = `MERGE INTO "author" "mergeIntoEntity" USING (VALUES(@0, @1)) AS source("id", "name") ON "mergeIntoEntity"."id" = source."id" WHEN MATCHED THEN UPDATE SET "name" = source."name" WHEN NOT MATCHED THEN INSERT("id", "name") VALUES (@0, @1);`
        expect(writeOf(sql, "mssql")).to.equal("merge author() [any]")
    })
})

/** What TypeORM 0.3.20, 0.3.31 and 1.1.1 sent, all the same but where it says so. */
const VALUES: readonly (readonly [what: string, SqlDialect, sql: string, values: string])[] = [
    [
        "save, insert",
        "postgres",
        `INSERT INTO "author"("name", "age", "updatedAt", "v", "bossId") VALUES ($1, DEFAULT, DEFAULT, 1, $2), (DEFAULT, $3, DEFAULT, 1, DEFAULT) RETURNING "id", "age"`,
        "name=$0 age=default updatedat=default v=1 bossid=$1 | name=default age=$2 updatedat=default v=1 bossid=default",
    ],
    [
        "save, junction",
        "postgres",
        `INSERT INTO "book_tags_tag"("bookId", "tagA", "tagB") VALUES ($1, $2, $3), ($4, $5, $6)`,
        "bookid=$0 taga=$1 tagb=$2 | bookid=$3 taga=$4 tagb=$5",
    ],
    [
        "upsert",
        "postgres",
        `INSERT INTO "tag"("a", "b", "label") VALUES ($1, $2, $3), ($4, $5, DEFAULT) ON CONFLICT ( "a", "b" ) DO UPDATE SET "a" = EXCLUDED."a", "label" = EXCLUDED."label"`,
        "a=$0 b=$1 label=$2 | a=$3 b=$4 label=default",
    ],
    [
        "orIgnore, expression",
        "postgres",
        `INSERT INTO "book"("title", "authorId") VALUES (concat($$a,b$$, 'c)'), $1), ($2, DEFAULT) ON CONFLICT DO NOTHING  RETURNING "id"`,
        "authorid=$0 | title=$1 authorid=default",
    ],
    [
        "save, geometry",
        "postgres",
        `INSERT INTO "place"("name", "at", "ownerId") VALUES ($1, ST_SetSRID(ST_GeomFromGeoJSON($2), 4326)::geometry, $3)`,
        "name=$0 ownerid=$2",
    ],
    [
        "save, foreign key",
        "postgres",
        `UPDATE "author" SET "name" = $1, "bossId" = $2, "v" = "v" + 1, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = $3`,
        "name=$0 bossid=$1 updatedat=now",
    ],
    [
        "restore",
        "postgres",
        `UPDATE "author" SET "deletedAt" = NULL, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = $1 AND "deletedAt" IS NOT NULL`,
        "deletedat=null updatedat=now",
    ],
    [
        "save, insert",
        "mysql",
        "INSERT INTO `book`(`id`, `title`, `authorId`) VALUES (DEFAULT, ?, ?), (DEFAULT, ?, ?) RETURNING `id`",
        "id=default title=$0 authorid=$1 | id=default title=$2 authorid=$3",
    ],
    [
        "save, geometry",
        "mysql",
        "INSERT INTO `place`(`id`, `at`, `ownerId`) VALUES (DEFAULT, ST_GeomFromText(?, ?), ?)",
        "id=default ownerid=$2",
    ],
    [
        "upsert",
        "mysql",
        "INSERT INTO `tag`(`a`, `b`) VALUES (?, ?), (?, ?) ON DUPLICATE KEY UPDATE `a` = VALUES(`a`), `b` = VALUES(`b`)",
        "a=$0 b=$1 | a=$2 b=$3",
    ],
    [
        "orIgnore, expression",
        "mysql",
        "INSERT  IGNORE INTO `book`(`id`, `title`, `authorId`) VALUES (DEFAULT, 'a' || 'b', ?), (DEFAULT, ?, DEFAULT) RETURNING `id`",
        "id=default authorid=$0 | id=default title=$1 authorid=default",
    ],
    ["relation().set()", "mysql", "UPDATE `book` SET `authorId` = ? WHERE `id` = ?", "authorid=$0"],
    [
        "save, insert",
        "sqlite",
        `INSERT INTO "author"("id", "name", "age", "updatedAt", "bossId") VALUES (NULL, ?, 7, datetime('now'), 1), (NULL, NULL, 3, datetime('now'), NULL)`,
        "id=null name=$0 age=7 bossid=1 | id=null name=null age=3 bossid=null",
    ],
    [
        "save, junction",
        "sqlite",
        `INSERT INTO "book_tags_tag"("bookId", "tagA", "tagB") VALUES (2, 1, ?), (2, 2, ?)`,
        "bookid=2 taga=1 tagb=$0 | bookid=2 taga=2 tagb=$1",
    ],
    [
        "update()",
        "sqlite",
        `UPDATE "author" SET "name" = ?, "bossId" = 2, "v" = "v" + 1, "updatedAt" = CURRENT_TIMESTAMP WHERE "id" = 1`,
        "name=$0 bossid=2 updatedat=now",
    ],
]

describe("the values in the SQL of TypeORM", () => {
    for (const [what, dialect, sql, values] of VALUES)
        it(`${dialect}, ${what}: ${values}`, () => {
            const { inserted, assigned } = analyzeSql(sql, dialect).writes[0] ?? {}
            const rows = inserted ?? (assigned === undefined ? [] : [assigned])
            expect(rows.map(showValues).join(" | ")).to.equal(values)
        })
})
