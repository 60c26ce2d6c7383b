import {
    Column,
    DeleteDateColumn,
    Entity,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    type Relation,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"

/** What the actors of a race read and write of relations. */
@Entity()
@Cached()
export class Shelf {
    @PrimaryColumn()
    id: number

    @Column({ default: 0 })
    state: number

    @OneToMany(() => Tome, (tome) => tome.shelf)
    @CachedRelation()
    tomes: Relation<Tome[]>

    /** Lazy. */
    @OneToMany(() => Slip, (slip) => slip.shelf)
    @CachedRelation()
    slips: Promise<Slip[]>

    @DeleteDateColumn()
    goneAt: Date | null
}

/** Its rows go with the shelf's. */
@Entity()
@Cached()
export class Tome {
    @PrimaryColumn()
    id: number

    @Column({ default: 0 })
    state: number

    @ManyToOne(() => Shelf, (shelf) => shelf.tomes, { nullable: true, onDelete: "CASCADE" })
    @CachedRelation()
    shelf: Shelf | null

    @ManyToMany(() => Mark, (mark) => mark.tomes)
    @JoinTable({ name: "tome_mark" })
    @CachedRelation()
    marks: Relation<Mark[]>

    @DeleteDateColumn()
    goneAt: Date | null
}

@Entity()
@Cached()
export class Mark {
    @PrimaryColumn()
    id: number

    @Column({ default: 0 })
    state: number

    @ManyToMany(() => Tome, (tome) => tome.marks)
    @CachedRelation()
    tomes: Tome[]
}

@Entity()
@Cached()
export class Slip {
    @PrimaryColumn()
    id: number

    @Column({ default: 0 })
    state: number

    @ManyToOne(() => Shelf, (shelf) => shelf.slips, { nullable: true, onDelete: "CASCADE" })
    @CachedRelation()
    shelf: Promise<Shelf | null>
}
