import type { RedisOptions } from "ioredis"
import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"

export type RedisArg = string | number | Buffer

/** What is needed of one node of Redis. */
export interface RedisNode {
    scan(cursor: string, match: "MATCH", pattern: string, count: "COUNT", size: number): Promise<[string, string[]]>
    /** Makes another client for the same server. Its type differs with each ioredis. */
    readonly duplicate?: unknown
}

/** What is needed of a connection that listens. */
export interface RedisSubscriber {
    subscribe(...channels: string[]): Promise<unknown>
    on(event: "error", listener: (error: Error) => void): unknown
    on(event: "close", listener: () => void): unknown
    on(event: "message", listener: (channel: string, text: string) => void): unknown
    disconnect(): void
}

/**
 * What {@link RedisStore} needs of a client: the shape of `Redis` and `Cluster` of ioredis 5 and 6. It is a shape and not
 * a class, so that any copy of ioredis in the process will do.
 */
export interface RedisClient {
    readonly status: string
    readonly options: { readonly keyPrefix?: string | undefined; readonly scaleReads?: unknown }
    mget(keys: string[]): Promise<(string | null)[]>
    mgetBuffer(keys: string[]): Promise<(Buffer | null)[]>
    call(command: string, args: RedisArg[]): Promise<unknown>
    callBuffer(command: string, args: RedisArg[]): Promise<unknown>
    pipeline(commands: unknown[][]): { exec(): Promise<[error: Error | null, result: unknown][] | null> }
    on(event: "error", listener: (error: Error) => void): unknown
    quit(): Promise<unknown>
    disconnect(): void
    /** There on a single Redis. */
    scan?: RedisNode["scan"]
    readonly duplicate?: unknown
    /** There on a cluster. */
    nodes?(role: "master"): RedisNode[]
}

const METHODS = ["mget", "mgetBuffer", "call", "callBuffer", "pipeline", "on", "quit", "disconnect"] as const

/**
 * The value as a client.
 *
 * @throws CacheError `E_OPTION` when it is none, or one that reads from replicas
 */
export function toRedisClient(value: unknown): RedisClient {
    const client = value as Partial<RedisClient> | null | undefined
    const fits =
        client !== null &&
        (typeof client === "object" || typeof client === "function") &&
        METHODS.every((method) => typeof client[method] === "function") &&
        (typeof client.scan === "function" || typeof client.nodes === "function")
    if (!fits)
        throw new CacheError("E_OPTION", `RedisStore's client is ${describe(value)}, which is no ioredis client.`, {
            advice: `Give "new Redis(…)" or "new Redis.Cluster(…)" of ioredis 5 or 6, or a url.`,
        })
    const scaleReads = client.options?.scaleReads
    if (isCluster(client as RedisClient) && scaleReads !== undefined && scaleReads !== "master")
        // A replica lags: it would answer with a stamp that has been replaced.
        throw new CacheError("E_OPTION", `RedisStore's client has scaleReads: ${describe(scaleReads)}.`, {
            advice: `Give a client that reads from the masters: scaleReads: "master".`,
        })
    return client as RedisClient
}

/**
 * A connection of its own that listens, to the server of a client, or to one of its nodes: each of them tells what is
 * published on any. It does not come back by itself once it is lost: what was told meanwhile would be missed in silence.
 *
 * @param turn another number takes another node, when the last one was lost
 * @returns `undefined` for a cluster that knows no node yet
 * @throws CacheError `E_OPTION`
 */
export function subscriberOf(client: RedisClient, turn: number): RedisSubscriber | undefined {
    const nodes = client.nodes?.("master")
    const node = nodes === undefined ? client : nodes[turn % nodes.length]
    if (node === undefined) return undefined
    if (typeof node.duplicate !== "function")
        throw new CacheError("E_OPTION", "RedisStore's client has no duplicate(), which is needed to listen.", {
            advice: "Give a client of ioredis.",
        })
    return (node as { duplicate(options: RedisOptions): RedisSubscriber }).duplicate({
        lazyConnect: false,
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
        retryStrategy: () => null,
    })
}

/** Whether the keys of this client are spread over several nodes, so that a command can only name keys of one slot. */
export function isCluster(client: RedisClient): boolean {
    return typeof client.nodes === "function"
}

/**
 * Settings of a client that the store makes: quick to give up, because the database is always there to ask. Commands
 * without an answer are not sent once more after a cut: the cache itself repeats what must not be lost.
 */
const DEFAULTS: RedisOptions = {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
}

/**
 * Makes a client for the URL. It connects at its first command.
 *
 * @throws CacheError `E_MISSING_PEER` when ioredis is not installed
 */
export function connectRedis(url: string, options: RedisOptions | undefined): RedisClient {
    const client = new (loadIoredis().Redis)(url, { ...DEFAULTS, ...options })
    // An "error" event without a listener is printed or thrown. What it tells also comes with the command that failed.
    client.on("error", () => {})
    return client
}

function loadIoredis(): typeof import("ioredis") {
    try {
        return require("ioredis") as typeof import("ioredis")
    } catch (cause) {
        throw new CacheError("E_MISSING_PEER", `RedisStore needs the package "ioredis" to connect to a url.`, {
            advice: `Install it: npm install ioredis.`,
            cause,
        })
    }
}
