import { expect } from "chai"
import { readFileSync } from "node:fs"
import { join } from "node:path"

// What a cache for TypeORM would get wrong unless somebody had thought of it, and where a spec shows that we have. The
// titles are looked for, so that a spec that goes takes its line here with it.

const SPEC = join(__dirname, "..", "..")
const writes = "functional/subscriber/writePaths.spec.ts"
const transactions = "functional/subscriber/transactions.spec.ts"
const own = "functional/trap/own.spec.ts"
const repository = "functional/repository"
const seen = "is seen at once"

const TRAPS: readonly [trap: string, ...shown: [file: string, title: string][]][] = [
    ["the key of a removed entity is gone", [writes, seen]],
    ["upsert and orIgnore invent keys", [writes, seen]],
    ["an update may tell no key", [writes, seen]],
    ["a junction's rows fire no event of their owners", [writes, seen]],
    ["a child's write changes what its parents have", [writes, seen]],
    ["classes share a table", [own, "sees a child written through its parent, and the other way round"]],
    ["the database itself cascades", ["functional/subscriber/cascades.spec.ts", "is followed: ${title}"]],
    ["a tree has a table of its own beside it", [own, "follows a tree and its closure"]],
    [
        "a view has no writes",
        [`${repository}/bypass.spec.ts`, "a view and a virtual column of which nobody says what they read"],
    ],
    [
        "lists read other tables",
        ["unit/key/findKey.differential.spec.ts", "names every table that the statements name"],
    ],
    ["soft deletion changes lists", [own, "lets soft deletion change lists, counts and what is read with the deleted"]],
    [
        "after events may never come",
        ["fault/killedWriter.spec.ts", "leaves no old value behind and no row uncached for ever"],
    ],
    ["an inner commit is none", [transactions, "follow the outer one: the inner ${inner}, the outer ${outer}"]],
    [
        "a rollback, a lost answer, a release may have committed",
        [transactions, "are seen although what comes behind is rolled back"],
        ["functional/subscriber/leaks.spec.ts", "shares nothing that is read on it"],
        ["fault/unknownOutcome.spec.ts", "keeps the fence until its deadline"],
    ],
    [
        "a reader puts back what a writer has removed",
        ["race/twoActors.spec.ts", "never read ${title} older than committed"],
    ],
    ["a replica lags", ["functional/subscriber/replication.spec.ts", "what is missing comes from the master"]],
    ["some writes nobody sees", [`${repository}/operation.spec.ts`, "invalidates by hand"]],
    ["listeners: false leaves out the events", [own, "follows what is saved without listeners, and with data"]],
    ["marks have to find their way", [own, "follows what is saved without listeners, and with data"]],
    ["SQLite's flows share one connection", ["race/sharedRunner.spec.ts", "cache no uncommitted ${what}"]],
    ["a subscriber throws", ["functional/subscriber/failures.spec.ts", "leaves nothing old in the cache"]],
    ["the store holds up a commit", ["fault/storeAway.spec.ts", "holds a writer for storeTimeout and no longer"]],
    ["a query inside a commit's hook", [own, "sends no statement of its own"]],
    ["a transaction reads its own writes", [`${repository}/bypass.spec.ts`, "reads of a transaction that has written"]],
    [
        "a repository's runner is not its manager's",
        [`${repository}/wiring.spec.ts`, "made by withRepository() belongs to the manager"],
    ],
    [
        "a manager changes with the context",
        [`${repository}/wiring.spec.ts`, "whose manager changes with the caller's context"],
    ],
    ["an old entity is saved", [own, "lets a caller read past the cache what it is going to change"]],
    ["loads of save() look like reads", [own, "keeps nothing of what save() loads for itself"]],
    ["an insert ends a `no such row`", [`${repository}/rowKey.spec.ts`, "remembers the keys that have no row"]],
    ["a unique value moves to another row", [`${repository}/uniqueKey.spec.ts`, "finds what is there when ${title}"]],
    ["a page and its count belong together", [own, "keeps a page and its count together"]],
    [
        "a part of an entity is no entity",
        [`${repository}/result.spec.ts`, "never has a hidden column that was not asked for"],
    ],
    ["instances are shared", [`${repository}/read.spec.ts`, "gives every caller an instance of his own"]],
    ["listeners run twice or not at all", [`${repository}/result.spec.ts`, "has run each listener once"]],
    [
        "operators lose their functions as JSON",
        ["unit/key/findKey.spec.ts", "tells operators apart that TypeORM's getters flatten"],
    ],
    ["running options changes them", [own, "leaves the caller's options as they are"]],
    ["different values are one text", ["unit/key/findKey.spec.ts", "tells values of different types apart"]],
    [
        "null and undefined mean what the version says",
        [`${repository}/bypass.spec.ts`, "a condition that is null or undefined"],
    ],
    [
        "old and new code share a store",
        [`${repository}/sharing.spec.ts`, "do not read each other's entries with ${title}"],
    ],
    [
        "one key has many spellings",
        ["unit/key/rowId.spec.ts", "takes whole numbers, bigints and canonical decimals for the same integer"],
    ],
    [
        "a cluster, a scan, a flush",
        ["functional/redis/RedisStore.spec.ts", "walks with SCAN to clear, and never with KEYS or FLUSHDB"],
    ],
    [
        "Redis is down",
        ["fault/storeAway.spec.ts", "from the start is read around, written past, and used when it is back"],
    ],
    ["the schema changes at the start", [own, "follows synchronize(), dropDatabase() and migrations"]],
    [
        "a DataSource starts again",
        [`${repository}/wiring.spec.ts`, "may be attached twice, and outlives destroy() and initialize()"],
    ],
]

describe("the traps of TypeORM", () => {
    it("are forty-four", () => {
        expect(TRAPS).to.have.length(44)
    })

    TRAPS.forEach(([trap, ...shown], i) =>
        it(`${i + 1}: ${trap}: has its spec`, () => {
            for (const [file, title] of shown) expect(readFileSync(join(SPEC, file), "utf8")).to.include(title)
        }),
    )
})
