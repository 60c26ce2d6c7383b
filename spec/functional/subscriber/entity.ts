import {
    Column,
    type DataSource,
    DeleteDateColumn,
    Entity,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    Tree,
    TreeChildren,
    TreeParent,
    VersionColumn,
    ViewColumn,
    ViewEntity,
} from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { Animal, Cat, Dog, Membership } from "../../support/entity"

@Entity("owner")
@Cached({ uniqueKeys: [["email"]] })
export class Owner {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @Column({ unique: true })
    email: string

    @Column({ default: 0 })
    hits: number

    @VersionColumn()
    version: number

    @DeleteDateColumn()
    deletedAt: Date | null

    @OneToMany(() => Item, (item) => item.owner, { cascade: true })
    items: Item[]

    @OneToMany(() => Piece, (piece) => piece.owner, { cascade: true })
    pieces: Piece[]

    @ManyToMany(() => Label, (label) => label.owners, { cascade: true })
    @JoinTable({ name: "owner_label" })
    labels: Label[]
}

/** Its foreign key is on no property, and holds its owner. */
@Entity("item")
@Cached()
export class Item {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Owner, (owner) => owner.items, { nullable: true })
    owner: Owner | null
}

/** Goes when its owner lets go of it. */
@Entity("piece")
@Cached()
export class Piece {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Owner, (owner) => owner.pieces, { orphanedRowAction: "delete", onDelete: "CASCADE" })
    owner: Owner
}

@Entity("label")
@Cached()
export class Label {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToMany(() => Owner, (owner) => owner.labels)
    owners: Owner[]
}

/** Its foreign key is a property. */
@Entity("ticket")
@Cached()
export class Ticket {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @Column({ type: "int", nullable: true })
    ownerId: number | null

    @ManyToOne(() => Owner, { nullable: true })
    @JoinColumn({ name: "ownerId" })
    owner: Owner | null
}

/** The database removes it with its owner. */
@Entity("follower")
@Cached()
export class Follower {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Owner, { onDelete: "CASCADE" })
    owner: Owner
}

/** The database removes it with its follower, two steps from the owner. */
@Entity("follower_note")
@Cached()
export class FollowerNote {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Follower, { onDelete: "CASCADE" })
    follower: Follower
}

/** The database takes its owner away. */
@Entity("fan")
@Cached()
export class Fan {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Owner, { onDelete: "SET NULL", nullable: true })
    owner: Owner | null
}

abstract class Named {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string
}

@Entity("gadget")
@Cached()
export class Gadget extends Named {}

@Entity("widget")
@Cached()
export class Widget extends Named {}

@Entity("closure_node")
@Tree("closure-table")
@Cached()
export class ClosureNode extends Named {
    @TreeParent({ onDelete: "CASCADE" })
    parent: ClosureNode | null

    @TreeChildren()
    children: ClosureNode[]
}

/** The rows beside {@link ClosureNode}, which no property shows. */
@Entity("closure_node_closure", { synchronize: false })
@Cached()
export class ClosureRow {
    @PrimaryColumn({ name: "id_ancestor" })
    ancestor: number

    @PrimaryColumn({ name: "id_descendant" })
    descendant: number
}

@Entity("nested_node")
@Tree("nested-set")
@Cached()
export class NestedNode extends Named {
    @TreeParent({ onDelete: "CASCADE" })
    parent: NestedNode | null

    @TreeChildren()
    children: NestedNode[]
}

/** The same rows with the columns that no property of {@link NestedNode} shows. */
@Entity("nested_node", { synchronize: false })
@Cached()
export class NestedRow {
    @PrimaryColumn()
    id: number

    @Column()
    nsleft: number

    @Column()
    nsright: number
}

@Entity("path_node")
@Tree("materialized-path")
@Cached()
export class PathNode extends Named {
    @TreeParent({ onDelete: "CASCADE" })
    parent: PathNode | null

    @TreeChildren()
    children: PathNode[]
}

/** The same rows with the column that no property of {@link PathNode} shows. */
@Entity("path_node", { synchronize: false })
@Cached()
export class PathRow {
    @PrimaryColumn()
    id: number

    @Column()
    mpath: string
}

@ViewEntity("owner_view", {
    dependsOn: [Owner],
    expression: (dataSource: DataSource) =>
        dataSource
            .createQueryBuilder()
            .select("owner.id", "id")
            .addSelect("owner.name", "name")
            .from(Owner, "owner")
            .withDeleted(),
})
@Cached()
export class OwnerView {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

export { Animal, Cat, Dog, Membership }

/** All entities of these specs. */
export const SHOP = [
    ...[Owner, Item, Piece, Label, Ticket, Follower, FollowerNote, Fan, Gadget, Widget, OwnerView],
    ...[ClosureNode, ClosureRow, NestedNode, NestedRow, PathNode, PathRow, Animal, Cat, Dog, Membership],
]
