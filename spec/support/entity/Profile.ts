import { Column, Entity, JoinColumn, OneToOne, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { Author } from "./Author"

@Entity()
@Cached()
export class Profile {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    website: string

    @OneToOne(() => Author, (author) => author.profile, { onDelete: "CASCADE" })
    @JoinColumn()
    @CachedRelation()
    author: Author
}
