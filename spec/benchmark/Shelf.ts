import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"

/** Has ten volumes, as a plain and as a lazy relation: both are the same foreign key. */
@Entity()
@Cached()
export class Shelf {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @OneToMany(() => Volume, (volume) => volume.shelf)
    @CachedRelation()
    volumes: Volume[]

    @OneToMany(() => Volume, (volume) => volume.shelf)
    @CachedRelation()
    lazyVolumes: Promise<Volume[]>
}

/** A row of about 150 bytes as JSON. */
@Entity()
@Cached()
export class Volume {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    title: string

    @Column({ type: "text", nullable: true })
    summary: string | null

    @Column()
    pages: number

    @Column()
    createdAt: Date

    @ManyToOne(() => Shelf, (shelf) => shelf.volumes)
    shelf: Shelf
}

export const SHELVES = 100
export const VOLUMES_OF_EACH = 10

/** The values of the volume with this id, without the id. */
export function volumeAt(id: number): Omit<Volume, "id" | "shelf"> & { shelf: { id: number } } {
    return {
        title: `The ${id}th volume of the benchmark`,
        summary: `What volume ${id} says, in one sentence.`,
        pages: id * 7,
        createdAt: new Date(1_700_000_000_000 + id * 1000),
        shelf: { id: Math.ceil(id / VOLUMES_OF_EACH) },
    }
}
