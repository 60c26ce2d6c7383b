import { expect } from "chai"
import type { DataSource } from "typeorm"
import { hydratorOf } from "../../../lib/hydration/EntityHydrator"
import type { Encoded } from "../../../lib/serializer/ValueCodec"
import { chosen, leaveOut, START_TIMEOUT } from "../../support/choice"
import type { Backend, OpenDatabase } from "../../support/database/Backend"
import { mariadbBackend } from "../../support/database/mariadbBackend"
import { postgresBackend } from "../../support/database/postgresBackend"
import { expectSame } from "./expectSame"
import { forEachTypeorm, metadataOf } from "./typeormVersions"
import type { Typeorm } from "./typeormVersions"

interface Database {
    readonly backend: Backend
    readonly columns: Record<string, object>
    readonly rows: readonly object[]
}

const DATABASES: readonly Database[] = [
    {
        backend: postgresBackend,
        columns: {
            big: { type: "bigint" },
            money: { type: "numeric", precision: 20, scale: 4 },
            double: { type: "double precision" },
            flag: { type: "boolean" },
            uuid: { type: "uuid" },
            at: { type: "timestamp" },
            atZone: { type: "timestamptz" },
            day: { type: "date" },
            clock: { type: "time" },
            bytes: { type: "bytea" },
            json: { type: "json" },
            jsonb: { type: "jsonb" },
            ints: { type: "int", array: true },
            dates: { type: "timestamptz", array: true },
            texts: { type: "text", array: true },
            letters: { type: "enum", enum: ["a", "b"], array: true },
            number: { type: "enum", enum: [1, 2] },
            span: { type: "interval" },
            spans: { type: "interval", array: true },
            point: { type: "point" },
            circle: { type: "circle" },
            box: { type: "box" },
            range: { type: "int4range" },
            address: { type: "inet" },
        },
        rows: [
            {
                big: "9223372036854775807",
                money: "123.4500",
                double: NaN,
                flag: false,
                uuid: "6f1b2c1e-7f0a-4a53-9a3b-0e6a3a0e5f11",
                at: new Date("2020-01-02T03:04:05.678Z"),
                atZone: new Date("2020-01-02T03:04:05.678Z"),
                day: "2020-02-29",
                clock: "12:34:56",
                bytes: Buffer.from([0, 255]),
                json: { date: "2020-01-01T00:00:00.000Z", $: "D", v: 1 },
                jsonb: [1, null, { a: [] }],
                ints: [1, null, 3],
                dates: [new Date(0), new Date(1)],
                texts: ["a", 'b"'],
                letters: ["a"],
                number: 2,
                span: "1 year 2 days 03:04:05.678",
                spans: ["1 day", "-00:00:01"],
                point: "(1.5,2)",
                circle: "<(1,2),3>",
                box: "(1,1),(0,0)",
                range: "[1,5)",
                address: "10.0.0.1",
            },
            {},
            { double: Infinity, span: "0", json: "text", jsonb: 5, ints: [], texts: [] },
        ],
    },
    {
        backend: mariadbBackend,
        columns: {
            big: { type: "bigint" },
            money: { type: "decimal", precision: 20, scale: 4 },
            double: { type: "double" },
            flag: { type: "boolean" },
            at: { type: "datetime", precision: 3 },
            day: { type: "date" },
            clock: { type: "time" },
            bytes: { type: "varbinary", length: 10 },
            blob: { type: "blob" },
            json: { type: "json" },
            letters: { type: "set", enum: ["a", "b"] },
            point: { type: "point" },
            year: { type: "year" },
        },
        rows: [
            {
                big: "9223372036854775807",
                money: "123.4500",
                double: -0.5,
                flag: true,
                at: new Date("2020-01-02T03:04:05.678Z"),
                day: "2020-02-29",
                clock: "12:34:56",
                bytes: Buffer.from([0, 255]),
                blob: Buffer.from("blob"),
                json: { a: ["2020-01-01T00:00:00.000Z"] },
                letters: ["a", "b"],
                point: "POINT(1 2)",
                year: 2020,
            },
            {},
        ],
    },
]

function define({ Entity, PrimaryGeneratedColumn, Column }: Typeorm, columns: Record<string, object>) {
    @Entity("hydration_value")
    class Value {
        @PrimaryGeneratedColumn() id: number
    }
    for (const [name, options] of Object.entries(columns))
        Column({ nullable: true, ...options } as never)(Value.prototype, name)
    return Value
}

forEachTypeorm((typeorm, within) => {
    for (const { backend, columns, rows } of DATABASES)
        describe(`EntityHydrator on ${backend.name}`, () => {
            if (!chosen("DATABASES", backend.name)) return
            const missing = backend.whyMissing()
            if (missing !== undefined) return leaveOut(backend.name, missing)
            let database: OpenDatabase
            let dataSource: DataSource | undefined

            before(async function () {
                this.timeout(START_TIMEOUT)
                await backend.start()
                database = await backend.create()
            })

            after(async () => {
                await dataSource?.destroy()
                await database.drop()
            })

            it("gives what a fresh load gives, for the types of the database", async () => {
                const Value = within(() => define(typeorm, columns))
                dataSource = await within(() =>
                    new typeorm.DataSource({
                        ...database.options,
                        entities: [Value],
                        synchronize: true,
                    }).initialize(),
                )
                const repository = dataSource.getRepository(Value)
                for (const row of rows) await repository.save(Object.assign(new Value(), row))
                // TypeORM reads it as an invalid date, and cannot write it.
                if (backend === postgresBackend)
                    await dataSource.query(
                        "UPDATE hydration_value SET at = 'infinity' WHERE id = (SELECT max(id) FROM hydration_value)",
                    )
                const hydrator = hydratorOf(metadataOf(dataSource, Value))
                const load = () => repository.createQueryBuilder("e").orderBy("e.id").callListeners(false).getMany()
                const [loaded, fresh] = [await load(), await load()]
                expect(loaded).lengthOf(rows.length)
                for (const [index, entity] of loaded.entries())
                    expectSame(
                        hydrator.hydrate(JSON.parse(JSON.stringify(hydrator.dehydrate(entity))) as Encoded),
                        fresh[index],
                    )
            })
        })
})
