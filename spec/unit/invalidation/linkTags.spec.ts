import { expect } from "chai"
import { LinkGraph } from "../../../lib/invalidation/LinkGraph"
import { linkTags, wideLinkTags } from "../../../lib/invalidation/linkTags"
import { KeyScheme } from "../../../lib/key/KeyScheme"
import { keyPart } from "../../../lib/key/keyPart"
import { analyzeSql } from "../../../lib/sql/analyzeSql"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"
import { linkedEntities } from "./linkedEntities"

const keys = new KeyScheme("p")
const PAIR = keyPart("paira,pairb")

interface Family {
    readonly dialect: SqlDialect
    /** A DataSource that can be had here; of the dialect where its driver is. */
    readonly type: string
    /** The same statement as the family writes it: quotes and placeholders, which come in order. */
    write(sql: string): string
}

const FAMILIES: readonly Family[] = [
    { dialect: "postgres", type: "postgres", write: (sql) => sql },
    { dialect: "mysql", type: "mysql", write: (sql) => sql.replaceAll('"', "`").replaceAll(/\$\d/g, "?") },
    { dialect: "sqlite", type: "sqljs", write: (sql) => sql.replaceAll(/\$\d/g, "?") },
    { dialect: "mssql", type: "postgres", write: (sql) => sql.replaceAll(/\$(\d)/g, (_, n) => `@${Number(n) - 1}`) },
    { dialect: "oracle", type: "postgres", write: (sql) => sql.replaceAll(/\$(\d)/g, ":$1") },
]

type Case = readonly [sql: string, parameters: readonly unknown[] | undefined, tags: readonly string[]]

const ARRIVALS: readonly Case[] = [
    // of many rows, of one
    [
        `INSERT INTO "part" ("id", "ownerId", "plainId", "codedCode", "pairA", "pairB") VALUES ($1, $2, NULL, NULL, NULL, NULL), ($3, $4, NULL, NULL, NULL, NULL)`,
        [1, 7, 2, 8],
        ["relation-of:part:ownerid:7", "relation-of:part:ownerid:8"],
    ],
    ['UPDATE "part" SET "ownerId" = $1 WHERE "id" = $2', [7, 1], ["relation-of:part:ownerid:7"]],
    ['UPDATE "part" SET "ownerId" = $1 WHERE "ownerId" = $2', [7, 8], ["relation-of:part:ownerid:7"]],
    ['UPDATE "part" SET "ownerId" = 7', undefined, ["relation-of:part:ownerid:7"]],
    ['UPDATE "part" SET "ownerId" = $1', ["7"], ["relation-of:part:ownerid:7"]],
    // nobody gets anything
    ['UPDATE "part" SET "ownerId" = $1', [null], []],
    ['UPDATE "part" SET "ownerId" = NULL', undefined, []],
    ['UPDATE "part" SET "id" = $1 WHERE "id" = $2', [2, 1], []],
    ['DELETE FROM "part" WHERE "ownerId" = $1', [7], []],
    ['DELETE FROM "part"', undefined, []],
    ['UPDATE "owner" SET "code" = $1', ["x"], []],
    // any owner
    ['UPDATE "part" SET "ownerId" = "ownerId" + 1', undefined, ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = (SELECT MAX("id") FROM "owner")', undefined, ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = DEFAULT', undefined, ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = $1', [], ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = $1', undefined, ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = $1', [[7]], ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = $1', ["07"], ["relation:part:ownerid"]],
    ['UPDATE "part" SET "ownerId" = $1', [7.5], ["relation:part:ownerid"]],
    [
        `INSERT INTO "part" ("id", "ownerId", "plainId", "codedCode", "pairA", "pairB") VALUES (1, 7, NULL, NULL, NULL, NULL), (2, 7 + 1, NULL, NULL, NULL, NULL)`,
        undefined,
        ["relation:part:ownerid"],
    ],
    // not listed: nobody knows the column's default in the database
    [
        `INSERT INTO "part" ("id", "plainId", "codedCode", "pairA", "pairB") VALUES (1, NULL, NULL, NULL, NULL)`,
        undefined,
        ["relation:part:ownerid"],
    ],
    [
        `INSERT INTO "part" ("id", "ownerId") SELECT "id", "ownerId" FROM "other"`,
        undefined,
        [...["relation:part:codedcode", "relation:part:ownerid", "relation:part:plainid"], `relation:part:${PAIR}`],
    ],
    // relations that are not cached, or name their owner by another column: any
    ['UPDATE "part" SET "plainId" = $1', [7], ["relation:part:plainid"]],
    ['UPDATE "part" SET "plainId" = $1', [null], []],
    ['UPDATE "part" SET "codedCode" = $1', ["x"], ["relation:part:codedcode"]],
    // composite: all columns, or any owner; a null in one of them is no owner
    ['UPDATE "part" SET "pairA" = $1, "pairB" = $2', [3, 4], [`relation-of:part:${PAIR}:1.3-1.4`]],
    ['UPDATE "part" SET "pairB" = $1, "pairA" = $2', [4, 3], [`relation-of:part:${PAIR}:1.3-1.4`]],
    ['UPDATE "part" SET "pairA" = $1', [3], [`relation:part:${PAIR}`]],
    ['UPDATE "part" SET "pairA" = $1, "pairB" = "pairB" + 1', [3], [`relation:part:${PAIR}`]],
    ['UPDATE "part" SET "pairA" = $1', [null], []],
    ['UPDATE "part" SET "pairA" = $1, "pairB" = $2', [3, null], []],
]

