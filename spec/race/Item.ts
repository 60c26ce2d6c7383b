import { Column, Entity, PrimaryColumn, VersionColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

/** What the actors of a race read and write. */
@Entity()
@Cached({ uniqueKeys: [["code"]] })
export class Item {
    @PrimaryColumn()
    id: number

    @Column({ unique: true })
    code: string

    @Column()
    kind: string

    @Column({ default: 0 })
    state: number

    @VersionColumn()
    version: number
}
