import type { Mutant } from "./Mutant"

const QUERY_CACHE = "lib/query/QueryCache.ts"
const DEPENDENCY = "spec/functional/value/dependency.spec.ts"
const QUERIES = "spec/functional/query/queryCache.spec.ts"
const ODD_SOURCES = "spec/functional/query/oddSource.spec.ts"

/** The guards of TypeORM's own query cache. */
export const QUERY_MUTANTS: readonly Mutant[] = [
    {
        guard: "no result is served inside a transaction",
        file: QUERY_CACHE,
        edits: [
            [
                `if (transactions.mayHaveSeen(runner, transactions.epochOf(runner))) return "inside a transaction"\n`,
                "void transactions\n",
            ],
        ],
        spec: QUERIES,
        grep: "asks the database inside a transaction",
        databases: "sqlite",
    },
    {
        guard: "no result is learnt beside a transaction that begins meanwhile",
        file: QUERY_CACHE,
        edits: [["const shareable = !transactions.mayHaveSeen(runner, epoch)", "const shareable = epoch >= 0"]],
        spec: QUERIES,
        grep: "on which a transaction begins meanwhile",
        databases: "sqlite",
    },
    {
        guard: "the text of a query is part of its key",
        file: QUERY_CACHE,
        edits: [[`[identifier ?? "", text, canonical.text`, `[identifier ?? "", canonical.text`]],
        spec: QUERIES,
        grep: "two queries of one name apart",
        databases: "sqlite",
    },
    {
        guard: "the types of parameters are part of a query's key",
        file: QUERY_CACHE,
        edits: [["text, canonical.text, ...tags]", "text, ...tags]"]],
        spec: QUERIES,
        grep: "and by its type",
        databases: "postgres",
    },
    {
        guard: "the name of a result is part of its key",
        file: QUERY_CACHE,
        edits: [[`[identifier ?? "", text, canonical.text, ...tags]`, "[text, canonical.text, ...tables]"]],
        spec: QUERIES,
        grep: "with its companions away",
        databases: "sqlite",
    },
    {
        guard: "a result hangs on the tables of its SQL",
        file: QUERY_CACHE,
        edits: [
            [
                "            tags.add(keys.table(table))\n",
                "            if (tags.size === 0) tags.add(keys.table(table))\n",
            ],
        ],
        spec: QUERIES,
        grep: "those in a subquery",
        databases: "sqlite",
    },
    {
        guard: "a result of a view hangs on the tables behind it",
        file: QUERY_CACHE,
        edits: [["            for (const behind of graph.tablesOfView(table)) tags.add(keys.table(behind))\n", ""]],
        spec: ODD_SOURCES,
        grep: "of a view",
        databases: "sqlite",
    },
    {
        guard: "a result of a view without dependsOn is not stored",
        file: QUERY_CACHE,
        edits: [["graph.isOpaqueView(table))", "graph === table)"]],
        spec: ODD_SOURCES,
        grep: "of a view",
        databases: "sqlite",
    },
    {
        guard: "a result of a table without an entity hangs on writes that nobody can attribute",
        file: QUERY_CACHE,
        edits: [["            if (graph.entitiesOf(table).length === 0) tags.add(keys.unattributed())\n", ""]],
        spec: ODD_SOURCES,
        grep: "of a table without an entity",
        databases: "postgres",
    },
    {
        guard: "a query that may read other tables is not stored",
        file: QUERY_CACHE,
        edits: [["if (!tablesKnown || tables.length === 0)", "if (tables.length === 0)"]],
        spec: ODD_SOURCES,
        grep: "does not name its tables",
        databases: "sqlite",
    },
    {
        guard: "a query of no table is not stored",
        file: QUERY_CACHE,
        edits: [["if (!tablesKnown || tables.length === 0)", "if (!tablesKnown)"]],
        spec: ODD_SOURCES,
        grep: "does not name its tables",
        databases: "sqlite",
    },
    {
        guard: "a query that writes is not stored",
        file: QUERY_CACHE,
        edits: [["if (writes.length > 0 || unattributed)", "if (writes.length < 0 && unattributed)"]],
        spec: ODD_SOURCES,
        grep: "that writes",
        databases: "postgres",
    },
    {
        guard: "a result comes from the master",
        file: QUERY_CACHE,
        edits: [["const hasReplicas = (", "const hasReplicas = dataSource === undefined && ("]],
        spec: "spec/functional/subscriber/replication.spec.ts",
        grep: ".",
        databases: "postgres",
    },
    {
        guard: "who holds a connection waits for nobody who waits for one",
        file: QUERY_CACHE,
        edits: [["alone: holdsConnection", "alone: isShared"]],
        spec: QUERIES,
        grep: "never waits for a load",
        databases: "postgres",
    },
    {
        guard: "a result counts as its tables for the function around it",
        file: QUERY_CACHE,
        edits: [["covering: tables", "covering: []"]],
        spec: DEPENDENCY,
        grep: "TypeORM's query cache, warm, invalidates",
        databases: "sqlite",
    },
    {
        guard: "a named result hangs on its name",
        file: QUERY_CACHE,
        edits: [
            [
                "const tags = [...names.map((name) => keys.user(name)), ...tables]",
                "const tags = [...names.slice(0, 0), ...tables]",
            ],
        ],
        spec: QUERIES,
        grep: "removes both with their counts",
        databases: "sqlite",
    },
    {
        guard: "a count and a page hang on the name of their result",
        file: QUERY_CACHE,
        edits: [['return identifier.replace(/-(count|pagination)$/, "")', "return identifier"]],
        spec: QUERIES,
        grep: "removes both with their counts",
        databases: "sqlite",
    },
    {
        guard: "queries on one runner are told apart",
        file: "lib/query/QueryStandIn.ts",
        edits: [
            [
                "this.#expected.find(({ text }) => text === identityOf(sql, parameters))",
                "this.#expected.find(({ text }) => text !== identityOf)",
            ],
        ],
        spec: QUERIES,
        grep: "answers many at once",
        databases: "sqlite",
    },
]
