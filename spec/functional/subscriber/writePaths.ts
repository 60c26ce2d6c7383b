import { type DataSource, type EntityManager, type EntityTarget, MoreThan, type ObjectLiteral } from "typeorm"
import {
    Animal,
    Cat,
    ClosureNode,
    Dog,
    FollowerNote,
    Item,
    Label,
    Membership,
    NestedNode,
    Owner,
    OwnerView,
    PathNode,
    Ticket,
    Widget,
} from "./entity"
import type { FAMILIES } from "./family"
import type { Touched } from "./probes"

type DatabaseName = "postgres" | "mariadb" | "sqlite"

/** One way to write with TypeORM: a row of the table in the research on its events. */
export interface WritePath {
    readonly number: number
    readonly title: string
    readonly family: keyof typeof FAMILIES
    /** What it may touch: whatever else was cached stays so. */
    readonly touched: Touched
    write(manager: EntityManager): Promise<unknown>
    /** It changes nothing. */
    readonly isIdle?: boolean
    /** It takes a lock that holds up readers until the commit. */
    readonly locks?: readonly DatabaseName[]
    /** It cannot be part of another transaction. */
    readonly alone?: boolean
    /** Why this version of TypeORM does not have it. */
    missing?(dataSource: DataSource): string | undefined
}

const quoted = ({ connection }: EntityManager, name: string): string => connection.driver.escape(name)
const owner = (manager: EntityManager, id: number, relations: Record<string, boolean> = {}): Promise<Owner> =>
    manager.findOneOrFail(Owner, { where: { id }, relations })
const lacks = (method: string) => (dataSource: DataSource) =>
    method in dataSource.manager ? undefined : `this TypeORM has no ${method}()`
const NEW = { name: "new", email: "new@example.org" }
/** What the database may do with the owners' rows that go. */
const CASCADE: Touched = { follower: "rows", follower_note: "rows", fan: "rows", piece: "rows", owner_label: "rows" }

type Row = readonly [
    number: number,
    title: string,
    family: WritePath["family"],
    touched: Touched,
    write: WritePath["write"],
    more?: Partial<WritePath>,
]

