import { expect } from "chai"
import { cloneFindOptions } from "../../../lib/key/cloneFindOptions"
import { planFind } from "../../../lib/key/findKey"
import { type Library, Money, openLibrary, VERSIONS } from "./library"

for (const version of VERSIONS)
    describe(`cloneFindOptions on ${version}`, () => {
        let library: Library
        before(async () => {
            library = await openLibrary(version)
        })

        it("keeps the caller's operators from the transformers of a run", async () => {
            const { In, Not, And, Or, MoreThan, LessThan } = library.t
            const book = library.metadata("Book")
            const price = Or(Not(In([new Money(1)])), And(MoreThan(new Money(1)), LessThan(new Money(9))))
            const options = { where: { price: price as never } }
            const before = planFind(book, "find", options)
            const repository = library.dataSource.getRepository(library.entities["Book"]!)
            await repository.find(cloneFindOptions(options))
            expect(planFind(book, "find", options)).to.deep.equal(before)
            await repository.find(options)
            expect(planFind(book, "find", options)).to.not.deep.equal(before)
        })

        it("gives equal options that share no literal, list or operator", () => {
            const { In } = library.t
            const options = {
                where: [{ id: In([1, 2]), address: { city: "a" } }],
                order: { id: "ASC" },
                relations: ["books"],
            }
            const copy = cloneFindOptions(options)
            expect(copy).to.deep.equal(options)
            expect(copy.where[0]?.id).to.be.instanceOf(library.t.FindOperator)
            expect(copy.where[0]?.id).to.not.equal(options.where[0]?.id)
            expect(copy.where[0]?.address).to.not.equal(options.where[0]?.address)
            expect(copy.relations).to.not.equal(options.relations)
            expect(cloneFindOptions(undefined)).to.equal(undefined)
        })

        it("keeps instances by reference", () => {
            const parts = {
                entity: new library.entities["Author"]!(),
                date: new Date(),
                bytes: Buffer.from("a"),
                run: () => 1,
            }
            const copy = cloneFindOptions({ where: parts })
            for (const name of Object.keys(parts) as (keyof typeof parts)[])
                expect(copy.where[name]).to.equal(parts[name])
        })

        it("survives cycles and hostile names", () => {
            const where = JSON.parse(`{ "__proto__": { "a": 1 } }`) as Record<string, unknown>
            where["self"] = where
            const copy = cloneFindOptions(where)
            expect(copy["self"]).to.equal(copy)
            expect(Object.keys(copy)).to.deep.equal(["__proto__", "self"])
            expect(Object.getPrototypeOf(copy)).to.equal(Object.prototype)
        })
    })
