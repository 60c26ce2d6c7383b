import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** With a column that is read only when asked for. */
@Entity()
@Cached()
export class Secret {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    login: string

    @Column({ select: false })
    password: string
}
