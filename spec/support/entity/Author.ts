import {
    Column,
    CreateDateColumn,
    DeleteDateColumn,
    Entity,
    OneToMany,
    OneToOne,
    PrimaryGeneratedColumn,
    UpdateDateColumn,
    VersionColumn,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Book } from "./Book"
import { Note } from "./Note"
import { Profile } from "./Profile"

@Entity()
@Cached({ uniqueKeys: [["email"]] })
export class Author {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @Column({ unique: true })
    email: string

    @Column({ type: "text", nullable: true })
    bio: string | null

    @Column({ default: 0 })
    age: number

    @Column({ default: true })
    active: boolean

    @VersionColumn()
    version: number

    @CreateDateColumn()
    createdAt: Date

    @UpdateDateColumn()
    updatedAt: Date

    @DeleteDateColumn()
    deletedAt: Date | null

    @OneToMany(() => Book, (book) => book.author)
    @CachedRelation()
    books: Book[]

    @OneToMany(() => Book, (book) => book.editor)
    editedBooks: Book[]

    @OneToOne(() => Profile, (profile) => profile.author)
    @CachedRelation()
    profile: Profile | null

    /** Lazy. */
    @OneToMany(() => Note, (note) => note.author)
    @CachedRelation()
    notes: Promise<Note[]>
}
