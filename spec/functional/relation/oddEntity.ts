import {
    ChildEntity,
    Column,
    DeleteDateColumn,
    Entity,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    OneToOne,
    PrimaryColumn,
    TableInheritance,
    Tree,
    TreeChildren,
    TreeParent,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Numbered } from "./entity"

// One table for several classes: relations to the parent, to a child, and of a child.

@Entity("zoo")
@Cached()
export class Zoo extends Numbered {
    @OneToMany(() => Animal, (animal) => animal.zoo, { cascade: true })
    @CachedRelation()
    animals: Animal[]

    @OneToMany(() => Cat, (cat) => cat.cattery, { cascade: true })
    @CachedRelation()
    cats: Cat[]
}

@Entity("animal")
@TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })
@Cached()
export class Animal extends Numbered {
    @ManyToOne(() => Zoo, (zoo) => zoo.animals, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    zoo: Zoo | null
}

@ChildEntity("cat")
export class Cat extends Animal {
    @Column({ default: false })
    isIndoor: boolean

    @ManyToOne(() => Zoo, (zoo) => zoo.cats, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    cattery: Zoo | null
}

@ChildEntity("dog")
export class Dog extends Animal {
    @OneToMany(() => Bone, (bone) => bone.dog, { cascade: true })
    @CachedRelation()
    bones: Bone[]
}

@Entity("bone")
@Cached()
export class Bone extends Numbered {
    @ManyToOne(() => Dog, (dog) => dog.bones, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    dog: Dog | null
}

// What happens to rows that their owner lets go of.

@Entity("box_owner")
@Cached()
export class Holder extends Numbered {
    @OneToMany(() => Lost, (lost) => lost.holder, { cascade: true })
    @CachedRelation()
    losts: Lost[]

    @OneToMany(() => Faded, (faded) => faded.holder, { cascade: true })
    @CachedRelation()
    fadeds: Faded[]

    @OneToMany(() => Bound, (bound) => bound.holder, { cascade: true })
    @CachedRelation()
    bounds: Bound[]
}

/** Goes when its holder lets go of it. */
@Entity("lost")
@Cached()
export class Lost extends Numbered {
    @ManyToOne(() => Holder, (holder) => holder.losts, {
        nullable: true,
        onDelete: "CASCADE",
        orphanedRowAction: "delete",
    })
    @CachedRelation()
    holder: Holder | null
}

/** Is removed softly when its holder lets go of it. */
@Entity("faded")
@Cached()
export class Faded extends Numbered {
    @DeleteDateColumn()
    deletedAt: Date | null

    @ManyToOne(() => Holder, (holder) => holder.fadeds, {
        nullable: true,
        onDelete: "SET NULL",
        orphanedRowAction: "soft-delete",
    })
    @CachedRelation()
    holder: Holder | null
}

/** Cannot be without a holder: the database removes it with him. */
@Entity("bound")
@Cached()
export class Bound extends Numbered {
    @ManyToOne(() => Holder, (holder) => holder.bounds, { nullable: false, onDelete: "CASCADE" })
    @CachedRelation()
    holder: Holder
}

// Trees.

@Entity("path_node")
@Tree("materialized-path")
@Cached()
export class PathNode extends Numbered {
    @TreeChildren({ cascade: true })
    @CachedRelation()
    children: PathNode[]

    @TreeParent()
    @CachedRelation()
    parent: PathNode | null
}

@Entity("closure_node")
@Tree("closure-table")
@Cached()
export class ClosureNode extends Numbered {
    @TreeChildren({ cascade: true })
    @CachedRelation()
    children: ClosureNode[]

    @TreeParent()
    @CachedRelation()
    parent: ClosureNode | null
}

// One to one.

@Entity("citizen")
@Cached()
export class Citizen extends Numbered {
    @OneToOne(() => Passport, (passport) => passport.citizen, { cascade: true })
    @CachedRelation()
    passport: Passport | null
}

@Entity("passport")
@Cached()
export class Passport extends Numbered {
    @OneToOne(() => Citizen, (citizen) => citizen.passport, { nullable: true, onDelete: "SET NULL" })
    @JoinColumn()
    @CachedRelation()
    citizen: Citizen | null
}

// Pairs whose table is an entity as well.

@Entity("artist")
@Cached()
export class Artist extends Numbered {
    @ManyToMany(() => Song, (song) => song.artists, { cascade: true })
    @JoinTable({
        name: "performance",
        joinColumn: { name: "artistId" },
        inverseJoinColumn: { name: "songId" },
        synchronize: false,
    })
    @CachedRelation()
    songs: Song[]

    @OneToMany(() => Performance, (performance) => performance.artist)
    @CachedRelation()
    performances: Performance[]
}

@Entity("song")
@Cached()
export class Song extends Numbered {
    @ManyToMany(() => Artist, (artist) => artist.songs)
    @CachedRelation()
    artists: Artist[]

    @OneToMany(() => Performance, (performance) => performance.song)
    @CachedRelation()
    performances: Performance[]
}

@Entity("performance")
@Cached()
export class Performance {
    @PrimaryColumn()
    artistId: number

    @PrimaryColumn()
    songId: number

    @Column({ default: "" })
    stage: string

    @ManyToOne(() => Artist, (artist) => artist.performances, { onDelete: "CASCADE" })
    @JoinColumn({ name: "artistId" })
    @CachedRelation()
    artist: Artist

    @ManyToOne(() => Song, (song) => song.performances, { onDelete: "CASCADE" })
    @JoinColumn({ name: "songId" })
    @CachedRelation()
    song: Song
}

// Rows that always name an owner, whom nothing makes stay.

@Entity("hotel")
@Cached()
export class Hotel extends Numbered {
    @OneToMany(() => Guest, (guest) => guest.hotel)
    @CachedRelation()
    guests: Guest[]
}

@Entity("guest")
@Cached()
export class Guest extends Numbered {
    @ManyToOne(() => Hotel, (hotel) => hotel.guests, { nullable: false, createForeignKeyConstraints: false })
    @CachedRelation()
    hotel: Hotel
}
