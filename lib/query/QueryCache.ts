import type { DataSource, QueryRunner } from "typeorm"
import type { Invalidator } from "../cache/Invalidator"
import type { StoreGate } from "../cache/StoreGate"
import type { ReadThrough } from "../cache/ReadThrough"
import type { Loaded } from "../cache/ReadRequest"
import { CacheError } from "../error/CacheError"
import { connectionOf, type OpenTransactions } from "../invalidation/OpenTransactions"
import type { TableGraph } from "../invalidation/TableGraph"
import { CanonicalText } from "../key/CanonicalText"
import type { KeyScheme } from "../key/KeyScheme"
import { isSharedRunner } from "../metadata/isSharedRunner"
import { decodeValue, encodeValue } from "../serializer/ValueCodec"
import { analyzeSql } from "../sql/analyzeSql"
import type { SqlDialect } from "../sql/SqlDialect"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { QueryStandIn, type Query, type StructuredResult } from "./QueryStandIn"

/** What TypeORM hands to a provider, and gets back. */
export interface QueryCacheOptions {
    identifier?: string
    time?: number
    duration: number
    query?: string
    result?: unknown
}

/** What a {@link QueryCache} works with. */
export interface QueryCacheParts {
    readonly dataSource: DataSource
    readonly dialect: SqlDialect
    readonly graph: TableGraph
    readonly keys: KeyScheme
    readonly cache: ReadThrough
    readonly gate: StoreGate
    readonly invalidator: Invalidator
    readonly transactions: OpenTransactions
    readonly stats: StatsCounter
    readonly log: CacheLog
    readonly version: string
    readonly isEnabled: () => boolean
    readonly jitter: (ttl: number | undefined) => number | undefined
}

/** The answer that makes TypeORM run its query: on the runner, which then answers from the cache. */
const ALWAYS_RUN: QueryCacheOptions = Object.freeze({ duration: 0, time: 0, result: "[]" })

/**
 * TypeORM's own query cache on the engine of this library: `find({ cache })`, `qb.cache()`. TypeORM keeps a provider's
 * results as JSON, which loses types. So the provider never answers; it stands in front of the runner's next query, and
 * the rows come from there as the driver gave them.
 */
export class QueryCache {
    readonly #parts: QueryCacheParts
    readonly #standIns = new WeakMap<QueryRunner, QueryStandIn>()

    constructor(parts: QueryCacheParts) {
        this.#parts = parts
    }

