import { expect } from "chai"
import fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { DataSource } from "typeorm"
import { CacheError } from "../../../lib/error/CacheError"
import { queryKey } from "../../../lib/value/queryKey"

const keyOf = (sql: string, parameters: unknown[]): string =>
    queryKey({ getQueryAndParameters: () => [sql, parameters] })

describe("the key of a query", () => {
    it("is one for equal SQL and parameters, and another for others", () => {
        const text = fc.array(fc.constantFrom("s1:a", "a", "[", "]", "#1;", "u", "1", ":", "\n"), { maxLength: 3 })
        const sql = text.map((units) => units.join(""))
        const parameter = fc.oneof(sql, fc.constantFrom(1, "1", 1n, null, undefined, true, -0, 0, NaN, new Date(0)))
        const query = fc.tuple(
            sql,
            fc.array(fc.oneof(parameter, fc.array(parameter, { maxLength: 2 })), { maxLength: 3 }),
        )
        fc.assert(
            fc.property(query, query, (a, b) => {
                expect(keyOf(...a) === keyOf(...b)).to.equal(isDeepStrictEqual(a, b))
            }),
            { numRuns: 3_000 },
        )
    })

    it("does not take the end of the SQL for the beginning of the parameters", () => {
        expect(keyOf("q", ["a["])).to.not.equal(keyOf("q[s2:a", []))
        expect(keyOf("", ["[]"])).to.not.equal(keyOf("[s2:", []))
    })

    it("has the same length whatever is asked", () => {
        for (const sql of ["", "SELECT 1", "x".repeat(10_240), "\ud800", "a:b{}\n", "__proto__"])
            expect(keyOf(sql, [sql])).to.match(/^query:[\w-]{43}:v1$/)
        expect(keyOf("\ud800", [])).to.not.equal(keyOf("\ud801", []))
    })

    it("is that of TypeORM's query builders", () => {
        const dataSource = new DataSource({ type: "sqljs" })
        const query = (id: unknown) =>
            dataSource.createQueryBuilder().select("t.id").from("table", "t").where("t.id = :id", { id })
        expect(queryKey(query(1))).to.equal(queryKey(query(1)))
        expect(new Set([1, "1", 2, null].map((id) => queryKey(query(id)))).size).to.equal(4)
    })

    it("is refused for what is no query builder", () => {
        for (const bad of [null, undefined, 5, "SELECT 1", {}, [], { getQueryAndParameters: 1 }])
            expect(() => queryKey(bad as never))
                .to.throw(CacheError, /keyOf takes a query builder/)
                .with.property("code", "E_OPTION")
    })

    it("is refused for a parameter that has no text", () => {
        const circle: Record<string, unknown> = {}
        circle["self"] = circle
        let deep: unknown = 1
        for (let level = 0; level < 100_000; level++) deep = [deep]
        for (const bad of [circle, deep, () => 1, Symbol("x"), new Map(), new (class Money {})()])
            expect(() => keyOf("SELECT 1", [1, bad]))
                .to.throw(CacheError, /cannot be told from others/)
                .with.property("code", "E_OPTION")
    })

    it("lets through what the query builder throws", () => {
        const error = new Error("no such alias")
        const query = {
            getQueryAndParameters: (): never => {
                throw error
            },
        }
        expect(() => queryKey(query)).to.throw(error)
    })
})
