import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { Book } from "./Book"

/** Its book is eager, and its rows go with the book's. */
@Entity()
@Cached()
export class Review {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    stars: number

    @ManyToOne(() => Book, (book) => book.reviews, { eager: true, onDelete: "CASCADE" })
    book: Book
}
