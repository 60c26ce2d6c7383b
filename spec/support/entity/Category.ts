import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"

/** Related to itself. */
@Entity()
@Cached()
export class Category {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @ManyToOne(() => Category, (category) => category.children, { nullable: true, onDelete: "CASCADE" })
    @CachedRelation()
    parent: Category | null

    @OneToMany(() => Category, (category) => category.parent)
    @CachedRelation()
    children: Category[]
}
