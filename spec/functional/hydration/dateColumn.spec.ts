import { expect } from "chai"
import type { DataSource } from "typeorm"
import { hydratorOf } from "../../../lib/hydration/EntityHydrator"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { expectSame } from "./expectSame"
import { forEachTypeorm, metadataOf, sqljs } from "./typeormVersions"

forEachTypeorm((typeorm, within) => {
    describe("a column of dates", () => {
        const { Entity, PrimaryGeneratedColumn, Column, DataSource } = typeorm
        const Moment = within(() => {
            @Entity()
            class Moment {
                @PrimaryGeneratedColumn() id: number
                @Column("datetime", { nullable: true }) at: unknown
                @Column("text", { nullable: true }) note: unknown
            }
            return Moment
        })
        let dataSource: DataSource
        before(async () => {
            dataSource = await within(() => new DataSource(sqljs([Moment])).initialize())
        })
        after(() => dataSource.destroy())

        const record = (at: unknown, note: unknown = null): Encoded =>
            hydratorOf(metadataOf(dataSource, Moment)).dehydrate(Object.assign(new Moment(), { id: 1, at, note }))

        it("is kept as a bare number", () => {
            expect((record(new Date(7)) as unknown[])[2]).to.equal(7)
        })

        // a transformer of the application's may give anything for a date
        for (const value of [
            new Date(7),
            new Date(NaN),
            7,
            0,
            -0,
            1.5,
            NaN,
            Infinity,
            "7",
            null,
            true,
            [7],
            new Date(0),
        ])
            it(`gives back ${typeof value} ${String(value)} as it was`, () => {
                const entity = Object.assign(new Moment(), { id: 1, at: value, note: new Date(9) })
                const stored = JSON.parse(JSON.stringify(record(value, new Date(9)))) as Encoded
                expectSame(hydratorOf(metadataOf(dataSource, Moment)).hydrate(stored), entity)
            })
    })
})