const ROWS: readonly Row[] = [
    [1, "save() of a new row", "item", { item: "lists" }, (m) => m.save(Item, { name: "new", owner: { id: 1 } })],
    [1, "save() of a new instance", "item", { owner: "lists" }, (m) => m.save(m.create(Owner, NEW))],
    [
        2,
        "save() of a new row with reload: false",
        "item",
        { owner: "lists" },
        (m) => m.save(Owner, { ...NEW }, { reload: false }),
    ],
    [
        3,
        "save() of a changed row",
        "item",
        { owner: [1] },
        async (m) => m.save(Object.assign(await owner(m, 1), { name: "changed" })),
    ],
    [4, "save() of a part of a row", "item", { owner: [2] }, (m) => m.save(Owner, { id: 2, name: "changed" })],
    [5, "save() of an unchanged row", "item", {}, (m) => m.save(Owner, { id: 1, name: "owner 1" }), { isIdle: true }],
    [
        6,
        "save() with listeners: false",
        "item",
        { owner: [1] },
        (m) => m.save(Owner, { id: 1, name: "changed" }, { listeners: false }),
    ],
    [
        7,
        "save() with transaction: false",
        "item",
        { owner: [1] },
        (m) => m.save(Owner, { id: 1, name: "changed" }, { transaction: false }),
    ],
    [
        8,
        "save() of several rows",
        "item",
        { owner: [1, 2] },
        (m) =>
            m.save(
                Owner,
                [1, 2].map((id) => ({ id, name: "changed" })),
            ),
    ],
    [
        9,
        "save() of a row with new related rows",
        "all",
        { owner: "lists", item: "lists", label: "lists", owner_label: "lists" },
        (m) => m.save(Owner, { ...NEW, items: [{ name: "new" }], labels: [{ name: "new" }] }),
    ],
    [
        10,
        "save(owner) with labels put and taken away",
        "label",
        { owner_label: "rows" },
        async (m) => m.save(Owner, { id: 1, labels: [{ id: 2 }, { id: 3 }] }),
    ],
    [
        10,
        "save(label) with owners put and taken away",
        "label",
        { owner_label: "rows" },
        (m) => m.save(Label, { id: 1, owners: [{ id: 2 }, { id: 3 }] }),
    ],
    [11, "save(child) with another parent", "item", { item: [1] }, (m) => m.save(Item, { id: 1, owner: { id: 2 } })],
    [11, "save(child) without its parent", "item", { item: [2] }, (m) => m.save(Item, { id: 2, owner: null })],
    [
        12,
        "save(child) with another foreign key",
        "ticket",
        { ticket: [1] },
        (m) => m.save(Ticket, { id: 1, ownerId: 2 }),
    ],
    [
        13,
        "save(parent) with a child taken out",
        "item",
        { item: [2] },
        (m) => m.save(Owner, { id: 1, items: [{ id: 1 }] }),
    ],
    [
        14,
        "save(parent) with a child added",
        "item",
        { item: [3] },
        (m) => m.save(Owner, { id: 1, items: [{ id: 1 }, { id: 2 }, { id: 3 }] }),
    ],
    [
        15,
        `save(parent) with a child of orphanedRowAction "delete" taken out`,
        "piece",
        { piece: [2] },
        (m) => m.save(Owner, { id: 1, pieces: [{ id: 1 }] }),
    ],
    [16, "softRemove()", "item", { owner: [2] }, async (m) => m.softRemove(await owner(m, 2))],
    [
        16,
        "recover()",
        "item",
        { owner: [2] },
        async (m) => {
            const removed = await m.softRemove(await owner(m, 2))
            await m.update(Owner, 2, { name: "back" })
            await m.recover(removed)
        },
    ],
    [17, "remove() of a child", "item", { item: [1] }, async (m) => m.remove(await m.findOneByOrFail(Item, { id: 1 }))],
    [
        17,
        "remove() of a row of a junction's",
        "label",
        { ...CASCADE, owner: [2], label: [1] },
        async (m) => m.remove(await owner(m, 2, { labels: true })),
    ],
    [
        18,
        "remove(parent) with its children loaded",
        "piece",
        { ...CASCADE, owner: [3] },
        async (m) => m.remove(await owner(m, 3, { pieces: true })),
    ],
    [19, "delete(parent) that the database follows", "follower", { ...CASCADE, owner: [3] }, (m) => m.delete(Owner, 3)],
    [20, "insert()", "item", { owner: "lists" }, (m) => m.insert(Owner, { ...NEW })],
    [
        20,
        "insert() of a query builder",
        "item",
        { item: "lists" },
        (m) =>
            m
                .createQueryBuilder()
                .insert()
                .into(Item)
                .values([{ name: "a" }, { name: "b" }])
                .execute(),
    ],
    [
        21,
        "upsert() of a row that is there",
        "item",
        { owner: "rows" },
        (m) => m.upsert(Owner, { name: "upserted", email: "1@example.org" }, ["email"]),
    ],
    [
        21,
        "upsert() of a row that is there and a new one",
        "item",
        { owner: "rows" },
        (m) => m.upsert(Owner, [{ name: "upserted", email: "2@example.org" }, { ...NEW }], ["email"]),
    ],
    [
        22,
        "insert().orIgnore() of a row that is there",
        "widget",
        { widget: "rows" },
        (m) =>
            m
                .createQueryBuilder()
                .insert()
                .into(Widget)
                .values({ id: 1, name: "ignored" })
                .orIgnore()
                .execute()
                .catch(ignored),
        { isIdle: true },
    ],
    [
        22,
        "insert().orUpdate() of a row that is there",
        "widget",
        { widget: "rows" },
        (m) =>
            m
                .createQueryBuilder()
                .insert()
                .into(Widget)
                .values({ id: 1, name: "put" })
                .orUpdate(["name"], ["id"])
                .execute(),
    ],
    [23, "update() by key", "item", { owner: [1] }, (m) => m.update(Owner, 1, { name: "changed" })],
    [23, "update() by keys", "item", { item: [1, 3] }, (m) => m.update(Item, [1, 3], { name: "changed" })],
    [
        23,
        "update() by a condition",
        "item",
        { owner: "rows" },
        (m) => m.update(Owner, { hits: MoreThan(1) }, { name: "many" }),
    ],
    [
        23,
        "update() of a query builder by a key's parameter",
        "item",
        { owner: [2] },
        (m) =>
            m
                .createQueryBuilder()
                .update(Owner)
                .set({ hits: () => "hits + 1" })
                .where("id = :id", { id: 2 })
                .execute(),
    ],
    [
        23,
        "update() that finds nothing",
        "item",
        { owner: [99] },
        (m) => m.update(Owner, 99, { name: "x" }),
        { isIdle: true },
    ],
    [24, "increment()", "item", { owner: [1] }, (m) => m.increment(Owner, { id: 1 }, "hits", 5)],
    [
        24,
        "decrement() by a condition",
        "item",
        { owner: "rows" },
        (m) => m.decrement(Owner, { name: "owner 2" }, "hits", 5),
    ],
    [25, "delete() by key", "item", { item: [1] }, (m) => m.delete(Item, 1)],
    [25, "delete() by a condition", "item", { item: "rows" }, (m) => m.delete(Item, { name: "row 2" })],
    [
        25,
        "delete() of a query builder",
        "item",
        { item: [2] },
        (m) => m.createQueryBuilder().delete().from(Item).where("id = :id", { id: 2 }).execute(),
    ],
    [26, "softDelete()", "item", { owner: [3] }, (m) => m.softDelete(Owner, 3)],
    [
        26,
        "restore()",
        "item",
        { owner: "rows" },
        async (m) => {
            await m.softDelete(Owner, { hits: MoreThan(2) })
            await m.update(Owner, 3, { name: "back" })
            await m.restore(Owner, 3)
        },
    ],
    [
        27,
        "updateAll()",
        "item",
        { item: "rows" },
        (m) => (m as unknown as Whole).updateAll(Item, { name: "all" }),
        { missing: lacks("updateAll") },
    ],
    [
        27,
        "deleteAll()",
        "item",
        { item: "rows" },
        (m) => (m as unknown as Whole).deleteAll(Item),
        { missing: lacks("deleteAll") },
    ],
    [
        28,
        "clear()",
        "follower",
        { follower_note: "rows" },
        (m) => m.clear(FollowerNote),
        { locks: ["postgres", "mariadb"] },
    ],
    [
        29,
        "query() of a manager",
        "item",
        { owner: [1] },
        (m) => m.query(`UPDATE ${quoted(m, "owner")} SET name = 'raw' WHERE id = 1`),
    ],
    [
        29,
        "sql`` of a DataSource",
        "item",
        { owner: [1] },
        (m) => (m.connection as unknown as Tagged).sql`UPDATE owner SET name = ${"tagged"} WHERE id = ${1}`,
        { alone: true, missing: (it) => ("sql" in it ? undefined : "this TypeORM has no sql``") },
    ],
    [
        29,
        "query() of a query runner",
        "item",
        { item: "rows" },
        async (m) => {
            const runner = m.queryRunner ?? m.connection.createQueryRunner()
            try {
                await runner.query(`DELETE FROM ${quoted(m, "item")} WHERE name LIKE 'row%'`)
            } finally {
                if (m.queryRunner === undefined) await runner.release()
            }
        },
    ],
    [
        30,
        "update() of a query builder with callListeners(false)",
        "item",
        { owner: [1] },
        (m) =>
            m.createQueryBuilder().update(Owner).set({ name: "quiet" }).where({ id: 1 }).callListeners(false).execute(),
    ],
    [
        31,
        "update() of a query builder with useTransaction(true)",
        "item",
        { owner: [1] },
        (m) =>
            m.createQueryBuilder().update(Owner).set({ name: "own" }).where({ id: 1 }).useTransaction(true).execute(),
    ],
    [
        32,
        "update() of a query builder by the table's name",
        "item",
        { owner: [1] },
        (m) => m.createQueryBuilder().update("owner").set({ name: "named" }).where({ id: 1 }).execute(),
    ],
    [
        33,
        "relation().add() to many-to-many",
        "label",
        { owner_label: "rows" },
        (m) => m.createQueryBuilder().relation(Owner, "labels").of(3).add([1, 3]),
    ],
    [
        34,
        "relation().remove() from many-to-many",
        "label",
        { owner_label: "rows" },
        (m) => m.createQueryBuilder().relation(Label, "owners").of(1).remove(2),
    ],
    [
        35,
        "relation().set() of many-to-one",
        "item",
        { item: [3] },
        (m) => m.createQueryBuilder().relation(Item, "owner").of(3).set(2),
    ],
    [
        35,
        "relation().set(null) of many-to-one",
        "item",
        { item: [1] },
        (m) => m.createQueryBuilder().relation(Item, "owner").of(1).set(null),
    ],
    [
        36,
        "relation().add() to one-to-many",
        "item",
        { item: [3] },
        (m) => m.createQueryBuilder().relation(Owner, "items").of(1).add(3),
    ],
    [
        36,
        "relation().remove() from one-to-many",
        "item",
        { item: "rows" },
        (m) => m.createQueryBuilder().relation(Owner, "items").of(1).remove(2),
    ],
    [
        37,
        "save() of a child class",
        "animal",
        { animal: [1] },
        (m) => m.save(Cat, { id: 1, name: "cat", indoor: false }),
    ],
    [
        38,
        "save() of a child's instance as its parent",
        "animal",
        { animal: [2] },
        (m) => m.save(Animal, m.create(Dog, { id: 2, trick: "sit" })),
    ],
    [39, "save() of a plain parent", "animal", { animal: [1] }, (m) => m.save(Animal, { id: 1, name: "animal" })],
    [39, "update() of a parent", "animal", { animal: [2] }, (m) => m.update(Animal, 2, { name: "animal" })],
    [39, "delete() of a parent", "animal", { animal: [1] }, (m) => m.delete(Animal, 1)],
    [
        40,
        "save() of a class that inherits columns",
        "widget",
        { widget: [1] },
        (m) => m.save(Widget, { id: 1, name: "w" }),
    ],
    [
        41,
        "save() by a composite key",
        "membership",
        { membership: ["ann"] },
        (m) => m.save(Membership, { groupId: 1, userId: "ann", role: "admin" }),
    ],
    [
        41,
        "delete() by a composite key",
        "membership",
        { membership: ["bob"] },
        (m) => m.delete(Membership, { groupId: 1, userId: "bob" }),
    ],
    [
        42,
        "a move in a closure table",
        "closure",
        rowsOf("closure_node", "closure_node_closure"),
        (m) => move(m, ClosureNode),
    ],
    [
        42,
        "a new leaf in a closure table",
        "closure",
        rowsOf("closure_node", "closure_node_closure"),
        (m) => leaf(m, ClosureNode),
    ],
    [43, "a move in a nested set", "nested", rowsOf("nested_node"), (m) => move(m, NestedNode)],
    [43, "a new leaf in a nested set", "nested", rowsOf("nested_node"), (m) => leaf(m, NestedNode)],
    [
        43,
        "a removed leaf of a nested set",
        "nested",
        rowsOf("nested_node"),
        async (m) => m.remove(await node(m, NestedNode, 4)),
    ],
    [44, "a move in materialized paths", "path", rowsOf("path_node"), (m) => move(m, PathNode)],
    [44, "a new leaf in materialized paths", "path", rowsOf("path_node"), (m) => leaf(m, PathNode)],
    [
        45,
        "save() of a view's row, which TypeORM refuses",
        "view",
        {},
        (m) => m.save(OwnerView, { id: 1, name: "refused" }).catch(ignored),
        { isIdle: true },
    ],
    [
        45,
        "an update of what a view reads",
        "view",
        { owner: [1], owner_view: "rows" },
        (m) => m.update(Owner, 1, { name: "seen" }),
    ],
    [
        46,
        "insert().valuesFromSelect()",
        "widget",
        { widget: "lists" },
        (m) =>
            (m.createQueryBuilder().insert().into(Widget, ["name"]) as unknown as FromSelect)
                .valuesFromSelect(m.createQueryBuilder().select("w.name", "name").from(Widget, "w"))
                .execute(),
        {
            missing: ({ manager }) =>
                "valuesFromSelect" in manager.createQueryBuilder().insert()
                    ? undefined
                    : "this TypeORM has no valuesFromSelect()",
        },
    ],
    [
        47,
        "writes between BEGIN and COMMIT sent as plain SQL",
        "item",
        { owner: [1], item: [1] },
        async ({ connection }) => {
            const runner = connection.createQueryRunner()
            try {
                await runner.query("BEGIN")
                await runner.manager.save(Owner, { id: 1, name: "raw" }, { transaction: false })
                await runner.manager.update(Item, 1, { name: "raw" })
                await runner.query("COMMIT")
            } finally {
                await runner.release()
            }
        },
        { alone: true },
    ],
]

