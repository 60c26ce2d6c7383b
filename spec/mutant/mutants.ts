import type { Mutant } from "./Mutant"
import { DEPENDENCY_MUTANTS } from "./dependencyMutants"
import { QUERY_MUTANTS } from "./queryMutants"
import { RELATION_MUTANTS } from "./relationMutants"
import { STORE_MUTANTS } from "./storeMutants"
import { VALUE_MUTANTS } from "./valueMutants"

const READ_THROUGH = "lib/cache/ReadThrough.ts"
const FILLER = "lib/cache/Filler.ts"
const STAMPER = "lib/cache/Stamper.ts"
const INVALIDATOR = "lib/cache/Invalidator.ts"
const TWO_ACTORS = "spec/race/twoActors.spec.ts"
const THREE_ACTORS = "spec/race/threeActors.spec.ts"
const STORE_AWAY = "spec/fault/storeAway.spec.ts"
const UNKNOWN_OUTCOME = "spec/fault/unknownOutcome.spec.ts"

/** Every guard of the protocol, taken away in turn. */
export const MUTANTS: readonly Mutant[] = [
    {
        guard: "stamps are compared",
        file: "lib/cache/Entry.ts",
        edits: [["stamps[i] !== states[i] || ", ""]],
        spec: TWO_ACTORS,
        grep: "a row older than committed, with entry",
    },
    {
        guard: "stamps are read before the SELECT",
        file: FILLER,
        edits: [
            [
                "        const lateStamps = loaded.some(hasLateTags)",
                `        for (const miss of misses) {
            const late = await this.#stamper.of(miss.tags)
            if (late !== undefined) miss.states = miss.tags.map((tag) => late.get(tag))
        }
        const lateStamps = loaded.some(hasLateTags)`,
            ],
        ],
        spec: TWO_ACTORS,
        grep: "a row older than committed, with stamps",
    },
    {
        guard: "a fence stands before COMMIT",
        file: INVALIDATOR,
        edits: [["        const tags = fence.takeUnfenced()\n", "        const tags: string[] = []\n"]],
        spec: TWO_ACTORS,
        grep: "a row older than committed, with entry",
    },
    {
        guard: "a fence stands before an autocommit statement",
        file: "lib/subscriber/WriteTracker.ts",
        edits: [["        if (!commits) return\n", "        if (fence) return\n"]],
        spec: TWO_ACTORS,
        grep: "autocommit statement writes older than committed, with entry",
    },
    {
        guard: "a fenced tag has no stamp",
        file: "lib/store/MemoryStore.ts",
        edits: [["if (this.#fences.size !== 0 && this.#fences.has(tag, now)) return FENCED", ""]],
        spec: THREE_ACTORS,
        grep: "reads a row again and a writer whose",
    },
    {
        guard: "a stamp does not come back when a fence falls",
        file: "lib/store/MemoryStore.ts",
        edits: [
            [
                "            this.#fences.put(tag, owner, now + duration, now)\n            this.#stamps.delete(tag)\n",
                "            this.#fences.put(tag, owner, now + duration, now)\n",
            ],
        ],
        spec: "spec/conformance/MemoryStore.spec.ts",
        grep: ".",
    },
    {
        guard: "a stamp is set only if absent",
        file: "lib/redis/RedisStore.ts",
        edits: [['["set", tag, proposal, "PX", px, "NX"]', '["set", tag, proposal, "PX", px]']],
        spec: THREE_ACTORS,
        grep: "reads a row again and a writer$",
        stores: "redis",
    },
    {
        guard: "a writer takes away its own fence only",
        file: "lib/store/FenceTable.ts",
        edits: [["        owners.delete(owner)\n        prune", "        owners.clear()\n        prune"]],
        spec: THREE_ACTORS,
        grep: "reads a list again",
    },
    {
        guard: "a rollback takes the fence away",
        file: "lib/subscriber/WriteTracker.ts",
        edits: [
            [
                "    afterRollback(runner: QueryRunner): Awaitable<void> {\n",
                "    afterRollback(runner: QueryRunner): Awaitable<void> {\n        if (runner) return\n",
            ],
        ],
        spec: UNKNOWN_OUTCOME,
        grep: "COMMIT that the server has refused",
    },
    {
        guard: "a fence stays when the outcome of COMMIT is unknown",
        file: "lib/cache/Fence.ts",
        edits: [["return this.#writer.keepUntilDeadline(this)", "return this.#writer.release(this)"]],
        spec: UNKNOWN_OUTCOME,
        grep: "while the server still executes COMMIT",
    },
    {
        guard: "a broken connection is no refusal",
        file: "lib/subscriber/isRefusal.ts",
        edits: [["    if (inProcess) return true\n", "    if (error !== inProcess) return true\n"]],
        spec: UNKNOWN_OUTCOME,
        grep: "autocommit statement",
    },
    {
        guard: "reads inside a transaction bypass the cache",
        file: "lib/DataSourceBinding.ts",
        edits: [
            ['return "the manager has a query runner of its own"', "return undefined"],
            [
                'if (this.#isolation === undefined) return "inside a transaction"',
                "if (this.#isolation === undefined) return undefined",
            ],
        ],
        spec: "spec/race/transaction.spec.ts",
        grep: "share nothing that the transaction reads",
    },
    {
        guard: "a miss is loaded from the master",
        file: "lib/repository/DatabaseLoader.ts",
        edits: [
            [
                '        const runner = this.#dataSource.createQueryRunner("master")\n        try {\n            const epoch',
                '        const runner = this.#dataSource.createQueryRunner("slave")\n        try {\n            const epoch',
            ],
        ],
        spec: "spec/functional/subscriber/replication.spec.ts",
        grep: ".",
    },
    {
        guard: "a load is joined only under the same stamps",
        file: "lib/cache/SingleFlight.ts",
        edits: [
            ["if (flight === undefined || !equal(flight.stamps, stamps)) return", "if (flight === undefined) return"],
        ],
        spec: THREE_ACTORS,
        grep: "two readers of a row in one process",
    },
    {
        guard: "wide stamps are looked at again for a late fill",
        file: STAMPER,
        edits: [["before.some((stamp, i) => again.tags[i] !== stamp) ? undefined : stamps", "stamps"]],
        spec: TWO_ACTORS,
        grep: "by its unique key older than committed, with stamps",
    },
    {
        guard: "narrow stamps of a late fill are read before the wide ones",
        file: STAMPER,
        edits: [
            [
                "        const stamps = await this.#gate.stamp(narrow,",
                "        const again = await this.#gate.read([], wide)\n        const stamps = await this.#gate.stamp(narrow,",
            ],
            ["        const again = await this.#gate.read([], wide)\n        if (again", "        if (again"],
        ],
        spec: TWO_ACTORS,
        grep: "by its unique key older than committed, with stamps",
    },
    {
        guard: "tags are held while an invalidation waits for the store",
        file: "lib/cache/HeldTags.ts",
        edits: [["this.#counts.set(tag, (this.#counts.get(tag) ?? 0) + 1)", "this.#counts.delete(tag)"]],
        spec: STORE_AWAY,
        grep: "until the invalidation is delivered",
        databases: "sqlite",
    },
    {
        guard: "held tags are looked at before the read is sent",
        file: READ_THROUGH,
        edits: [["const held = this.#held.among(request.tags)", "const held = undefined"]],
        spec: STORE_AWAY,
        grep: "before its answer arrives",
        databases: "sqlite",
    },
    {
        guard: "holders of a tag are counted",
        file: "lib/cache/HeldTags.ts",
        edits: [["count === undefined || count <= 1", "count !== 0"]],
        spec: STORE_AWAY,
        grep: "though an earlier one is delivered",
    },
    {
        guard: "an invalidation that failed is tried again",
        file: INVALIDATOR,
        edits: [["    #retryLater(): void {\n", "    #retryLater(): void {\n        if (this) return\n"]],
        spec: STORE_AWAY,
        grep: "delivers what waited",
        databases: "sqlite",
    },
    {
        guard: "an overflow under way takes nothing more in",
        file: INVALIDATOR,
        edits: [["            this.#overflow = undefined\n", ""]],
        spec: STORE_AWAY,
        grep: "forgets none",
        databases: "sqlite",
    },
    {
        guard: "a store that hangs is given up",
        file: "lib/cache/StoreGate.ts",
        edits: [["        return timed\n", "        return !timed\n"]],
        spec: STORE_AWAY,
        grep: "hangs in stamp",
        databases: "sqlite",
    },
    {
        guard: "nothing read beside an open transaction on a shared connection is kept",
        file: "lib/invalidation/OpenTransactions.ts",
        edits: [["            runner.isTransactionActive ||\n", ""]],
        spec: "spec/race/sharedRunner.spec.ts",
        grep: "show another process nothing",
        databases: "sqlite",
    },
    {
        guard: "nothing read while a transaction ended on a shared connection is kept",
        file: "lib/invalidation/OpenTransactions.ts",
        edits: [["            this.epochOf(runner) !== epoch ||\n", ""]],
        spec: "spec/race/sharedRunner.spec.ts",
        grep: "show another process nothing",
        databases: "sqlite",
    },
    {
        guard: `"no such row" hangs on the table`,
        file: "lib/repository/RowReader.ts",
        edits: [["tagCount: own === null ? 3 : 2", "tagCount: 2"]],
        spec: TWO_ACTORS,
        grep: "a row that is not there yet older than committed, with entry",
    },
    {
        guard: "a write of rows that nobody knows dirties all of them",
        file: "lib/invalidation/dirtyTags.ts",
        edits: [
            ["if (ids === undefined) tags.add(keys.rows(table))", "if (ids === undefined) tags.add(keys.table(table))"],
        ],
        spec: TWO_ACTORS,
        grep: "without its key writes older than committed, with entry",
    },
    {
        guard: "every write dirties the lists of its table",
        file: "lib/invalidation/dirtyTags.ts",
        edits: [
            [
                "        const { table, verb } = write\n        tags.add(keys.table(table))\n",
                "        const { table, verb } = write\n",
            ],
        ],
        spec: TWO_ACTORS,
        grep: "a list older than committed, with entry",
    },
    {
        guard: "an entry of another layout is not read",
        file: "lib/cache/Entry.ts",
        edits: [["payload[0] === FORMAT && ", ""]],
        spec: "spec/fault/foreignEntry.spec.ts",
        grep: "another layout in the place of a row",
        databases: "sqlite",
    },
    ...RELATION_MUTANTS,
    ...VALUE_MUTANTS,
    ...DEPENDENCY_MUTANTS,
    ...QUERY_MUTANTS,
    ...STORE_MUTANTS,
]
