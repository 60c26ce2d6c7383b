import { expect } from "chai"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { EntitySchema } from "typeorm"
import type { EntitySchemaColumnOptions, EntitySchemaOptions } from "typeorm"
import { graphFingerprint, schemaFingerprint } from "../../../lib/hydration/schemaFingerprint"
import { forEachTypeorm, metadataOf, sqljs } from "./typeormVersions"

type Options = Partial<EntitySchemaOptions<Record<string, unknown>>>
const column = (options: object): EntitySchemaColumnOptions => options as EntitySchemaColumnOptions

function schemas(
    columns: Record<string, EntitySchemaColumnOptions> = {},
    options: Options = {},
    other: Options["columns"] = {},
) {
    return [
        new EntitySchema({
            name: "Item",
            ...options,
            columns: {
                id: { type: "int", primary: true },
                name: { type: "varchar" },
                ...columns,
            },
            relations: { other: { type: "many-to-one", target: "Other" }, ...options.relations },
        }),
        new EntitySchema({
            name: "Other",
            columns: { id: { type: "int", primary: true }, ...other },
        }),
    ]
}

const from = (value: unknown): unknown => value

forEachTypeorm((typeorm, within) => {
    const fingerprint = (
        entities = schemas(),
        of: (metadata: ReturnType<typeof metadataOf>) => string = schemaFingerprint,
    ): Promise<string> =>
        within(async () => {
            const dataSource = new typeorm.DataSource(sqljs(entities, { synchronize: false }))
            await dataSource.initialize()
            const result = of(metadataOf(dataSource, "Item"))
            await dataSource.destroy()
            return result
        })

    describe("schemaFingerprint", () => {
        it("is short, and the same for the same schema", async () => {
            expect(await fingerprint()).match(/^[\w-]{11}$/)
            expect(await fingerprint()).equal(await fingerprint())
        })

        const changes: Record<string, () => EntitySchema[]> = {
            "a column is added": () => schemas({ extra: { type: "varchar" } }),
            "a column is named otherwise": () => schemas({ name: { type: "varchar", name: "title" } }),
            "a column is of another type": () => schemas({ name: { type: "text" } }),
            "a column is no longer selected": () => schemas({ name: { type: "varchar", select: false } }),
            "a column gets a transformer": () =>
                schemas({ name: column({ type: "varchar", transformer: { to: from, from } }) }),
            "the code of a transformer changes": () =>
                schemas({ name: column({ type: "varchar", transformer: { to: from, from: (v: unknown) => [v] } }) }),
            "a transformer is one of a list": () =>
                schemas({ name: column({ type: "varchar", transformer: [{ to: from, from }] }) }),
            "a relation is added": () => schemas({}, { relations: { more: { type: "many-to-one", target: "Other" } } }),
            "a relation becomes lazy": () =>
                schemas({}, { relations: { other: { type: "many-to-one", target: "Other", lazy: true } } }),
            "a relation becomes eager": () =>
                schemas({}, { relations: { other: { type: "many-to-one", target: "Other", eager: true } } }),
            "a relation goes over another column": () =>
                schemas(
                    {},
                    { relations: { other: { type: "many-to-one", target: "Other", joinColumn: { name: "o" } } } },
                ),
            "the key is another": () => schemas({ name: { type: "varchar", primary: true } }),
            "a column says what is deleted": () => schemas({ gone: column({ type: "datetime", deleteDate: true }) }),
            "a column is a mere date": () => schemas({ gone: column({ type: "datetime" }) }),
            "lists are ordered otherwise": () => schemas({}, { orderBy: { name: "ASC" } }),
            "the table is another": () => schemas({}, { tableName: "things" }),
        }
        for (const [change, entities] of Object.entries(changes))
            it(`differs when ${change}`, async () =>
                expect(await fingerprint(entities())).not.equal(await fingerprint()))

        it("differs between any two of these changes", async () => {
            const all = await Promise.all(Object.values(changes).map((entities) => entities()))
            const prints: string[] = []
            for (const entities of all) prints.push(await fingerprint(entities))
            expect(new Set(prints).size).equal(prints.length)
        })

        it("leaves the columns of a related entity to the fingerprint of the graph", async () => {
            const changed = (): EntitySchema[] => schemas({}, {}, { extra: { type: "varchar" } })
            expect(await fingerprint(changed())).equal(await fingerprint())
            expect(await fingerprint(changed(), graphFingerprint)).not.equal(
                await fingerprint(schemas(), graphFingerprint),
            )
            expect(await fingerprint(schemas(), graphFingerprint)).equal(await fingerprint(schemas(), graphFingerprint))
        })

        it("differs when a virtual column is computed otherwise", async () => {
            const { Entity, PrimaryColumn, VirtualColumn } = typeorm
            const define = (sql: string) =>
                within(() => {
                    @Entity("computed")
                    class Item {
                        @PrimaryColumn() id: number
                        @VirtualColumn({ type: "int", query: new Function(`return ${sql}`) as () => string })
                        sum: number
                    }
                    return [Item] as unknown as EntitySchema[]
                })
            expect(await fingerprint(define("'1'"))).equal(await fingerprint(define("'1'")))
            expect(await fingerprint(define("'1'"))).not.equal(await fingerprint(define("'2'")))
        })

        it("covers the children of an inheritance, their columns and discriminators", async () => {
            const { Entity, Column, PrimaryColumn, TableInheritance, ChildEntity } = typeorm
            const define = (discriminator: string, more: boolean) =>
                within(() => {
                    @Entity("base")
                    @TableInheritance({ column: { type: "varchar", name: "kind" } })
                    class Item {
                        @PrimaryColumn() id: number
                    }
                    @ChildEntity(discriminator)
                    class Child extends Item {
                        @Column() a: string
                    }
                    if (more) Column("varchar")(Child.prototype, "b")
                    return [Item, Child] as unknown as EntitySchema[]
                })
            const base = await fingerprint(define("x", false))
            expect(await fingerprint(define("x", false))).equal(base)
            expect(await fingerprint(define("y", false))).not.equal(base)
            expect(await fingerprint(define("x", true))).not.equal(base)
        })
    })
})

describe("schemaFingerprint in another process", function () {
    // A process that compiles TypeScript takes seconds on a busy machine.
    this.timeout(60_000)

    it("is the same", async () => {
        const run = async () =>
            (
                await promisify(execFile)(process.execPath, [
                    "-r",
                    "ts-node/register/transpile-only",
                    join(__dirname, "schemaFingerprint.fixture.ts"),
                ])
            ).stdout
        const [first, second] = await Promise.all([run(), run()])
        expect(first).match(/^[\w-]{11} [\w-]{11}\n$/)
        expect(second).equal(first)
    })
})
