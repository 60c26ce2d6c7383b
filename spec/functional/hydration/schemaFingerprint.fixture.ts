import "reflect-metadata"
import { Column, DataSource, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { graphFingerprint, schemaFingerprint } from "../../../lib/hydration/schemaFingerprint"
import { sqljs } from "./typeormVersions"

@Entity()
class Item {
    @PrimaryGeneratedColumn() id: number
    @Column({ type: "varchar", transformer: { to: (value: string) => value, from: (value: string) => value.trim() } })
    name: string
    @ManyToOne(() => Item) parent: Item
}

/** Prints the fingerprints. Run in a process of its own. */
async function main(): Promise<void> {
    const dataSource = await new DataSource(sqljs([Item])).initialize()
    const metadata = dataSource.getMetadata(Item)
    console.log(`${schemaFingerprint(metadata)} ${graphFingerprint(metadata)}`)
    await dataSource.destroy()
}

void main()
