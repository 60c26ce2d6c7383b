import type { EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { type Change, changesOf } from "./Change"
import type { Family } from "./Family"
import { ClosureNode, PathNode } from "./oddEntity"

type Node = EntityTarget<ObjectLiteral>

const node = (m: EntityManager, target: Node, id: number): Promise<ObjectLiteral> => m.findOneByOrFail(target, { id })

/** Node 1 has 2 and 3, node 2 has 4; 5 is a root of its own. `lists` are children, `ones` parents. */
const CHANGES: readonly Change<Node>[] = changesOf<Node>([
    [
        "a move of a branch",
        "all",
        "all",
        async (m, it) => m.save(it, Object.assign(await node(m, it, 2), { parent: await node(m, it, 3) }) as never),
    ],
    ["a new leaf", [2], "all", async (m, it) => m.save(it, { id: 9, name: "leaf", parent: await node(m, it, 2) })],
    ["a new root", [], "all", (m, it) => m.save(it, { id: 9, name: "root" })],
    [
        "a new branch",
        [5],
        "all",
        async (m, it) =>
            m.save(it, Object.assign(await node(m, it, 5), { children: [{ id: 9, name: "leaf" }] }) as never),
    ],
    ["another name", [1], "all", (m, it) => m.update(it, 3, { name: "changed" })],
    ["a removed leaf", "all", "all", async (m, it) => m.remove(await node(m, it, 4))],
    [
        "an UPDATE of the parent",
        [1, 5],
        "all",
        (m, it) => {
            const { tableName } = m.connection.getMetadata(it)
            return m.query(`UPDATE ${tableName} SET ${m.connection.driver.escape("parentId")} = 5 WHERE id = 3`)
        },
    ],
])

const TREE_PARENTS: readonly (readonly [number, number | undefined])[] = [
    [1, undefined],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, undefined],
]

function treeOf(title: string, target: Node, tables: string[]): Family {
    const keys = [1, 2, 3, 4, 5].map((id) => ({ id }))
    return {
        title,
        tables,
        link: target,
        relations: [
            { target, relation: "children", keys, further: "children", side: "lists" },
            { target, relation: "parent", keys, further: "parent", side: "ones" },
        ],
        changes: CHANGES,
        fill: async (manager) => {
            for (const [id, parent] of TREE_PARENTS)
                await manager.save(target, {
                    id,
                    name: `node ${id}`,
                    ...(parent === undefined ? {} : { parent: await node(manager, target, parent) }),
                })
        },
    }
}

/** Trees whose rows refer to their parents. */
export const TREES: readonly Family[] = [
    treeOf("a tree of materialized paths", PathNode, ["path_node"]),
    treeOf("a tree of a closure table", ClosureNode, ["closure_node_closure", "closure_node"]),
]
