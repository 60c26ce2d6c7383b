import type { DataSource } from "typeorm"
import { CachedRelation } from "typeorm-second-level-cache"
import { dataSourceOf } from "../../../lib/metadata/dataSourceOf"
import { metadataFor } from "../key/library"

/** Tables whose rows have owners in every way. Relations without `@CachedRelation` are called `plain`. */
export async function linkedEntities(type: string): Promise<DataSource> {
    const metadata = await metadataFor("typeorm", type, (t) => {
        @t.Entity()
        class Owner {
            @t.PrimaryColumn({ type: "int" }) id: unknown
            @t.Column({ type: "varchar", unique: true }) code: unknown
            @t.OneToMany(() => Part, (part: { owner: unknown }) => part.owner) @CachedRelation() parts: unknown
            @t.OneToMany(() => Part, (part: { plain: unknown }) => part.plain) plain: unknown
            @t.OneToMany(() => Part, (part: { coded: unknown }) => part.coded) @CachedRelation() coded: unknown
            @t.OneToMany(() => Stamp, (stamp: { by: unknown }) => stamp.by) @CachedRelation() stamps: unknown
        }

        @t.Entity()
        class Part {
            @t.PrimaryColumn({ type: "int" }) id: unknown
            @t.ManyToOne(() => Owner, (owner) => owner.parts) owner: unknown
            @t.ManyToOne(() => Owner, (owner) => owner.plain) plain: unknown
            @t.ManyToOne(() => Owner, (owner) => owner.coded)
            @t.JoinColumn({ referencedColumnName: "code" })
            coded: unknown
            @t.ManyToOne(() => Pair, (pair: { parts: unknown }) => pair.parts) pair: unknown
            @t.ManyToMany(() => Label, (label: { parts: unknown }) => label.parts)
            @t.JoinTable({ name: "part_label" })
            @CachedRelation()
            labels: unknown
            @t.ManyToMany(() => Label, (label: { plain: unknown }) => label.plain)
            @t.JoinTable({ name: "part_mark" })
            @CachedRelation()
            marks: unknown
            @t.ManyToMany(() => Label, (label: { stamped: unknown }) => label.stamped)
            @t.JoinTable({ name: "stamp" })
            @CachedRelation()
            stamps: unknown
            @t.DeleteDateColumn() gone: unknown
        }

        @t.Entity()
        class Label {
            @t.PrimaryColumn({ type: "int" }) id: unknown
            @t.ManyToMany(() => Part, (part) => part.labels) @CachedRelation() parts: unknown
            @t.ManyToMany(() => Part, (part) => part.marks) plain: unknown
            @t.ManyToMany(() => Part, (part) => part.stamps) @CachedRelation() stamped: unknown
            @t.OneToMany(() => Stamp, (stamp) => stamp.label) @CachedRelation() stamps: unknown
            @t.OneToMany(() => Small, (small: { label: unknown }) => small.label) @CachedRelation() small: unknown
        }

        /** A junction that is an entity as well. */
        @t.Entity()
        class Stamp {
            @t.PrimaryColumn({ type: "int" }) id: unknown
            @t.ManyToOne(() => Owner, (owner) => owner.stamps) by: unknown
            @t.ManyToOne(() => Part) part: unknown
            @t.ManyToOne(() => Label, (label) => label.stamps) label: unknown
        }

        /** Nobody declares what is on the other side of its relations. */
        @t.Entity()
        class Loose {
            @t.PrimaryColumn({ type: "int" }) id: unknown
            @t.ManyToOne(() => Owner) owner: unknown
            @t.ManyToMany(() => Label) @t.JoinTable({ name: "loose_label" }) labels: unknown
            @t.DeleteDateColumn() gone: unknown
        }

        @t.Entity()
        class Pair {
            @t.PrimaryColumn({ type: "int" }) a: unknown
            @t.PrimaryColumn({ type: "int" }) b: unknown
            @t.OneToMany(() => Part, (part) => part.pair) @CachedRelation() parts: unknown
        }

        @t.Entity()
        @t.TableInheritance({ column: { type: "varchar", name: "kind" } })
        class Thing {
            @t.PrimaryColumn({ type: "int" }) id: unknown
        }

        @t.ChildEntity()
        class Small extends Thing {
            @t.ManyToOne(() => Label, (label) => label.small) label: unknown
        }

        return [Owner, Part, Label, Stamp, Loose, Pair, Thing, Small]
    })
    return dataSourceOf(metadata)
}
