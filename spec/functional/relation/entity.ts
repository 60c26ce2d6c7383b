import {
    Column,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import { Cached, cached, CachedRelation } from "typeorm-second-level-cache"

/** What every row has beside its key. */
export abstract class Named {
    @Column()
    name: string
}

export abstract class Numbered extends Named {
    @PrimaryColumn()
    id: number
}

// The same two tables, linked twice.

@Entity("author")
@Cached()
export class Author extends Numbered {
    @OneToMany(() => Book, (book) => book.author, { cascade: true })
    @CachedRelation()
    books: Book[]

    @OneToMany(() => Book, (book) => book.editor, { cascade: true })
    @CachedRelation()
    edited: Book[]
}

@Entity("book")
@Cached()
export class Book extends Numbered {
    @Column({ type: "int", nullable: true })
    authorId: number | null

    @ManyToOne(() => Author, (author) => author.books, { nullable: true, onDelete: "SET NULL" })
    @JoinColumn({ name: "authorId" })
    @CachedRelation()
    author: Author | null

    @ManyToOne(() => Author, (author) => author.edited, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    editor: Author | null
}

// Lazy on both sides.

@Entity("shop")
@Cached()
export class Shop extends Numbered {
    @OneToMany(() => Good, (good) => good.shop, { cascade: true, lazy: true })
    @CachedRelation()
    goods: Promise<Good[]>
}

@Entity("good")
@Cached()
export class Good extends Numbered {
    @ManyToOne(() => Shop, (shop) => shop.goods, { nullable: true, onDelete: "SET NULL", lazy: true })
    @CachedRelation()
    shop: Promise<Shop | null>
}

// An eager list.

@Entity("house")
@Cached()
export class House extends Numbered {
    @OneToMany(() => Room, (room) => room.house, { cascade: true, eager: true })
    @CachedRelation()
    rooms: Room[]
}

@Entity("room")
@Cached()
export class Room extends Numbered {
    @ManyToOne(() => House, (house) => house.rooms, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    house: House | null
}

// An eager parent: the list's rows have an eager relation of their own.

@Entity("school")
@Cached()
export class School extends Numbered {
    @OneToMany(() => Pupil, (pupil) => pupil.school, { cascade: true })
    @CachedRelation()
    pupils: Pupil[]
}

@Entity("pupil")
@Cached()
export class Pupil extends Numbered {
    @ManyToOne(() => School, (school) => school.pupils, { nullable: true, onDelete: "SET NULL", eager: true })
    @CachedRelation()
    school: School | null
}

// A composite key; of the lists one is of rows, one of pairs.

@Entity("branch")
@Cached()
export class Branch extends Named {
    @PrimaryColumn({ length: 2 })
    country: string

    @PrimaryColumn()
    number: number

    @OneToMany(() => Desk, (desk) => desk.branch, { cascade: true })
    @CachedRelation()
    desks: Desk[]

    @ManyToMany(() => Service, (service) => service.branches, { cascade: true })
    @JoinTable({ name: "branch_service" })
    @CachedRelation()
    services: Service[]
}

@Entity("desk")
@Cached()
export class Desk extends Numbered {
    @ManyToOne(() => Branch, (branch) => branch.desks, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    branch: Branch | null
}

@Entity("service")
@Cached()
export class Service extends Numbered {
    @ManyToMany(() => Branch, (branch) => branch.services, { onDelete: "CASCADE" })
    @CachedRelation()
    branches: Branch[]
}

// A table with itself, as a list and as pairs.

@Entity("member")
@Cached()
export class Member extends Numbered {
    @ManyToOne(() => Member, (member) => member.pupils, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    mentor: Member | null

    @OneToMany(() => Member, (member) => member.mentor, { cascade: true })
    @CachedRelation()
    pupils: Member[]

    @ManyToMany(() => Member, (member) => member.followers, { cascade: true })
    @JoinTable({
        name: "member_follows",
        joinColumn: { name: "followerId" },
        inverseJoinColumn: { name: "followedId" },
    })
    @CachedRelation()
    follows: Member[]

    @ManyToMany(() => Member, (member) => member.follows, { onDelete: "CASCADE" })
    @CachedRelation()
    followers: Member[]
}

// Keys that are no numbers.

@Entity("team")
@Cached()
export class Team extends Named {
    @PrimaryGeneratedColumn("uuid")
    id: string

    @OneToMany(() => Player, (player) => player.team, { cascade: true })
    @CachedRelation()
    players: Player[]

    @ManyToMany(() => Sponsor, (sponsor) => sponsor.teams, { cascade: true })
    @JoinTable({ name: "team_sponsor" })
    @CachedRelation()
    sponsors: Sponsor[]
}

@Entity("player")
@Cached()
export class Player extends Named {
    @PrimaryColumn({ length: 40 })
    id: string

    @ManyToOne(() => Team, (team) => team.players, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    team: Team | null
}

@Entity("sponsor")
@Cached()
export class Sponsor extends Named {
    @PrimaryColumn({ length: 40 })
    id: string

    @ManyToMany(() => Team, (team) => team.sponsors, { onDelete: "CASCADE" })
    @CachedRelation()
    teams: Team[]
}

// EntitySchemas: one of a class, one of none.

export class Keeper {
    id: number
    name: string

    @CachedRelation()
    crates: object[]
}

export const KeeperSchema = cached(
    new EntitySchema<Keeper>({
        name: "Keeper",
        target: Keeper,
        tableName: "keeper",
        columns: { id: { type: "int", primary: true }, name: { type: String } },
        relations: {
            crates: { type: "one-to-many", target: "Crate", inverseSide: "keeper", cascade: true },
        },
    }),
)

export const CrateSchema = cached(
    new EntitySchema<Numbered & { keeper: Keeper | null }>({
        name: "Crate",
        tableName: "crate",
        columns: { id: { type: "int", primary: true }, name: { type: String } },
        relations: {
            keeper: {
                type: "many-to-one",
                target: "Keeper",
                inverseSide: "crates",
                nullable: true,
                onDelete: "SET NULL",
            },
        },
    }),
)

// Relations of an embedded object.

export class Contact {
    @Column({ default: "" })
    mail: string

    @OneToMany(() => Phone, (phone) => phone.person, { cascade: true })
    @CachedRelation()
    phones: Phone[]

    @ManyToOne(() => Person, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    deputy: Person | null
}

@Entity("person")
@Cached()
export class Person extends Numbered {
    @Column(() => Contact)
    contact: Contact
}

@Entity("phone")
@Cached()
export class Phone extends Numbered {
    @ManyToOne(() => Person, (person) => person.contact.phones, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    person: Person | null
}

// A foreign key to a unique column.

@Entity("country")
@Cached()
export class Country extends Numbered {
    @Column({ unique: true, length: 10 })
    code: string

    @OneToMany(() => City, (city) => city.country, { cascade: true })
    @CachedRelation()
    cities: City[]
}

@Entity("city")
@Cached()
export class City extends Numbered {
    @ManyToOne(() => Country, (country) => country.cities, {
        nullable: true,
        onDelete: "SET NULL",
        onUpdate: "CASCADE",
    })
    @JoinColumn({ name: "countryCode", referencedColumnName: "code" })
    @CachedRelation()
    country: Country | null
}

// Rows that can be removed softly, on both sides.

@Entity("thread")
@Cached()
export class Thread extends Numbered {
    @DeleteDateColumn()
    deletedAt: Date | null

    @OneToMany(() => Post, (post) => post.thread, { cascade: true })
    @CachedRelation()
    posts: Post[]
}

@Entity("post")
@Cached()
export class Post extends Numbered {
    @DeleteDateColumn()
    deletedAt: Date | null

    @ManyToOne(() => Thread, (thread) => thread.posts, { nullable: true, onDelete: "SET NULL" })
    @CachedRelation()
    thread: Thread | null
}

// Pairs: plain, lazy, without foreign keys.

@Entity("student")
@Cached()
export class Student extends Numbered {
    @ManyToMany(() => Course, (course) => course.students, { cascade: true })
    @JoinTable({ name: "student_course" })
    @CachedRelation()
    courses: Course[]
}

@Entity("course")
@Cached()
export class Course extends Numbered {
    @ManyToMany(() => Student, (student) => student.courses, { onDelete: "CASCADE" })
    @CachedRelation()
    students: Student[]
}

@Entity("writer")
@Cached()
export class Writer extends Numbered {
    @ManyToMany(() => Paper, (paper) => paper.writers, { cascade: true, lazy: true })
    @JoinTable({ name: "writer_paper" })
    @CachedRelation()
    papers: Promise<Paper[]>
}

@Entity("paper")
@Cached()
export class Paper extends Numbered {
    @ManyToMany(() => Writer, (writer) => writer.papers, { lazy: true, onDelete: "CASCADE" })
    @CachedRelation()
    writers: Promise<Writer[]>
}

@Entity("box")
@Cached()
export class Box extends Numbered {
    @ManyToMany(() => Sticker, (sticker) => sticker.boxes, { cascade: true, createForeignKeyConstraints: false })
    @JoinTable({ name: "box_sticker" })
    @CachedRelation()
    stickers: Sticker[]
}

@Entity("sticker")
@Cached()
export class Sticker extends Numbered {
    @ManyToMany(() => Box, (box) => box.stickers, { createForeignKeyConstraints: false })
    @CachedRelation()
    boxes: Box[]
}
