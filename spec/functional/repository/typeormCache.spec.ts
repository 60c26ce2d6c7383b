import { expect } from "chai"
import {
    Column,
    Entity,
    type FindManyOptions,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    RelationId,
} from "typeorm"
import { Cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { World } from "../subscriber/World"

@Entity("garage")
@Cached()
class Garage {
    @PrimaryColumn()
    id: number

    @OneToMany(() => Car, (car) => car.garage)
    cars: Car[]

    @RelationId((garage: Garage) => garage.cars)
    carIds: number[]
}

@Entity("car")
class Car {
    @PrimaryColumn()
    id: number

    @Column({ type: "int", nullable: true })
    garageId: number | null

    @ManyToOne(() => Garage, (garage) => garage.cars)
    @JoinColumn()
    garage: Garage | null
}

forEachDatabaseAndStore("TypeORM's own query cache, always enabled", (database, store) => {
    let world: World
    afterEach(async () => {
        await world.close()
        await database.cleanUp()
    })

    const READS: Record<string, FindManyOptions<Garage>> = {
        "ids of a relation": {},
        "a relation by a query of its own": { relations: { cars: true }, relationLoadStrategy: "query" },
        "ids of all relations": { loadRelationIds: true },
    }
    for (const [title, options] of Object.entries(READS))
        it(`has no part in what is loaded: ${title}`, async () => {
            const queryCache = { type: "database", alwaysEnabled: true, duration: 600_000 }
            world = await World.open(database, store, [Garage, Car], { dataSource: { cache: queryCache } as never })
            const { manager } = world.dataSource
            await manager.insert(Garage, { id: 1 })
            await manager.insert(Car, { id: 1, garageId: 1 })
            const read = async (): Promise<number[]> => (await world.cached(Garage).find(options))[0]!.carIds.sort()
            expect(await read()).to.deep.equal([1])
            await manager.insert(Car, { id: 2, garageId: 1 })
            expect(await read()).to.deep.equal([1, 2])
        })
})
