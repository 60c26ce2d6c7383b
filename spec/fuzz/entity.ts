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
    pupils: Member[]

    @ManyToMany(() => Badge, (badge) => badge.members)
    @JoinTable()
    @CachedRelation()
    badges: Badge[]

    @OneToMany(() => Post, (post) => post.member)
    posts: Post[]

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
    members: Member[]
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

    loads: number

    @AfterLoad()
    loaded(): void {
        this.loads = (this.loads ?? 0) + 1
    }
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
@Cached()
export class Pet {
    @PrimaryColumn()
    id: number

    @Column({ default: "" })
    name: string
}

@ChildEntity()
export class Cat extends Pet {
    @Column({ default: 9 })
    lives: number
}

@ChildEntity()
export class Dog extends Pet {
    @Column({ type: "varchar", nullable: true })
    trick: string | null
}

export const ENTITIES = [Team, Member, Badge, Post, Score, Pet, Cat, Dog]
