import { Column, Entity, Index, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** A row of about 280 bytes as JSON, of the types that most tables have. */
@Entity()
@Cached()
export class Article {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    @Index()
    section: number

    @Column()
    title: string

    @Column()
    slug: string

    @Column({ type: "text", nullable: true })
    summary: string | null

    @Column()
    views: number

    @Column({ default: true })
    published: boolean

    /** Counted up by every write: a reader tells by it how old a row is. */
    @Column({ default: 0 })
    version: number

    @Column()
    createdAt: Date

    @Column()
    updatedAt: Date
}

/** Rows of one section: the length of a list. */
export const SECTION_SIZE = 50

/** The values of the row with this id, without the id. */
export function articleAt(id: number): Omit<Article, "id"> {
    return {
        section: Math.ceil(id / SECTION_SIZE),
        title: `The ${id}th article of the benchmark`,
        slug: `the-${id}th-article-of-the-benchmark`,
        summary: `What article ${id} says, in one sentence of ordinary length.`,
        views: id * 7,
        published: id % 5 !== 0,
        version: 0,
        createdAt: new Date(1_700_000_000_000 + id * 1000),
        updatedAt: new Date(1_750_000_000_000 + id * 1000),
    }
}

/** How many there are. */
export const ARTICLES = 20_000
