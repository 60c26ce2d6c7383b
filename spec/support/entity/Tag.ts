import { Column, Entity, ManyToMany, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Book } from "./Book"

@Entity()
@Cached()
export class Tag {
    @PrimaryGeneratedColumn()
    id: number

    @Column({ unique: true })
    name: string

    @ManyToMany(() => Book, (book) => book.tags)
    @CachedRelation()
    books: Book[]
}
