import { expect } from "chai"
import { forEachDatabaseAndStore } from "../support/databases"
import { RaceLab } from "./RaceLab"
import { everyOrder } from "./races"
import { LONG_RACES, RELATION_RACES } from "./relationRaces"

/**
 * A write falls between all that a reader of a relation does: between its SELECT and the stamps of the rows that came,
 * between these and the look at the tables, between its fill and the next hit.
 */
forEachDatabaseAndStore("a reader of a relation and a writer, in every order of their steps", (database, store) => {
    if (!database.isConcurrent) return
    let lab: RaceLab
    before(async () => void (lab = await RaceLab.open(database, store, { processes: 2 })))
    after(() => lab.close())

    // all the kinds of misses on one database and one store
    const isWhole = store.name === "memory"
    const kinds =
        database.name === "postgres" && isWhole ? (["nothing", "stamps", "entry"] as const) : (["entry"] as const)
    for (const [title, race] of Object.entries(RELATION_RACES)) {
        for (const before of kinds)
            it(`never read ${title} older than committed, with ${before} cached before`, async () => {
                expect(await everyOrder(lab, race, { readers: [0], writers: [1], before })).to.be.greaterThan(3)
            })
        it(`never read ${title} older than committed, both in one process`, async () => {
            expect(await everyOrder(lab, race, { readers: [0], writers: [0] })).to.be.greaterThan(3)
        })
    }
    for (const [title, race] of Object.entries(LONG_RACES))
        for (const before of isWhole ? (["nothing", "entry"] as const) : (["entry"] as const))
            it(`never read ${title} older than committed, with ${before} cached before`, async function () {
                this.timeout(60_000)
                expect(await everyOrder(lab, race, { readers: [0], writers: [1], before })).to.be.greaterThan(3)
            })

    // PostgreSQL shows it; the other databases differ in nothing that the third actor could see
    if (database.name !== "postgres" || store.name !== "memory") return
    const title = "a row of an owner that changes"
    it(`never read ${title} older than committed, with two readers in one process, who share loads`, async function () {
        this.timeout(120_000)
        const cast = { readers: [0, 0], writers: [1], before: "stamps" as const }
        expect(await everyOrder(lab, RELATION_RACES[title]!, cast)).to.be.greaterThan(10)
    })
})

/** With a prefix that is fixed a call reads in advance what such a call asked for the last time. */
forEachDatabaseAndStore("a reader who reads relations in advance and a writer, in every order", (database, store) => {
    if (!database.isConcurrent) return
    let lab: RaceLab
    before(async () => void (lab = await RaceLab.open(database, store, { processes: 2, isFixed: true })))
    after(() => lab.close())

    for (const [title, race] of Object.entries(LONG_RACES))
        if (title.endsWith("joined"))
            for (const writer of [0, 1])
                it(`never read ${title} older than committed, ${writer === 1 ? "in one process" : "in two"}`, async function () {
                    this.timeout(60_000)
                    const cast = { readers: [1], writers: [writer], before: "entry" as const, reads: 2 }
                    expect(await everyOrder(lab, race, cast)).to.be.greaterThan(3)
                })

    it("read in one trip what they have read before", async () => {
        const [process] = lab.processes
        const [ids, kind] = await lab.newRows(3)
        const race = LONG_RACES["a row of an owner that changes, joined"]!
        const at = { ids, kind, next: lab.newId() }
        await race.furnish!(lab.truth, at)
        await race.read(process!, at)
        process!.store.reset()
        await race.read(process!, at)
        expect(process!.store.calls.map(({ method }) => method)).to.deep.equal(["read"])
    })
})