const PAIRS: readonly Case[] = [
    [
        'INSERT INTO "part_label" ("partId", "labelId") VALUES ($1, $2), ($3, $4)',
        [1, 2, 1, 3],
        ["relation-of:part_label:labelid:2", "relation-of:part_label:labelid:3", "relation-of:part_label:partid:1"],
    ],
    [
        'DELETE FROM "part_label" WHERE "partId" = $1 AND "labelId" = $2',
        [1, 2],
        ["relation-of:part_label:labelid:2", "relation-of:part_label:partid:1"],
    ],
    [
        'DELETE FROM "part_label" WHERE ("partId" = $1 AND "labelId" = $2) OR ("partId" = $3 AND "labelId" = $4)',
        [1, 2, 3, 4],
        [
            ...["relation-of:part_label:labelid:2", "relation-of:part_label:labelid:4"],
            ...["relation-of:part_label:partid:1", "relation-of:part_label:partid:3"],
        ],
    ],
    // one side alone: the other side's entries hold its row
    ['DELETE FROM "part_label" WHERE "partId" = $1', [1], ["relation-of:part_label:partid:1", "row:part:1"]],
    ['DELETE FROM "part_label" WHERE "labelId" = $1', [2], ["relation-of:part_label:labelid:2", "row:label:2"]],
    [
        'DELETE FROM "part_label" WHERE "labelId" IN ($1, $2)',
        [2, 3],
        [
            ...["relation-of:part_label:labelid:2", "relation-of:part_label:labelid:3"],
            ...["row:label:2", "row:label:3"],
        ],
    ],
    // the side that is not cached is not named
    ['DELETE FROM "part_mark" WHERE "partId" = $1', [1], ["relation-of:part_mark:partid:1", "row:part:1"]],
    ['DELETE FROM "part_mark" WHERE "labelId" = $1', [2], ["relation:part_mark:labelid", "relation:part_mark:partid"]],
    [
        'INSERT INTO "part_mark" ("partId", "labelId") VALUES ($1, $2)',
        [1, 2],
        ["relation-of:part_mark:partid:1", "relation:part_mark:labelid"],
    ],
    // any
    ['DELETE FROM "part_label"', undefined, ["relation:part_label:labelid", "relation:part_label:partid"]],
    [
        'DELETE FROM "part_label" WHERE "partId" > $1',
        [1],
        ["relation:part_label:labelid", "relation:part_label:partid"],
    ],
    [
        'DELETE FROM "part_label" WHERE "partId" = $1',
        undefined,
        ["relation:part_label:labelid", "relation:part_label:partid"],
    ],
    [
        'DELETE FROM "part_label" WHERE "partId" = $1 OR "labelId" = $2',
        [1, 2],
        [...["relation-of:part_label:labelid:2", "relation-of:part_label:partid:1"], ...["row:label:2", "row:part:1"]],
    ],
    [
        'UPDATE "part_label" SET "labelId" = $1 WHERE "partId" = $2',
        [3, 1],
        ["relation:part_label:labelid", "relation:part_label:partid"],
    ],
    [
        'INSERT INTO "part_label" ("partId", "labelId") SELECT "id", 2 FROM "part"',
        undefined,
        ["relation:part_label:labelid", "relation:part_label:partid"],
    ],
]

