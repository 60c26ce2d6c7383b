import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import {
    Animal,
    Cat,
    ClosureNode,
    ClosureRow,
    Dog,
    Fan,
    Follower,
    FollowerNote,
    Gadget,
    Item,
    Label,
    Membership,
    NestedNode,
    NestedRow,
    Owner,
    OwnerView,
    PathNode,
    PathRow,
    Piece,
    Ticket,
    Widget,
} from "./entity"
import { type Probe, probesOf } from "./probes"

/** Entities that are read and written together. */
export interface Family {
    readonly probes: readonly Probe[]
    fill(manager: EntityManager): Promise<unknown>
}

/** Anew each time: an insert writes into what it is given. */
const newOwners = (): ObjectLiteral[] =>
    [1, 2, 3].map((id) => ({ id, name: `owner ${id}`, email: `${id}@example.org`, hits: id }))
const owner = (relations: Record<string, string[]> = {}): Probe[] =>
    probesOf({ target: Owner, table: "owner", ids: [1, 2, 3], softDelete: true, relations })
const rows = (...owners: (number | null)[]): ObjectLiteral[] =>
    owners.map((id, i) => ({ id: i + 1, name: `row ${i + 1}`, owner: id === null ? null : { id } }))
/** What no write of another family may touch. */
const CONTROL = probesOf({ target: Gadget, table: "gadget", ids: [1] })

function family(probes: Probe[], fill: Family["fill"]): Family {
    return {
        probes: [...probes, ...CONTROL],
        fill: async (manager) => {
            await manager.insert(Gadget, { id: 1, name: "gadget" })
            await fill(manager)
        },
    }
}

function belongings(target: EntityTarget<ObjectLiteral>, table: string, owners: (number | null)[]): Family {
    const ids = owners.map((_, i) => i + 1)
    return family(
        [
            ...owner(table === "item" || table === "piece" ? { [`${table}s`]: [table] } : {}),
            ...probesOf({ target, table, ids, relations: { owner: ["owner"] } }),
        ],
        async (manager) => {
            await manager.insert(Owner, newOwners())
            await manager.insert(target, rows(...owners))
        },
    )
}

function named(target: EntityTarget<ObjectLiteral>, table: string): Family {
    return family(probesOf({ target, table, ids: [1, 2] }), (manager) =>
        manager.insert(target, [
            { id: 1, name: "one" },
            { id: 2, name: "two" },
        ]),
    )
}

function tree(target: EntityTarget<{ id: number; name: string }>, table: string, others: Probe[]): Family {
    const relations = { parent: [table], children: [table] }
    return family([...probesOf({ target, table, ids: [1, 2, 3, 4], relations }), ...others], async (manager) => {
        const parents: [number, number | undefined][] = [
            [1, undefined],
            [2, 1],
            [3, 1],
            [4, 2],
        ]
        for (const [id, parent] of parents)
            await manager.save(target, {
                id,
                name: `node ${id}`,
                ...(parent === undefined ? {} : { parent: { id: parent } }),
            })
    })
}

const newLabels = (): ObjectLiteral[] => [1, 2, 3].map((id) => ({ id, name: `label ${id}` }))
const LABEL = probesOf({
    target: Label,
    table: "label",
    ids: [1, 2, 3],
    relations: { owners: ["owner_label", "owner"] },
})

/** All tables, those that refer to others first. */
const TABLES = [
    ...[
        "owner_label",
        "item",
        "piece",
        "ticket",
        "fan",
        "follower_note",
        "follower",
        "label",
        "owner",
        "gadget",
        "widget",
    ],
    ...["closure_node_closure", "closure_node", "nested_node", "path_node", "animal", "membership"],
]

