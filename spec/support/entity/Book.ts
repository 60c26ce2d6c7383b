import {
    Column,
    Entity,
    JoinColumn,
    JoinTable,
    ManyToMany,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Author } from "./Author"
import { BytesColumn } from "./BytesColumn"
import { type Money, moneyTransformer } from "./Money"
import { Review } from "./Review"
import { Tag } from "./Tag"

@Entity()
@Cached()
export class Book {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    title: string

    @Column({ type: "decimal", precision: 10, scale: 2, nullable: true, transformer: moneyTransformer })
    price: Money | null

    @Column({ type: "simple-json", nullable: true })
    details: { pages?: number; languages?: string[] } | null

    @BytesColumn({ nullable: true })
    cover: Buffer | null

    /** Text on PostgreSQL and MariaDB. */
    @Column({ type: "bigint", default: 0 })
    views: string

    @Column({ nullable: true })
    publishedAt: Date

    /** The foreign key of {@link author}, as a column of its own. */
    @Column({ type: "int", nullable: true })
    authorId: number | null

    @ManyToOne(() => Author, (author) => author.books, { onDelete: "SET NULL", nullable: true })
    @JoinColumn({ name: "authorId" })
    @CachedRelation()
    author: Author | null

    /** Its foreign key is on no property. */
    @ManyToOne(() => Author, (author) => author.editedBooks, { onDelete: "SET NULL", nullable: true })
    @CachedRelation()
    editor: Author | null

    @ManyToMany(() => Tag, (tag) => tag.books)
    @JoinTable()
    @CachedRelation()
    tags: Tag[]

    @OneToMany(() => Review, (review) => review.book)
    reviews: Review[]
}