/** Of a junction that is an entity as well, and has the key of somebody else beside the pair. */
const STAMPS: readonly Case[] = [
    [
        'INSERT INTO "stamp" ("id", "byId", "partId", "labelId") VALUES ($1, $2, $3, $4)',
        [1, 7, 2, 3],
        ["relation-of:stamp:byid:7", "relation-of:stamp:labelid:3", "relation-of:stamp:partid:2"],
    ],
    [
        'DELETE FROM "stamp" WHERE "partId" = $1 AND "labelId" = $2',
        [2, 3],
        ["relation-of:stamp:labelid:3", "relation-of:stamp:partid:2"],
    ],
    ['DELETE FROM "stamp" WHERE "labelId" = $1', [3], ["relation-of:stamp:labelid:3", "row:label:3"]],
    ['DELETE FROM "stamp" WHERE "id" = $1', [1], ["relation:stamp:labelid", "relation:stamp:partid"]],
    [
        'DELETE FROM "stamp" WHERE "id" = $1 AND "byId" = $2',
        [1, 7],
        ["relation:stamp:labelid", "relation:stamp:partid"],
    ],
    [
        'UPDATE "stamp" SET "byId" = $1 WHERE "id" = $2',
        [7, 1],
        ["relation-of:stamp:byid:7", "relation:stamp:labelid", "relation:stamp:partid"],
    ],
]

/** Of relations without an inverse: another release of the program may have it, and cache it. */
const UNDECLARED: readonly Case[] = [
    ['INSERT INTO "loose" ("id", "ownerId") VALUES ($1, $2)', [1, 7], ["relation:loose:ownerid"]],
    ['INSERT INTO "loose" ("id", "ownerId") VALUES ($1, $2)', [1, null], []],
    ['UPDATE "loose" SET "ownerId" = $1 WHERE "id" = $2', [7, 1], ["relation:loose:ownerid"]],
    [
        'INSERT INTO "loose_label" ("looseId", "labelId") VALUES ($1, $2)',
        [1, 2],
        ["relation:loose_label:labelid", "relation:loose_label:looseid"],
    ],
    [
        'DELETE FROM "loose_label" WHERE "looseId" = $1',
        [1],
        ["relation:loose_label:labelid", "relation:loose_label:looseid"],
    ],
    [
        'UPDATE "loose" SET "gone" = NULL WHERE "id" = $1',
        [1],
        ["relation:loose:ownerid", "relation:loose_label:labelid"],
    ],
]

const OF_PARTS = [
    ...["relation:part:codedcode", "relation:part:ownerid", "relation:part:plainid", `relation:part:${PAIR}`],
    ...["relation:part_label:labelid", "relation:part_mark:labelid", "relation:stamp:labelid"],
].sort()

const SIGHT: readonly Case[] = [
    ['UPDATE "part" SET "gone" = $1 WHERE "id" = $2', [new Date(), 1], []],
    ['UPDATE "part" SET "gone" = $1 WHERE "id" = $2', [null, 1], OF_PARTS],
    ['UPDATE "part" SET "gone" = NULL WHERE "id" = 1', undefined, OF_PARTS],
    ['UPDATE "part" SET "gone" = "other" WHERE "id" = 1', undefined, OF_PARTS],
    ['UPDATE "part" SET "gone" = $1 WHERE "id" = 1', undefined, OF_PARTS],
    ['UPDATE "thing" SET "kind" = $1 WHERE "id" = $2', ["Small", 1], ["relation:thing:labelid"]],
    ['UPDATE "thing" SET "id" = $1 WHERE "id" = $2', [2, 1], []],
]

