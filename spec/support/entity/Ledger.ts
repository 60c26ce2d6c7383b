import { Column, Entity, PrimaryColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** With a bigint as its primary key: text on PostgreSQL and MariaDB, a number on SQLite. */
@Entity()
@Cached()
export class Ledger {
    @PrimaryColumn({ type: "bigint" })
    id: string

    @Column({ type: "bigint" })
    balance: string
}
