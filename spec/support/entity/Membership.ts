import { Column, Entity, PrimaryColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** With a composite primary key. */
@Entity()
@Cached()
export class Membership {
    @PrimaryColumn()
    groupId: number

    @PrimaryColumn()
    userId: string

    @Column()
    role: string
}
