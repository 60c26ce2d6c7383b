import { ChildEntity, Column, Entity, PrimaryGeneratedColumn, TableInheritance } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** The root of a table that several classes share. */
@Entity()
@TableInheritance({ column: { type: "varchar", name: "type" } })
@Cached()
export class Animal {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string
}

@ChildEntity()
export class Cat extends Animal {
    @Column({ default: true })
    indoor: boolean
}

@ChildEntity()
export class Dog extends Animal {
    @Column({ type: "varchar", nullable: true })
    trick: string | null
}