    /** Prepares the runner for the query that TypeORM is about to send. */
    prepare(
        { identifier, query: text, duration }: QueryCacheOptions,
        runner: QueryRunner | undefined,
    ): QueryCacheOptions | undefined {
        if (runner === undefined || text === undefined || !this.#parts.isEnabled()) return this.#bypass("switched off")
        this.#standInOf(runner).expect(text, (sql, parameters, query) => {
            const reason = this.#refusal(sql, runner)
            if (reason === undefined) return this.#read(text, sql, parameters, identifier, duration, runner, query)
            this.#bypass(reason)
            return query(sql, parameters, true)
        })
        return ALWAYS_RUN
    }

    /** Removes all results of queries. */
    async clear(): Promise<void> {
        await this.#parts.gate.clear(this.#parts.keys.kind("query"))
    }

    /** Invalidates named results, and what TypeORM stores beside them. */
    async remove(identifiers: readonly string[]): Promise<void> {
        const { keys, invalidator } = this.#parts
        await invalidator.invalidate(identifiers.map((name) => keys.user(name)))
    }

    async #read(
        text: string,
        sql: string,
        parameters: unknown[] | undefined,
        identifier: string | undefined,
        duration: number,
        runner: QueryRunner,
        query: Query,
    ): Promise<StructuredResult> {
        const { keys, cache, stats, version, jitter } = this.#parts
        const canonical = new CanonicalText()
        canonical.value(parameters)
        if (canonical.bypass !== undefined) {
            stats.bypasses++
            return (await query(sql, parameters, true)) as StructuredResult
        }
        const tables = this.#tagsOf(sql)
        const names = identifier === undefined ? [] : [...new Set([identifier, baseName(identifier)])]
        const tags = [...names.map((name) => keys.user(name)), ...tables]
        // a name is shared by what differs: the text of the query is part of the key all the same, and its parameters by
        // their types, which its JSON does not tell
        const key = keys.entry("query", "", version, [identifier ?? "", text, canonical.text, ...tags].join("\n"))
        const isShared = isSharedRunner(runner)
        const holdsConnection = !isShared && connectionOf(runner) !== undefined
        const rows = await cache.read<unknown[]>({
            key,
            tags,
            covering: tables,
            // whoever holds a connection must not wait for one who waits for a connection
            alone: holdsConnection,
            stats,
            subject: "query",
            decode: (value) => decodeValue(value) as unknown[],
            load: () =>
                this.#load(sql, parameters, isShared || holdsConnection ? runner : undefined, query, jitter(duration)),
        })
        return { records: rows, raw: rows }
    }

    /** @param asked the caller's runner, if it has a connection already */
    async #load(
        sql: string,
        parameters: unknown[] | undefined,
        asked: QueryRunner | undefined,
        query: Query,
        ttl: number | undefined,
    ): Promise<Loaded<unknown[]>> {
        const { dataSource, transactions, log } = this.#parts
        // a replica that lags would bring the old rows back under the new stamps
        const hasReplicas = (dataSource.options as { replication?: unknown }).replication !== undefined
        // TypeORM releases the caller's runner with the answer, which may come before the end of the load: a connection that
        // it gets behind that would never be given back
        const own = hasReplicas || asked === undefined ? dataSource.createQueryRunner("master") : undefined
        try {
            const runner = own ?? asked!
            const epoch = transactions.epochOf(runner)
            const run = own === undefined ? query : (own.query.bind(own) as Query)
            const { records } = (await run(sql, parameters, true)) as StructuredResult
            const shareable = !transactions.mayHaveSeen(runner, epoch)
            try {
                return { result: records, value: encodeValue(plainRows(records), "a query's result"), ttl, shareable }
            } catch (error) {
                if (!(error instanceof CacheError)) throw error
                log.write("read", { level: "warn", action: "not stored", subject: "query", error })
                return { result: records, value: undefined, ttl }
            }
        } finally {
            await own?.release()
        }
    }

    #tagsOf(sql: string): readonly string[] {
        const { keys, graph, dialect } = this.#parts
        const tags = new Set<string>()
        for (const table of analyzeSql(sql, dialect).tables) {
            tags.add(keys.table(table))
            for (const behind of graph.tablesOfView(table)) tags.add(keys.table(behind))
            if (graph.entitiesOf(table).length === 0) tags.add(keys.unattributed())
        }
        return [...tags]
    }

    /** Why the query must go to the database, or `undefined`. */
    #refusal(sql: string, runner: QueryRunner): string | undefined {
        const { dialect, graph, transactions } = this.#parts
        if (transactions.mayHaveSeen(runner, transactions.epochOf(runner))) return "inside a transaction"
        const { tables, tablesKnown, writes, unattributed } = analyzeSql(sql, dialect)
        if (writes.length > 0 || unattributed) return "it may write"
        if (!tablesKnown || tables.length === 0) return "it names no tables"
        const opaque = tables.find((table) => graph.isOpaqueView(table))
        return opaque === undefined ? undefined : `view ${opaque} without dependsOn`
    }

    #bypass(reason: string): undefined {
        const { stats, log } = this.#parts
        stats.bypasses++
        if (log.enabled("read")) log.write("read", { level: "debug", action: "bypass", subject: "query", reason })
    }

    #standInOf(runner: QueryRunner): QueryStandIn {
        let standIn = this.#standIns.get(runner)
        if (standIn === undefined) this.#standIns.set(runner, (standIn = new QueryStandIn(runner)))
        return standIn
    }
}

/** TypeORM stores a count and a page beside a named result. */
function baseName(identifier: string): string {
    return identifier.replace(/-(count|pagination)$/, "")
}

/** Drivers make rows of classes of their own (`RowDataPacket`, rows without a prototype). */
function plainRows(rows: readonly unknown[]): unknown[] {
    return rows.map((row) => (typeof row === "object" && row !== null && !Array.isArray(row) ? { ...row } : row))
}