/** The families, by what they show. */
export const FAMILIES = {
    item: belongings(Item, "item", [1, 1, null, 2]),
    piece: belongings(Piece, "piece", [1, 1, 3]),
    ticket: belongings(Ticket, "ticket", [1, 2]),
    label: family([...owner({ labels: ["owner_label", "label"] }), ...LABEL], fillLabels),
    all: family(
        [
            ...owner({ labels: ["owner_label", "label"], items: ["item"] }),
            ...LABEL,
            ...probesOf({ target: Item, table: "item", ids: [1, 2], relations: { owner: ["owner"] } }),
        ],
        async (manager) => {
            await fillLabels(manager)
            await manager.insert(Item, rows(1, 1))
        },
    ),
    follower: family(
        [
            ...owner(),
            ...probesOf({ target: Follower, table: "follower", ids: [1, 2], relations: { owner: ["owner"] } }),
            ...probesOf({
                target: FollowerNote,
                table: "follower_note",
                ids: [1, 2],
                relations: { follower: ["follower"] },
            }),
            ...probesOf({ target: Fan, table: "fan", ids: [1, 2], relations: { owner: ["owner"] } }),
        ],
        async (manager) => {
            await manager.insert(Owner, newOwners())
            await manager.insert(Follower, rows(1, 3))
            await manager.insert(
                FollowerNote,
                [1, 2].map((id) => ({ id, name: `note ${id}`, follower: { id } })),
            )
            await manager.insert(Fan, rows(2, 3))
        },
    ),
    view: family(
        [...owner(), ...probesOf({ target: OwnerView, table: "owner_view", ids: [], order: { id: "ASC" } })],
        (manager) => manager.insert(Owner, newOwners()),
    ),
    animal: family(
        [
            ...probesOf({ target: Animal, table: "animal", ids: [1, 2] }),
            ...probesOf({ target: Cat, table: "animal", ids: [1] }).map((it) => ({ ...it, name: `cat ${it.name}` })),
            ...probesOf({ target: Dog, table: "animal", ids: [2] }).map((it) => ({ ...it, name: `dog ${it.name}` })),
        ],
        async (manager) => {
            await manager.insert(Cat, { id: 1, name: "Tom", indoor: true })
            await manager.insert(Dog, { id: 2, name: "Rex", trick: "roll" })
        },
    ),
    widget: named(Widget, "widget"),
    membership: family(
        [
            ...probesOf({ target: Membership, table: "membership", ids: [], order: { groupId: "ASC", userId: "ASC" } }),
            ...["ann", "bob"].map((userId): Probe => ({
                name: `membership: row 1 ${userId}`,
                target: Membership,
                tables: ["membership"],
                rows: [userId],
                read: (it) => it.findOneBy({ groupId: 1, userId }),
            })),
        ],
        (manager) =>
            manager.insert(
                Membership,
                ["ann", "bob"].map((userId) => ({ groupId: 1, userId, role: "guest" })),
            ),
    ),
    closure: tree(
        ClosureNode,
        "closure_node",
        probesOf({
            target: ClosureRow,
            table: "closure_node_closure",
            ids: [],
            order: { ancestor: "ASC", descendant: "ASC" },
        }),
    ),
    nested: tree(
        NestedNode,
        "nested_node",
        probesOf({ target: NestedRow, table: "nested_node", ids: [1, 2, 3, 4] }).map(shadow),
    ),
    path: tree(PathNode, "path_node", probesOf({ target: PathRow, table: "path_node", ids: [1, 2, 3, 4] }).map(shadow)),
} satisfies Record<string, Family>

function shadow(probe: Probe): Probe {
    return { ...probe, name: `shadow ${probe.name}` }
}

async function fillLabels(manager: EntityManager): Promise<void> {
    await manager.insert(Owner, newOwners())
    await manager.insert(Label, newLabels())
    for (const [id, label] of [
        [1, 1],
        [1, 2],
        [2, 1],
    ] as const)
        await manager.createQueryBuilder().relation(Owner, "labels").of(id).add(label)
}

/** Empties all tables and fills in the first rows of a family. */
export async function refill(dataSource: DataSource, { fill }: Family): Promise<void> {
    const { driver, manager } = dataSource
    for (const table of TABLES) {
        const name = driver.escape(table)
        // rows of a tree refer to each other
        if (table === "nested_node" || table === "path_node" || table === "closure_node")
            await dataSource.query(`UPDATE ${name} SET ${driver.escape("parentId")} = NULL`)
        await dataSource.query(`DELETE FROM ${name}`)
    }
    await restartNumbers(dataSource)
    await fill(manager)
}

/** Rows are numbered from 1 again. PostgreSQL's driver leaves the numbers to the database, whatever an insert says. */
async function restartNumbers(dataSource: DataSource): Promise<void> {
    if (dataSource.options.type !== "postgres") return
    const sequences = dataSource.entityMetadatas
        .filter(({ tableType, generatedColumns }) => tableType === "regular" && generatedColumns.length > 0)
        .map(({ tableName }) => `setval('"${tableName}_id_seq"', 1, false)`)
    await dataSource.query(`SELECT ${sequences.join(", ")}`)
}