/** Every way to write, in the order of the research. */
export const WRITE_PATHS: readonly WritePath[] = ROWS.map(([number, title, family, touched, write, more]) => ({
    number,
    title,
    family,
    touched,
    write,
    ...more,
}))

interface Whole {
    updateAll(target: unknown, values: object): Promise<unknown>
    deleteAll(target: unknown): Promise<unknown>
}

interface Tagged {
    sql(strings: TemplateStringsArray, ...values: unknown[]): Promise<unknown>
}

interface FromSelect {
    valuesFromSelect(query: unknown): { execute(): Promise<unknown> }
}

type Node = EntityTarget<ObjectLiteral & { id: number; name: string }>

const node = (manager: EntityManager, target: Node, id: number): Promise<ObjectLiteral> =>
    manager.findOneByOrFail(target, { id })

/** Puts the second node, with the fourth below it, under the third. */
async function move(manager: EntityManager, target: Node): Promise<void> {
    const moved = await node(manager, target, 2)
    await manager.save(target, Object.assign(moved, { parent: await node(manager, target, 3) }) as never)
}

async function leaf(manager: EntityManager, target: Node): Promise<void> {
    await manager.save(target, { name: "leaf", parent: await node(manager, target, 2) } as never)
}

function rowsOf(...tables: string[]): Touched {
    return Object.fromEntries(tables.map((table) => [table, "rows"]))
}

function ignored(): void {}
