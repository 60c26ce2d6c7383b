import type { EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { literal } from "./ListLink"

export interface PairLinkOptions {
    readonly left: EntityTarget<ObjectLiteral>
    /** The list on the owning side. */
    readonly rights: string
    readonly right: EntityTarget<ObjectLiteral>
    /** The list on the other side. */
    readonly lefts: string
    readonly leftKey?: (position: number) => ObjectLiteral
    readonly rightKey?: (position: number) => ObjectLiteral
}

/**
 * Two tables and the pairs between them: 1 with 1 and 2, 2 with 2, 3 with 3. Rows are called by their positions, whatever
 * their keys are.
 */
export class PairLink {
    readonly options: PairLinkOptions
    readonly left: EntityTarget<ObjectLiteral>
    readonly rights: string
    readonly right: EntityTarget<ObjectLiteral>
    readonly lefts: string

    constructor(options: PairLinkOptions) {
        this.options = options
        this.left = options.left
        this.rights = options.rights
        this.right = options.right
        this.lefts = options.lefts
    }

    leftKey(position: number): ObjectLiteral {
        return this.options.leftKey?.(position) ?? { id: position }
    }

    rightKey(position: number): ObjectLiteral {
        return this.options.rightKey?.(position) ?? { id: position }
    }

    async fill(manager: EntityManager): Promise<void> {
        await manager.insert(
            this.left,
            [1, 2, 3].map((at) => ({ ...this.leftKey(at), name: `left ${at}` })),
        )
        await manager.insert(
            this.right,
            [1, 2, 3].map((at) => ({ ...this.rightKey(at), name: `right ${at}` })),
        )
        for (const [left, right] of [
            [1, 1],
            [1, 2],
            [2, 2],
            [3, 3],
        ] as const)
            await manager.query(this.insertPair(manager, left, right))
    }

    /** The owning row with its list, as something to save. */
    withRights(left: number, rights: readonly number[]): ObjectLiteral {
        return { ...this.leftKey(left), [this.rights]: rights.map((at) => this.rightKey(at)) }
    }

    withLefts(right: number, lefts: readonly number[]): ObjectLiteral {
        return { ...this.rightKey(right), [this.lefts]: lefts.map((at) => this.leftKey(at)) }
    }

    /** The junction's name for SQL by hand. */
    table(manager: EntityManager): string {
        return manager.connection.driver.escape(this.#junction(manager).tableName)
    }

    insertPair(manager: EntityManager, left: number, right: number): string {
        const columns = [...this.#columns(manager, "left", left), ...this.#columns(manager, "right", right)]
        const names = columns.map(([name]) => name).join(", ")
        return `INSERT INTO ${this.table(manager)} (${names}) VALUES (${columns.map(([, value]) => value).join(", ")})`
    }

    /** `"leftId" = 1` */
    is(manager: EntityManager, side: "left" | "right", position: number, joint = " AND "): string {
        return this.#columns(manager, side, position)
            .map(([name, value]) => `${name} = ${value}`)
            .join(joint)
    }

    #columns(manager: EntityManager, side: "left" | "right", position: number): [string, string][] {
        const { ownerColumns, inverseColumns } = this.#junction(manager)
        const key = side === "left" ? this.leftKey(position) : this.rightKey(position)
        return (side === "left" ? ownerColumns : inverseColumns).map((column) => [
            manager.connection.driver.escape(column.databaseName),
            literal(column.referencedColumn!.getEntityValue(key)),
        ])
    }

    #junction(manager: EntityManager) {
        const metadata = manager.connection.getMetadata(this.left)
        return metadata.findRelationWithPropertyPath(this.rights)!.junctionEntityMetadata!
    }
}
