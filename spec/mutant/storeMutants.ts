import type { Mutant } from "./Mutant"

const TIERED = "lib/store/TieredStore.ts"
const LOADER = "lib/cache/MissLoader.ts"
const READ = "lib/cache/ReadThrough.ts"
const STORE_SPEC = "spec/unit/store/TieredStore.spec.ts"
const FAULT = "spec/fault/tieredStore.spec.ts"
const SPARES = "lib/cache/SpareAnswers.ts"
const NO_LOOK = [
    "if (!(await this.#areStillCurrent(misses))) return false",
    "if (misses.some(({ spare }) => spare === undefined)) return false",
] as const
const LOCK = "lib/cache/LoadLock.ts"
const LOCK_SPEC = "spec/functional/redis/distributedLock.spec.ts"
const FRESHNESS = "spec/functional/repository/freshness.spec.ts"

/** The guards of the near tier, and of what is served around the end of its ttl. */
export const STORE_MUTANTS: readonly Mutant[] = [
    {
        guard: "a message drops what is near",
        file: TIERED,
        edits: [["onTags: (tags) => this.#drop(tags)", "onTags: () => undefined"]],
        spec: STORE_SPEC,
        grep: "is dropped by a message about its tag",
        databases: "sqlite",
    },
    {
        guard: "an answer that a message has overtaken is not kept",
        file: TIERED,
        edits: [[" && !this.#changes.hasChanged(tag, mark)", ""]],
        spec: STORE_SPEC,
        grep: "an answer that was asked for before",
        databases: "sqlite",
    },
    {
        guard: "the near tier is off while its line is late",
        file: TIERED,
        edits: [["keys.length > 0 && this.#watch.isFresh ?", "keys.length > 0 ?"]],
        spec: STORE_SPEC,
        grep: "before anybody looks",
        databases: "sqlite",
    },
    {
        guard: "what was kept before a line was lost is dropped",
        file: TIERED,
        edits: [
            ["            onReady: () => {\n                this.#empty()\n", "            onReady: () => {\n"],
            [
                "                this.#watch.stop()\n                this.#empty()\n",
                "                this.#watch.stop()\n",
            ],
        ],
        spec: STORE_SPEC,
        grep: "is dropped when the line is lost",
        databases: "sqlite",
    },
    {
        guard: "a look counts from its beginning",
        file: "lib/store/ChannelWatch.ts",
        edits: [["this.#provenAt = since", "this.#provenAt = this.#parts.clock.now()"]],
        spec: "spec/unit/store/ChannelWatch.spec.ts",
        grep: "counts from the beginning of a look",
        databases: "sqlite",
    },
    {
        guard: "the fence is told, too",
        file: "lib/redis/RedisStore.ts",
        edits: [
            [
                "            tags,\n            tags.map((tag): RedisCommand => [FENCE",
                '            ["nobody"],\n            tags.map((tag): RedisCommand => [FENCE',
            ],
        ],
        spec: FAULT,
        grep: "before its commit",
        databases: "postgres",
    },
    {
        guard: "what is near and not current is asked of Redis",
        file: READ,
        edits: [["return answer?.isNear === true && source !== this.#gate.shared", "return false"]],
        spec: FAULT,
        grep: "asks Redis before it loads",
        databases: "postgres",
    },
    {
        guard: "an old answer is looked at once more when its load has failed",
        file: SPARES,
        edits: [NO_LOOK],
        spec: FRESHNESS,
        grep: "before or during the load",
        databases: "sqlite",
    },
    {
        guard: "get() gives nothing behind its ttl",
        file: READ,
        edits: [['isPeek && age === "stale" ? "spare" : age', "age"]],
        spec: FRESHNESS,
        grep: "nothing that get",
        databases: "sqlite",
    },
    {
        guard: "one refresh at a time for each key",
        file: LOADER,
        edits: [
            ["!this.#refreshing.has(key) && ", ""],
            [" && !this.#flights.has(key, states)", ""],
        ],
        spec: FRESHNESS,
        grep: "is loaded once, however many",
        databases: "sqlite",
    },
    {
        guard: "a spare answer counts for the function around it",
        file: SPARES,
        edits: [["            noteEntry(this.#gate, request, spare!.entry, tags, states)\n", ""]],
        spec: FRESHNESS,
        grep: "counts for a function around it",
        databases: "sqlite",
    },
    {
        guard: "MessagePack is not trusted with what it would change",
        file: "lib/serializer/MsgpackSerializer.ts",
        edits: [["if (isExact(tree)) return", "return"]],
        spec: "spec/unit/serializer/serializers.spec.ts",
        grep: "a lone surrogate",
        databases: "sqlite",
    },
    {
        guard: "bytes that begin like a fence are escaped",
        file: "lib/redis/redisReply.ts",
        edits: [["isMark(bytes[0]) ? ", "false ? "]],
        spec: "spec/conformance/RedisStore.spec.ts",
        grep: "with bytes .*gives payloads back",
        databases: "sqlite",
    },
    {
        guard: "nothing is taken from another process but what is current",
        file: LOCK,
        edits: [["return isCurrent(entry, known, lateTagsOf(entry).map(stateOf)) ? entry : undefined", "return entry"]],
        spec: "spec/unit/cache/LoadLock.spec.ts",
        grep: "a tag of its own has been replaced",
        databases: "sqlite",
    },
    {
        guard: "what is behind its ttl is not taken for what another process loads",
        file: LOCK,
        edits: [['if (age === "stale" || age === "spare") return undefined\n', ""]],
        spec: LOCK_SPEC,
        grep: "from behind its ttl",
        databases: "sqlite",
    },
    {
        guard: "a lock is of the stamps that its load began under",
        file: "lib/key/lockKey.ts",
        edits: [['${digestPart(stamps.join(" "))}', "lock"]],
        spec: LOCK_SPEC,
        grep: "does not wait for what was loaded before",
        databases: "sqlite",
    },
    {
        guard: "a load within a load waits for no other process",
        file: LOADER,
        edits: [["request.alone === true || isPartOfFlight()", "request.alone === true"]],
        spec: LOCK_SPEC,
        grep: "in a circle",
        databases: "sqlite",
    },
    {
        guard: "a lock is given back after a load that failed",
        file: LOADER,
        edits: [
            ["            claim.end()\n", ""],
            ["            claim.release()\n", ""],
        ],
        spec: LOCK_SPEC,
        grep: "as soon as the load of the other has failed",
        databases: "sqlite",
    },
    {
        guard: "nobody waits longer than a lock lives",
        file: LOCK,
        edits: [[" && clock.now() < end", ""]],
        spec: LOCK_SPEC,
        grep: "whose lock is renewed",
        databases: "sqlite",
    },
    {
        guard: "a reader who waits no longer gets nothing that a commit has invalidated",
        file: SPARES,
        edits: [NO_LOOK],
        spec: "spec/functional/repository/loadTimeout.spec.ts",
        grep: "is no reason to answer with what a commit has invalidated",
        databases: "sqlite",
    },
    {
        guard: "a load that comes too late changes nothing that was handed out",
        file: LOADER,
        edits: [
            [
                "const own: T[] = isBounded || hasSpares || this.#lock !== undefined ? [] : results",
                "const own: T[] = results",
            ],
        ],
        spec: "spec/unit/cache/ReadThrough.spec.ts",
        grep: "changes nothing in what has been handed out",
        databases: "sqlite",
    },
    {
        guard: "a wait ends with the read that it is for",
        file: LOADER,
        edits: [["            claim.end()\n", "            claim.release()\n"]],
        spec: LOCK_SPEC,
        grep: "when the load of other rows of the read has failed",
        databases: "sqlite",
    },
    {
        guard: "locks are given back before the wait for others is over",
        file: LOADER,
        edits: [["            claim.release()\n", ""]],
        spec: LOCK_SPEC,
        grep: "before it waits on",
        databases: "sqlite",
    },
    {
        guard: "late tags of what another process has loaded are compared",
        file: LOCK,
        edits: [
            [
                "isCurrent(entry, known, lateTagsOf(entry).map(stateOf))",
                "isCurrent(entry, known, entry[1].slice(entry[1].length - lateTagsOf(entry).length))",
            ],
        ],
        spec: "spec/unit/cache/LoadLock.spec.ts",
        grep: "a late tag has been replaced",
        databases: "sqlite",
    },
    {
        guard: "held tags count for what another process has loaded",
        file: LOCK,
        edits: [["held.cover(tags, answer.tags, before).forEach(", "answer.tags.forEach("]],
        spec: "spec/unit/cache/LoadLock.spec.ts",
        grep: "is held by this process",
        databases: "sqlite",
    },
    {
        guard: "nobody waits for a load that has become useless",
        file: LOCK,
        edits: [["const isSame = miss.states.every((state, at) => state === before[at])", "const isSame = true"]],
        spec: LOCK_SPEC,
        grep: "that a commit has made useless",
        databases: "sqlite",
    },
    {
        guard: "a load within a load joins none that waits for another process",
        file: "lib/cache/SingleFlight.ts",
        edits: [["flight.isOutside || waitsForAny", "waitsForAny"]],
        spec: LOCK_SPEC,
        grep: "that others close",
        databases: "sqlite",
    },
    {
        guard: "a read in a transaction waits for nobody who waits for its connection",
        file: "lib/repository/EntityContext.ts",
        edits: [["return within !== undefined && !isSharedRunner(within.runner)", "return false"]],
        spec: "spec/functional/repository/transactionReads.spec.ts",
        grep: "its connection: a row$",
        databases: "postgres",
    },
]
