import { expect } from "chai"
import * as fc from "fast-check"
import type { FindManyOptions, SelectQueryBuilder } from "typeorm"
import { cloneFindOptions } from "../../../lib/key/cloneFindOptions"
import { type FindPlan, planFind } from "../../../lib/key/findKey"
import { tableName } from "../../../lib/key/tableName"
import { type Library, openLibrary, VERSIONS } from "./library"
import { randomOptions, sortWhere } from "./randomOptions"

for (const version of VERSIONS)
    describe(`planFind against the SQL of ${version}`, () => {
        const arrays = version !== "typeorm"
        let library: Library

        before(async () => {
            library = await openLibrary(version)
            await seed(library)
        })

        const book = () => library.metadata("Book")
        const query = (options: FindManyOptions): unknown[] | undefined => {
            try {
                const builder = library.dataSource
                    .getRepository(library.entities["Book"]!)
                    .createQueryBuilder("Book")
                    .setFindOptions(cloneFindOptions(sortWhere({ ...options, comment: "" })))
                return describeQuery(builder)
            } catch {
                return undefined
            }
        }

        it("gives equal texts to equal queries alone", () => {
            const byText = new Map<string, unknown[]>()
            let shared = 0
            let planned = 0
            fc.assert(
                fc.property(fc.array(randomOptions(library.t, arrays), { minLength: 20, maxLength: 20 }), (many) => {
                    for (const options of many) {
                        const plan = planFind(book(), "find", options)
                        if (!("text" in plan)) throw new Error(plan.bypass)
                        const expected = query(options)
                        if (expected === undefined) continue
                        planned++
                        const before = byText.get(plan.text)
                        if (before === undefined) byText.set(plan.text, expected)
                        else {
                            shared++
                            expect(expected).to.deep.equal(before)
                        }
                    }
                }),
                { numRuns: 100 },
            )
            expect(planned).to.be.greaterThan(500)
            expect(shared).to.be.greaterThan(100)
        })

        it("gives one text to the same conditions in another order", () => {
            const options = randomOptions(library.t, arrays)
            fc.assert(
                fc.property(options, (one) => {
                    const plan = planFind(book(), "find", one) as FindPlan
                    expect((planFind(book(), "find", sortWhere(one)) as FindPlan).text).to.equal(plan.text)
                    expect((planFind(book(), "find", cloneFindOptions(one)) as FindPlan).text).to.equal(plan.text)
                }),
            )
        })

        it("names every table that the statements name", async () => {
            const paths = library.dataSource.entityMetadatas.map((one) => one.tableName)
            const repository = library.dataSource.getRepository(library.entities["Book"]!)
            let ran = 0
            await fc.assert(
                fc.asyncProperty(randomOptions(library.t, arrays), async (options) => {
                    const plan = planFind(book(), "find", options) as FindPlan
                    const planned = new Set([...plan.tables].map(tableName))
                    library.sent.length = 0
                    try {
                        await repository.find(cloneFindOptions(options))
                        ran++
                    } catch {
                        // What TypeORM refuses, or SQL that is no good, has still named its tables.
                    }
                    // A read that failed may still have statements on their way, which are not the next one's.
                    await new Promise(setImmediate)
                    const named = paths.filter((path) => library.sent.some((sql) => sql.includes(`"${path}"`)))
                    for (const name of named) expect([...planned], library.sent.join("\n")).to.include(name)
                }),
                { numRuns: 200 },
            )
            expect(ran).to.be.greaterThan(50)
        })
    })

async function seed(library: Library): Promise<void> {
    const save = (name: string, rows: object[]): Promise<unknown> =>
        library.dataSource.getRepository(library.entities[name]!).save(rows)
    await save("Country", [{ id: 1, code: "a" }])
    await save("Publisher", [{ id: 1, name: "a", country: { id: 1 } }])
    await save("Author", [{ id: 1, name: "a", address: { city: "a", country: { id: 1 } } }])
    await save("Tag", [
        { id: 1, label: "a" },
        { id: 2, label: "b" },
    ])
    await library.dataSource.query(
        `INSERT INTO "tbl_book" ("id", "title", "authorId", "publisherId") VALUES (1, 'a', 1, 1), (2, 'b', 1, NULL)`,
    )
    await library.dataSource.query(`INSERT INTO "tbl_book_tag" VALUES (1, 1), (1, 2), (2, 1)`)
}

/** All that decides what a query gives, as far as the builder shows it. */
function describeQuery(builder: SelectQueryBuilder<object>): unknown[] {
    const { skip, take, withDeleted, relationLoadStrategy, relationIdAttributes } = builder.expressionMap
    const ids = relationIdAttributes.map((one) => [one.relationName, one.mapToProperty, one.disableMixedMap])
    const { relationMetadatas } = builder as unknown as { relationMetadatas: readonly { propertyPath: string }[] }
    const separate = relationMetadatas.map((relation) => relation.propertyPath)
    return [...builder.getQueryAndParameters(), skip, take, withDeleted, relationLoadStrategy, ids, separate]
}