for (const { dialect, type, write } of FAMILIES)
    describe(`the owners that a write on ${dialect} names`, () => {
        let graph: LinkGraph
        before(async () => void (graph = new LinkGraph(await linkedEntities(type))))

        const tagsOf = (sql: string, parameters?: readonly unknown[]): string[] => {
            const { writes } = analyzeSql(sql, dialect)
            expect(writes, sql).to.have.length(1)
            const tags = new Set(linkTags(writes[0]!, parameters, graph, keys))
            return [...tags].map((tag) => tag.slice("p:t:".length)).sort()
        }

        for (const [title, cases] of Object.entries({
            "get rows by their foreign keys": ARRIVALS,
            "get or lose pairs": PAIRS,
            "get or lose pairs of an entity": STAMPS,
            "may get rows though no relation says so": UNDECLARED,
            "get rows that come into sight": SIGHT,
        }))
            describe(title, () => {
                for (const [sql, parameters, tags] of cases)
                    it(`${write(sql)} ${parameters === undefined ? "" : JSON.stringify(parameters)}`, () => {
                        expect(tagsOf(write(sql), parameters)).to.deep.equal([...tags].sort())
                    })
            })

        it("are none of a table that nobody is related to", () => {
            expect(tagsOf(write('UPDATE "other" SET "ownerId" = 1'))).to.deep.equal([])
        })

        it("are those of the rows that a default is null for", () => {
            const sql = `INSERT INTO "part" ("id", "ownerId", "plainId", "codedCode", "pairA", "pairB")
                VALUES (1, DEFAULT, DEFAULT, DEFAULT, 3, DEFAULT)`
            expect(tagsOf(write(sql))).to.deep.equal([])
        })

        it("are any when the statement names too many", () => {
            const rows = Array.from({ length: 1_999 }, (_, i) => `(${i}, 1)`).join(", ")
            const some = tagsOf(write(`INSERT INTO "part_label" ("partId", "labelId") VALUES ${rows}`))
            expect(some).to.have.length(2_000)
            const list = Array.from({ length: 2_001 }, (_, i) => i).join(", ")
            expect(tagsOf(write(`DELETE FROM "part_label" WHERE "partId" IN (${list})`))).to.deep.equal([
                "relation:part_label:labelid",
                "relation:part_label:partid",
            ])
        })

        it("are any when nobody knows what was written", () => {
            const wide = (table: string): string[] =>
                [...new Set(wideLinkTags(table, graph, keys))].map((tag) => tag.slice("p:t:".length)).sort()
            expect(wide("part")).to.deep.equal(OF_PARTS)
            expect(wide("part_label")).to.deep.equal(["relation:part_label:labelid", "relation:part_label:partid"])
            expect(wide("owner")).to.deep.equal([])
        })
    })

describe("the owners that an upsert names are any", () => {
    const UPSERTS: readonly (readonly [SqlDialect, sql: string])[] = [
        [
            "postgres",
            'INSERT INTO "part_label" ("partId", "labelId") VALUES (1, 2) ON CONFLICT ("partId") DO UPDATE SET "labelId" = 2',
        ],
        ["mysql", "INSERT INTO `part_label` (`partId`, `labelId`) VALUES (1, 2) ON DUPLICATE KEY UPDATE `labelId` = 2"],
        ["sqlite", 'REPLACE INTO "part_label" ("partId", "labelId") VALUES (1, 2)'],
        ["mssql", 'MERGE INTO "part_label" USING "x" ON 1 = 1 WHEN MATCHED THEN UPDATE SET "labelId" = 2;'],
    ]
    for (const [dialect, sql] of UPSERTS)
        it(`on ${dialect}`, async () => {
            const graph = new LinkGraph(await linkedEntities("postgres"))
            const { writes } = analyzeSql(sql, dialect)
            expect([...linkTags(writes[0]!, undefined, graph, keys)]).to.have.members([
                "p:t:relation:part_label:partid",
                "p:t:relation:part_label:labelid",
            ])
        })
})
