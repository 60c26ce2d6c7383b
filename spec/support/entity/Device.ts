import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { Cached } from "typeorm-second-level-cache"

export enum DeviceKind {
    Phone = "phone",
    Tablet = "tablet",
}

/** With a generated UUID as its primary key. */
@Entity()
@Cached()
export class Device {
    @PrimaryGeneratedColumn("uuid")
    id: string

    @Column()
    label: string

    @Column({ type: "simple-enum", enum: DeviceKind, default: DeviceKind.Phone })
    kind: DeviceKind
}
