import {
    AfterLoad,
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
    VersionColumn,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"

// Keys are given, never generated, so that a few of them are hit again and again.

@Entity()
@Cached()
export class Team {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @OneToMany(() => Member, (member) => member.team)
    @CachedRelation()
    members: Member[]
}

@Entity()
@Cached({ uniqueKeys: [["email"]] })
export class Member {
    @PrimaryColumn()
    id: number

    @Column({ type: "varchar", unique: true, nullable: true })
    email: string | null

    @Column({ default: "" })
    name: string

    @Column({ default: 0 })
    age: number

    @Column({ type: "int", nullable: true })
    teamId: number | null

    @ManyToOne(() => Team, (team) => team.members, { onDelete: "SET NULL", onUpdate: "CASCADE", nullable: true })
    @JoinColumn({ name: "teamId" })
    @CachedRelation()
    team: Team | null

    @ManyToOne(() => Member, (member) => member.pupils, { onDelete: "SET NULL", onUpdate: "CASCADE", nullable: true })
    mentor: Member | null

    @OneToMany(() => Member, (member) => member.mentor)
    @CachedRelation()
    pupils: Member[]

    @ManyToMany(() => Badge, (badge) => badge.members)
    @JoinTable()
    @CachedRelation()
    badges: Badge[]

    @OneToMany(() => Post, (post) => post.member)
    @CachedRelation()
    posts: Post[]

    @OneToOne(() => Locker, (locker) => locker.member)
    @CachedRelation()
    locker: Locker | null

    @OneToMany(() => Pet, (pet) => pet.keeper)
    @CachedRelation()
    pets: Pet[]

    @OneToMany(() => Cat, (cat) => cat.friend)
    @CachedRelation({ maxSize: 2 })
    cats: Cat[]

    /** Lazy. */
    @OneToMany(() => Note, (note) => note.member)
    @CachedRelation()
    notes: Promise<Note[]>

    @VersionColumn({ default: 1 })
    version: number

    @DeleteDateColumn()
    deletedAt: Date | null
}

@Entity()
@Cached()
export class Badge {
    @PrimaryColumn()
    id: number

    @Column({ default: "" })
    name: string

    @ManyToMany(() => Member, (member) => member.badges)
    @CachedRelation()
    members: Member[]
}

@Entity()
@Cached()
export class Locker {
    @PrimaryColumn()
    id: number

    @OneToOne(() => Member, (member) => member.locker, { onDelete: "CASCADE", onUpdate: "CASCADE", nullable: true })
    @JoinColumn()
    @CachedRelation()
    member: Member | null
}

/** Both sides are lazy. */
@Entity()
@Cached()
export class Note {
    @PrimaryColumn()
    id: number

    @Column({ default: "" })
    text: string

    @ManyToOne(() => Member, (member) => member.notes, {
        onDelete: "SET NULL",
        onUpdate: "CASCADE",
        nullable: true,
    })
    @CachedRelation()
    member: Promise<Member | null>
}

/** Its member is eager, and its rows go with the member's. */
@Entity()
@Cached()
export class Post {
    @PrimaryColumn()
    id: number

    @Column({ default: "" })
    title: string

    @ManyToOne(() => Member, (member) => member.posts, {
        eager: true,
        onDelete: "CASCADE",
        onUpdate: "CASCADE",
        nullable: true,
    })
    @CachedRelation()
    member: Member | null
}

@Entity()
@Cached()
export class Score {
    @PrimaryColumn()
    round: number

    @PrimaryColumn()
    player: string

    @Column({ default: 0 })
    points: number

    @OneToMany(() => Cheer, (cheer) => cheer.score)
    @CachedRelation()
    cheers: Cheer[]

    loads: number

    @AfterLoad()
    loaded(): void {
        this.loads = (this.loads ?? 0) + 1
    }
}

/** Its foreign key has two columns; its score is eager, and not cached. */
@Entity()
@Cached()
export class Cheer {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Score, (score) => score.cheers, {
        eager: true,
        onDelete: "CASCADE",
        onUpdate: "CASCADE",
        nullable: true,
    })
    score: Score | null
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
@Cached()
export class Pet {
    @PrimaryColumn()
    id: number

    @Column({ default: "" })
    name: string

    @ManyToOne(() => Member, (member) => member.pets, { onDelete: "SET NULL", onUpdate: "CASCADE", nullable: true })
    @CachedRelation()
    keeper: Member | null
}

@ChildEntity()
export class Cat extends Pet {
    @Column({ default: 9 })
    lives: number

    @ManyToOne(() => Member, (member) => member.cats, { onDelete: "SET NULL", onUpdate: "CASCADE", nullable: true })
    @CachedRelation()
    friend: Member | null
}

@ChildEntity()
export class Dog extends Pet {
    @Column({ type: "varchar", nullable: true })
    trick: string | null
}

export const ENTITIES = [Team, Member, Badge, Locker, Note, Post, Score, Cheer, Pet, Cat, Dog]

/** Without foreign keys between a table and those behind it. */
export const TABLES = [Cheer, Note, Locker, Post, Pet, Member, Team, Badge, Score]
