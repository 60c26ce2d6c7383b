import "reflect-metadata"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { hydratorOf } from "../../../lib/hydration/EntityHydrator"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { expectSame } from "./expectSame"
import { sqljs } from "./typeormVersions"

class Point {
    @Column({ nullable: true, type: "int" }) x: number | null
}

class Place {
    @Column() name: string
    @Column(() => Point) point: Point
}

@Entity()
class Event {
    @PrimaryGeneratedColumn() id: number
    @Column("datetime") at: Date
    @Column({ select: false, default: "s" }) secret: string
    @Column(() => Place) place: Place
}

/** Prints "generated" or "forbidden", and "same" when hydration works. Run in a process of its own. */
async function main(): Promise<void> {
    let mode = "generated"
    try {
        new Function("return 0")
    } catch {
        mode = "forbidden"
    }
    const dataSource = await new DataSource(sqljs([Event])).initialize()
    const repository = dataSource.getRepository(Event)
    await repository.save([
        { at: new Date(5), place: { name: "a", point: { x: 1 } } },
        { at: new Date(6), place: { name: "b", point: { x: null } } },
    ])
    const hydrator = hydratorOf(repository.metadata)
    for (const entity of [
        ...(await repository.find()),
        ...(await repository.find({ select: { id: true, place: { point: { x: true } } } })),
        ...(await repository.find({ select: { id: true } })),
    ])
        expectSame(hydrator.hydrate(JSON.parse(JSON.stringify(hydrator.dehydrate(entity))) as Encoded), entity)
    await dataSource.destroy()
    console.log(`${mode} same`)
}

void main()
