import { expect } from "chai"
import { forEachDatabaseAndStore } from "../support/databases"
import { RaceLab } from "./RaceLab"
import { type Cast, everyOrder, type Race, RACES } from "./races"

const one = (race: Race): Race => ({ ...race, rows: 1 })

/** Whoever has more to say has more orders; these are the ones in which a third actor can do harm. */
const CASTS: readonly [title: string, race: Race, cast: Cast][] = [
    [
        "a reader who reads a row again and a writer whose fence stands",
        one(RACES["a row"]),
        { readers: [0], writers: [1], before: "stamps", reads: 2, isFenced: true },
    ],
    [
        "a reader who reads a row again and a writer",
        one(RACES["a row"]),
        { readers: [0], writers: [1], before: "nothing", reads: 2 },
    ],
    [
        "a reader who reads a list again and two writers whose fences stand",
        RACES["a list"],
        { readers: [0], writers: [1, 2], before: "entry", reads: 2, isFenced: true },
    ],
    ["two readers of a row and a writer", one(RACES["a row"]), { readers: [0, 1], writers: [2], before: "stamps" }],
    [
        "two readers of a row in one process, who share loads, and a writer",
        one(RACES["a row"]),
        { readers: [0, 0], writers: [1], before: "stamps" },
    ],
    [
        "two readers of a list in one process, who share loads, and a writer",
        one(RACES["a list"]),
        { readers: [0, 0], writers: [1] },
    ],
    [
        "two readers of keys in one process, who share loads, and a writer",
        one(RACES["rows by a list of keys"]),
        { readers: [0, 0], writers: [1], before: "stamps" },
    ],
    [
        "two readers of a row that is not there, and a writer",
        RACES["a row that is not there yet"],
        { readers: [0, 0], writers: [1], before: "stamps" },
    ],
    [
        "a reader of a list and two writers, all in one process",
        RACES["a list"],
        { readers: [0], writers: [0, 0], before: "entry" },
    ],
]

forEachDatabaseAndStore("some actors, in every order of their steps", (database, store) => {
    // PostgreSQL shows it; the other databases differ in nothing that the third actor could see
    if (database.name !== "postgres" || !database.isConcurrent) return
    let lab: RaceLab
    before(async () => void (lab = await RaceLab.open(database, store, { processes: 3 })))
    after(() => lab.close())

    // thousands of orders are run in memory; in Redis, where a step takes longer, those with the fewest
    const casts =
        store.name === "memory" ? CASTS : CASTS.filter(([, , it]) => it.reads === 2 || it.readers[0] === it.readers[1])
    for (const [title, race, cast] of casts)
        it(`read nothing older than committed: ${title}`, async function () {
            this.timeout(120_000)
            expect(await everyOrder(lab, race, cast)).to.be.greaterThan(10)
        })
})
