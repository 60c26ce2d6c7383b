import { AfterLoad, Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** With a property that it computes from its columns after each load. */
@Entity()
@Cached()
export class Computed {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    first: string

    @Column()
    last: string

    full: string

    /** How often {@link compute} has run on this instance. */
    loads: number

    @AfterLoad()
    compute(): void {
        this.full = `${this.first} ${this.last}`
        this.loads = (this.loads ?? 0) + 1
    }
}
