import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

export class Geo {
    @Column({ type: "float", nullable: true })
    latitude: number | null

    @Column({ type: "float", nullable: true })
    longitude: number | null
}

export class Address {
    @Column()
    street: string

    @Column({ type: "varchar", nullable: true })
    city: string | null

    @Column(() => Geo)
    geo: Geo
}

/** With embedded columns, nested. */
@Entity()
@Cached()
export class Place {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string

    @Column(() => Address)
    address: Address
}

export class ShelfKey {
    @PrimaryColumn()
    hall: string

    @PrimaryColumn()
    row: number
}

/** With an embedded primary key. */
@Entity()
@Cached()
export class Shelf {
    @Column(() => ShelfKey)
    key: ShelfKey

    @Column()
    capacity: number
}
