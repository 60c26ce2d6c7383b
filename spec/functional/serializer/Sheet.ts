import { Column, Entity, ManyToOne, OneToMany, PrimaryColumn } from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"

/** Frozen, with {@link Line}: what is stored of it stands in the fixtures of the format. */
@Entity()
@Cached({ uniqueKeys: [["code"]] })
export class Sheet {
    @PrimaryColumn()
    id: number

    @Column({ unique: true })
    code: string

    @Column({ type: "datetime" })
    signedAt: Date

    @Column({ type: "simple-json", nullable: true })
    details: unknown

    @Column({ type: "blob", nullable: true })
    seal: Buffer | null

    @Column({ type: "boolean", default: false })
    isOpen: boolean

    @Column({
        type: "varchar",
        transformer: { to: (value: bigint) => String(value), from: (text: string) => BigInt(text) },
    })
    total: bigint

    @OneToMany(() => Line, (line) => line.sheet)
    @CachedRelation()
    lines: Line[]
}

@Entity()
@Cached()
export class Line {
    @PrimaryColumn()
    id: number

    @Column({ type: "float" })
    amount: number

    @ManyToOne(() => Sheet, (sheet) => sheet.lines)
    @CachedRelation()
    sheet: Sheet
}
