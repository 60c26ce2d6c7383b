import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Author } from "./Author"

/** Its author is lazy. */
@Entity()
@Cached()
export class Note {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    text: string

    @ManyToOne(() => Author, (author) => author.notes, { onDelete: "CASCADE" })
    @CachedRelation()
    author: Promise<Author>
}
