import { expect } from "chai"
import { existsSync } from "node:fs"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { forEachDatabase } from "./databases"
import { ServerProcess } from "./server/ServerProcess"
import { whyNotStartable } from "./servers"
import { startMariadb } from "./startMariadb"
import { startPostgres } from "./startPostgres"
import { pingRedis, startRedis } from "./startRedis"
import { describeRedis } from "./stores"

@Entity()
class Sample {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string
}

forEachDatabase("the harness", (database) => {
    it("gives an empty database to each DataSource", async () => {
        const first = await database.createDataSource({ entities: [Sample] })
        const second = await database.createDataSource({ entities: [Sample] })
        await first.getRepository(Sample).save({ name: "one" })

        expect(await first.getRepository(Sample).count()).to.equal(1)
        expect(await second.getRepository(Sample).count()).to.equal(0)
    })

    it("destroys the DataSources when it cleans up", async () => {
        const dataSource = await database.createDataSource({ entities: [Sample] })
        await database.cleanUp()

        expect(dataSource.isInitialized).to.equal(false)
    })

    if (database.name !== "sqlite")
        it("drops the databases when it cleans up", async () => {
            const dataSource = await database.createDataSource({ entities: [Sample] })
            const options = database.optionsOf(dataSource)
            await dataSource.getRepository(Sample).save({ name: "one" })
            await database.cleanUp()

            const again = await database.createDataSource({ entities: [Sample] })
            expect(database.optionsOf(again).database).not.to.equal(options.database)
            const [{ count }] = (await again.query(
                database.name === "postgres"
                    ? `SELECT count(*) AS count FROM pg_database WHERE datname = '${String(options.database)}'`
                    : `SELECT count(*) AS count FROM information_schema.schemata WHERE schema_name = '${String(options.database)}'`,
            )) as [{ count: unknown }]
            expect(Number(count)).to.equal(0)
        })
})
