import { expect } from "chai"
import { forEachDatabaseAndStore } from "../../support/databases"
import { SHOP } from "./entity"
import { FAMILIES, refill } from "./family"
import { type Touched, untouched } from "./probes"
import { World } from "./World"

type DatabaseName = "postgres" | "mariadb" | "sqlite"
type Statement = readonly [title: string, sql: string, touched: Touched, family?: "widget" | "follower"]

const BOTH: Touched = { widget: "rows", gadget: "rows" }
const FOLLOWED: Touched = { follower: "rows", follower_note: "rows", fan: "rows" }
const OWNER = "(id, name, email, hits, version) VALUES (1, 'new', 'new@example.org', 1, 1)"

const EVERYWHERE: readonly Statement[] = [
    ["in capitals, with comments", "/* a */ UPDATE widget -- b\n SET name = 'x' WHERE id = 1", { widget: [1] }],
    ["in small letters", "update widget set name = 'x' where id in (1, 2)", { widget: [1, 2] }],
    ["INSERT … SELECT", "INSERT INTO widget (id, name) SELECT id + 100, name FROM gadget", { widget: "lists" }],
    ["with a subquery", "DELETE FROM widget WHERE id IN (SELECT id FROM gadget)", { widget: "rows" }],
    ["of no row", "UPDATE widget SET name = 'x' WHERE id = 99", { widget: [99] }],
    ["that changes a key", "UPDATE widget SET id = 50 WHERE id = 1", { widget: "rows" }],
    [
        "DELETE that the database follows twice",
        "DELETE FROM owner WHERE id = 3",
        { owner: [3], ...FOLLOWED },
        "follower",
    ],
]

const STATEMENTS: Readonly<Record<DatabaseName, readonly Statement[]>> = {
    postgres: [
        [
            "a writing common table expression",
            "WITH gone AS (DELETE FROM widget WHERE id = 1 RETURNING name) INSERT INTO gadget (id, name) SELECT 70, name FROM gone",
            { widget: [1], gadget: "lists" },
        ],
        ["UPDATE … FROM", "UPDATE widget AS w SET name = g.name FROM gadget g WHERE w.id = g.id", { widget: "rows" }],
        ["DELETE … USING", "DELETE FROM widget USING gadget WHERE widget.id = gadget.id", { widget: "rows" }],
        [
            "MERGE",
            "MERGE INTO widget w USING gadget g ON w.id = g.id WHEN MATCHED THEN UPDATE SET name = 'merged'",
            { widget: "rows" },
        ],
        ["with its schema", `UPDATE ONLY "public"."widget" SET name = 'x' WHERE "id" = 1`, { widget: "rows" }],
        [
            "INSERT … ON CONFLICT DO UPDATE",
            "INSERT INTO widget (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            { widget: "rows" },
        ],
        ["TRUNCATE … CASCADE", "TRUNCATE owner CASCADE", everything("follower"), "follower"],
        ["DO", "DO $$ BEGIN UPDATE widget SET name = 'done'; END $$", everything("widget")],
        ["EXPLAIN ANALYZE", "EXPLAIN ANALYZE UPDATE widget SET name = 'x' WHERE id = 1", { widget: "rows" }],
    ],
    mariadb: [
        ["UPDATE of two tables", "UPDATE widget w JOIN gadget g ON w.id = g.id SET w.name = 'x', g.name = 'y'", BOTH],
        ["DELETE from two tables", "DELETE w, g FROM widget w JOIN gadget g ON w.id = g.id", BOTH],
        ["DELETE … USING", "DELETE FROM w USING widget AS w JOIN gadget g ON w.id = g.id", BOTH],
        ["REPLACE", "REPLACE INTO widget (id, name) VALUES (1, 'x')", { widget: "rows" }],
        [
            "REPLACE that the database follows",
            `REPLACE INTO owner ${OWNER}`,
            { owner: "rows", ...FOLLOWED },
            "follower",
        ],
        [
            "INSERT … ON DUPLICATE KEY UPDATE",
            "INSERT INTO widget (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = VALUES(name)",
            { widget: "rows" },
        ],
        ["in a comment that is run", "/*! UPDATE widget SET name = 'x' */", { widget: "rows" }],
        ["EXECUTE IMMEDIATE", "EXECUTE IMMEDIATE 'UPDATE widget SET name = ''x'''", everything("widget")],
    ],
    sqlite: [
        ["REPLACE", "REPLACE INTO widget (id, name) VALUES (1, 'x')", { widget: "rows" }],
        [
            "INSERT OR REPLACE that the database follows",
            `INSERT OR REPLACE INTO owner ${OWNER}`,
            { owner: "rows", ...FOLLOWED },
            "follower",
        ],
        ["UPDATE OR IGNORE", "UPDATE OR IGNORE widget SET name = 'x' WHERE id = 1", { widget: "rows" }],
        ["UPDATE … FROM", "UPDATE widget SET name = g.name FROM gadget g WHERE widget.id = g.id", { widget: "rows" }],
        [
            "behind a common table expression",
            "WITH some AS (SELECT 1 AS id) DELETE FROM widget WHERE id IN (SELECT id FROM some)",
            { widget: "rows" },
        ],
        [
            "INSERT … ON CONFLICT DO UPDATE",
            "INSERT INTO widget (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            { widget: "rows" },
        ],
    ],
}

forEachDatabaseAndStore("a statement of plain SQL", (database, store) => {
    let world: World
    before(async () => (world = await World.open(database, store, SHOP)))
    after(() => world.close())

    for (const [title, sql, touched, family = "widget"] of [...EVERYWHERE, ...STATEMENTS[database.name]]) {
        const { probes } = FAMILIES[family]
        for (const within of ["alone", "in a transaction"])
            it(`${title} is followed ${within}`, async () => {
                await refill(world.dataSource, FAMILIES[family])
                await world.cache.clear()
                const before = await world.prime(probes)
                if (within === "alone") await world.dataSource.query(sql)
                else await world.dataSource.transaction((manager) => manager.query(sql))
                const spared = untouched(probes, touched)
                expect(await world.hits(spared)).to.deep.equal(spared.map((probe) => probe.name))
                const now = await world.expectFresh(probes)
                if (title !== "of no row") expect(now).not.to.deep.equal(before)
            })
    }
})

function everything(family: keyof typeof FAMILIES): Touched {
    return Object.fromEntries(FAMILIES[family].probes.flatMap(({ tables }) => tables.map((table) => [table, "rows"])))
}
