import type { RedisOptions } from "ioredis"
import { CacheError } from "../error/CacheError"
import type { AnySerializer } from "../serializer/Serializer"
import {
    type InvalidationChannel,
    type InvalidationListener,
    type LoadLocks,
    type SharedStore,
    type StoreEntry,
    type StoreRead,
    type StoreReadWithLives,
    type TagState,
} from "../store/CacheStore"
import { checkOptions, isCount, isDuration, isName, type OptionCheck } from "../util/checkOptions"
import { describe } from "../util/describe"
import { toMilliseconds, type Duration } from "../util/duration"
import { newToken } from "../util/token"
import { escapePayload, toRead, toState, type RedisReply } from "./redisReply"
import { clearMessage, RedisChannel, tagsMessage } from "./RedisChannel"
import { connectRedis, isCluster, toRedisClient, type RedisClient, type RedisNode } from "./RedisClient"
import { RedisPipeline, storeError, type RedisCommand } from "./RedisPipeline"
import { RedisScript } from "./RedisScript"

/** Options of {@link RedisStore}: a client of yours, or the URL of a server to connect to. */
export interface RedisStoreOptions {
    /** A `Redis` or `Cluster` of ioredis 5 or 6. It stays yours: `close()` leaves it open. */
    client?: RedisClient
    /** Where to connect: `redis://user:password@host:6379/0`. Needs the package `ioredis`. */
    url?: string
    /** Options of the client that is made for `url`, over the store's own: gives up after 2 s or one retry. */
    options?: RedisOptions
    /**
     * Whether every invalidation is told on a channel, for those who have a `TieredStore` in front of this Redis; a
     * string names the channel. `false` saves the `PUBLISH` where nobody has one. Default true.
     */
    announce?: boolean | string
    /**
     * Whether only one process at a time loads a key, while the others wait for its entry: one trip more for a miss, for
     * loads that are dear. A length of time says how long at most they wait for it. `true` is `"3s"`. Default false.
     */
    distributedLock?: boolean | Duration
    /**
     * Counts a fence or an invalidation as made only once so many replicas have it (`WAIT`), so that a failover does not
     * lose it. The connection takes no other command meanwhile. Not for a cluster. Default: does not wait.
     */
    waitForReplicas?: ReplicaOptions
}

/** Replicas that are waited for. */
export interface ReplicaOptions {
    /** How many. */
    count: number
    /** How long at most: then it counts as failed, and is repeated. Default `"100ms"`. */
    timeout?: Duration
}

const CHANNEL = "second-level-cache"

const CHECKS: Readonly<Record<keyof RedisStoreOptions, OptionCheck>> = {
    // Looked at more closely by toRedisClient().
    client: () => undefined,
    url: isName,
    options: (value) => (typeof value === "object" && value !== null ? undefined : "takes ioredis's options"),
    distributedLock: (value, name) =>
        typeof value === "boolean"
            ? undefined
            : isDuration(value, name) && `takes true, false or a length of time such as "5s"`,
    waitForReplicas: (value) => {
        if (typeof value !== "object" || value === null) return "takes { count, timeout }"
        checkOptions(value, { count: isCount, timeout: isDuration }, "RedisStore.waitForReplicas")
        return undefined
    },
    announce: (value, name) =>
        typeof value === "boolean" ? undefined : isName(value, name) && "takes true, false or the name of a channel",
}

const FENCE = new RedisScript("fence-1")
const RELEASE = new RedisScript("release-1")
const TOUCH = new RedisScript("touch-1")
const DROP = new RedisScript("drop-1")
const UNLOCK = new RedisScript("unlock-1")

const TOKEN = /^[\w-]+$/
const SCAN_COUNT = 1000

/**
 * Keeps entries in Redis 5 or later, or a server that speaks its language (Valkey, KeyDB, Dragonfly), single, behind
 * Sentinel or a cluster. Each method is one trip: a read is one `MGET`, everything else one pipeline.
 *
 * A tag is one string key: its stamp, or `!owner:deadline,…` while it is fenced, which expires with the last deadline.
 * All times are Redis's own, so that the clocks of the hosts need not agree.
 *
 * @example
 * new RedisStore({ client: new Redis() })
 * new RedisStore({ url: "redis://localhost:6379" })
 */
export class RedisStore implements SharedStore {
    readonly name = "redis"
    readonly keeps = "strings"
    readonly takesBytes = true
    readonly orderedReads: boolean

    readonly locks: LoadLocks | undefined

    readonly #client: RedisClient
    readonly #isOwnClient: boolean
    readonly #pipeline: RedisPipeline
    readonly #channel: string | undefined
    /** Behind what changes tags. */
    readonly #wait: RedisCommand | undefined
    /** Whether entries are bytes; unknown until somebody uses it. */
    #isBinary: boolean | undefined

    /**
     * @throws CacheError `E_OPTION` for an unknown option, not exactly one of `client` and `url`, or a client that is none
     * of ioredis or reads from replicas; `E_MISSING_PEER` for `url` without the package `ioredis`
     */
    constructor(options: RedisStoreOptions) {
        checkOptions(options, CHECKS, "RedisStore")
        this.#isOwnClient = options.client === undefined
        this.#client = clientOf(options)
        this.#pipeline = new RedisPipeline(this.#client)
        this.orderedReads = !isCluster(this.#client)
        const { announce = true } = options
        this.#channel = announce === true ? CHANNEL : announce === false ? undefined : announce
        this.locks = this.#locksOf(options)
        const { waitForReplicas } = options
        if (waitForReplicas === undefined) return
        if ((waitForReplicas as Partial<ReplicaOptions>).count === undefined || isCluster(this.#client))
            throw new CacheError(
                "E_OPTION",
                `RedisStore: waitForReplicas ${isCluster(this.#client) ? "cannot be had on a cluster" : "has no count"}.`,
                {
                    advice: "WAIT is of one server: give waitForReplicas: { count: 1 } with a single Redis or Sentinel.",
                },
            )
        const timeout = toMilliseconds(waitForReplicas.timeout ?? 100, "waitForReplicas.timeout")
        this.#wait = ["wait", waitForReplicas.count, timeout]
    }

    /** @throws CacheError `E_OPTION` when one cache makes text of its entries and another one bytes */
    useSerializer({ isBinary = false }: AnySerializer): void {
        if (this.#isBinary !== undefined && this.#isBinary !== isBinary)
            throw new CacheError("E_OPTION", "A cache that makes text and one that makes bytes share a RedisStore.", {
                advice: "Give each cache a RedisStore of its own; they may share the client.",
            })
        this.#isBinary = isBinary
    }

    async read(keys: readonly string[], tags: readonly string[]): Promise<StoreRead> {
        return toRead(await this.#get(tags.length === 0 ? keys.slice() : keys.concat(tags)), keys, tags)
    }

    async readWithLives(keys: readonly string[], tags: readonly string[]): Promise<StoreReadWithLives> {
        const names = keys.concat(tags)
        if (names.length === 0) return { payloads: [], tags: [], lives: [] }
        const [one, many] = this.#getters
        const asked = this.orderedReads ? [[many, ...names] as const] : names.map((name) => [one, name] as const)
        // The lives first: of an entry that is replaced in between the old life counts, and not the new one of the old.
        const replies = await this.#pipeline.run([...keys.map((key) => ["pttl", key] as const), ...asked])
        const found = replies.slice(keys.length)
        const values = (this.orderedReads ? found[0] : found) as RedisReply[]
        const lives = replies.slice(0, keys.length).map(Number)
        return {
            ...toRead(values, keys, tags),
            // -1 for ever, -2 gone meanwhile
            lives: lives.map((life) => (life === -1 ? undefined : Math.max(0, life))),
        }
    }

    async stamp(tags: readonly string[], proposal: string, ttl: number): Promise<readonly TagState[]> {
        if (tags.length === 0) return []
        checkToken("stamp", proposal)
        const px = toPx(ttl)
        const commands = tags.map((tag): RedisCommand => ["set", tag, proposal, "PX", px, "NX"])
        if (this.orderedReads) commands.push(["mget", ...tags])
        else for (const tag of tags) commands.push(["get", tag])
        const replies = await this.#pipeline.run(commands)
        const states = (this.orderedReads ? replies[tags.length] : replies.slice(tags.length)) as (string | null)[]
        return states.map(toState)
    }

    async write(entries: readonly StoreEntry[]): Promise<void> {
        const commands: RedisCommand[] = []
        const lives = new Map<string, { tag: string; stamp: string; ttl: number | undefined }>()
        for (const { key, payload, ttl, stamps } of entries) {
            const text = escapePayload(key, payload, this.#isBinary === true)
            commands.push(ttl === undefined ? ["set", key, text] : ["set", key, text, "PX", toPx(ttl)])
            for (const [tag, stamp] of stamps) {
                const pair = `${stamp}:${tag}`
                const life = lives.get(pair)
                if (life === undefined) lives.set(pair, { tag, stamp, ttl })
                else if (ttl === undefined || (life.ttl !== undefined && life.ttl < ttl)) life.ttl = ttl
            }
        }
        // Behind the entries, so that a stamp's new life begins no earlier than theirs.
        for (const { tag, stamp, ttl } of lives.values())
            commands.push([TOUCH, tag, stamp, ttl === undefined ? "" : toPx(ttl)])
        await this.#pipeline.run(commands)
    }

    async fence(tags: readonly string[], owner: string, duration: number): Promise<void> {
        checkToken("owner", owner)
        const px = toPx(duration)
        await this.#change(
            tags,
            tags.map((tag): RedisCommand => [FENCE, tag, owner, px]),
        )
    }

    async release(tags: readonly string[], owner: string, ttl: number): Promise<void> {
        checkToken("owner", owner)
        const token = newToken()
        const px = toPx(ttl)
        await this.#change(
            tags,
            tags.map((tag): RedisCommand => [RELEASE, tag, owner, token, px]),
        )
    }

    async delete(keys: readonly string[]): Promise<number> {
        const replies = await this.#pipeline.run(keys.map((key): RedisCommand => ["unlink", key]))
        return replies.reduce<number>((sum, reply) => sum + Number(reply), 0)
    }

    async clear(prefix: string): Promise<void> {
        for await (const keys of this.keys(prefix))
            await this.#pipeline.run(keys.map((key): RedisCommand => [DROP, key]))
        if (this.#channel !== undefined)
            await this.#pipeline.tell(["publish", this.#channel, clearMessage(prefix, this.#keyPrefix)])
    }

    async *keys(prefix: string): AsyncGenerator<readonly string[]> {
        // SCAN knows nothing of the client's own key prefix; the commands add it.
        const own = this.#keyPrefix
        const pattern = `${escapeGlob(own + prefix)}*`
        const nodes = this.#client.nodes?.("master") ?? [this.#client as RedisNode]
        for (const node of nodes) {
            let cursor = "0"
            do {
                const [next, keys] = await node.scan(cursor, "MATCH", pattern, "COUNT", SCAN_COUNT).catch(failScan)
                yield keys.map((key) => key.slice(own.length))
                cursor = next
            } while (cursor !== "0")
        }
    }

    listen(listener: InvalidationListener): InvalidationChannel {
        if (this.#channel === undefined)
            throw new CacheError("E_OPTION", "RedisStore was told to announce nothing, so that nobody can listen.", {
                advice: "Leave out announce: false, here and in every process that writes.",
            })
        return new RedisChannel(this.#client, this.#channel, listener)
    }

    async close(): Promise<void> {
        if (!this.#isOwnClient) return
        try {
            // QUIT on a client that is not connected would wait behind the commands that do.
            if (this.#client.status === "ready") await this.#client.quit()
        } catch {
            // The connection went away by itself, which is what was wanted.
        } finally {
            this.#client.disconnect()
        }
    }

    #locksOf({ distributedLock = false }: RedisStoreOptions): LoadLocks | undefined {
        if (distributedLock === false) return undefined
        const ttl = toMilliseconds(distributedLock === true ? 3_000 : distributedLock, "distributedLock")
        return {
            ttl,
            // taken and looked at in one trip; whose answer was lost and is sent again finds it his own
            lock: async (names, owner) => (await this.stamp(names, owner, ttl)).map((state) => state === owner),
            unlock: async (names, owner) => {
                await this.#pipeline.run(names.map((name): RedisCommand => [UNLOCK, name, owner]))
            },
        }
    }

    get #keyPrefix(): string {
        return this.#client.options?.keyPrefix ?? ""
    }

    async #change(tags: readonly string[], commands: readonly RedisCommand[]): Promise<void> {
        const wait = commands.length === 0 ? undefined : this.#wait
        const replies = await this.#pipeline.run(wait ? [...commands, wait] : commands, this.#notice(tags))
        if (wait !== undefined && Number(replies.at(-1)) < Number(wait[1]))
            throw new CacheError(
                "E_STORE",
                `${String(replies.at(-1))} replicas have it, and ${wait[1]} were asked for.`,
                {
                    advice: "See whether they are connected, or raise the timeout of waitForReplicas.",
                },
            )
    }

    #notice(tags: readonly string[]): RedisCommand | undefined {
        return this.#channel === undefined ? undefined : ["publish", this.#channel, tagsMessage(tags, this.#keyPrefix)]
    }

    /** The commands that read one key and several. */
    get #getters(): readonly [one: string, many: string] {
        return this.#isBinary === true ? ["getBuffer", "mgetBuffer"] : ["get", "mget"]
    }

    async #get(keys: string[]): Promise<readonly RedisReply[]> {
        if (keys.length === 0) return []
        const [one] = this.#getters
        if (!this.orderedReads)
            return (await this.#pipeline.run(keys.map((key) => [one, key] as const))) as RedisReply[]
        try {
            return await (this.#isBinary === true ? this.#client.mgetBuffer(keys) : this.#client.mget(keys))
        } catch (cause) {
            throw storeError("MGET", cause)
        }
    }
}

function clientOf(options: RedisStoreOptions): RedisClient {
    const { client, url } = options
    if ((client === undefined) === (url === undefined))
        throw new CacheError(
            "E_OPTION",
            `RedisStore was given ${url === undefined ? "neither" : "both"} client and url.`,
            {
                advice: "Give one of them.",
            },
        )
    if (client !== undefined) {
        if (options.options === undefined) return toRedisClient(client)
        throw new CacheError("E_OPTION", "RedisStore was given options for a client that it does not make.", {
            advice: "Give options with url, or give them to your client.",
        })
    }
    return connectRedis(url!, options.options)
}

/** Whole milliseconds as Redis takes them: at least one, and no exponent in the spelling. */
function toPx(milliseconds: number): number {
    return Math.min(Math.max(1, Math.ceil(milliseconds)), Number.MAX_SAFE_INTEGER)
}

/** A stamp or an owner with a mark of the fence's own spelling in it would be read as something else. */
function checkToken(what: string, text: string): void {
    if (!TOKEN.test(text))
        throw new CacheError("E_STORE", `The ${what} ${describe(text)} is no token.`, {
            advice: "Letters, digits, - and _ only.",
        })
}

function escapeGlob(text: string): string {
    return text.replace(/[\\*?[\]]/g, "\\$&")
}

function failScan(cause: unknown): never {
    throw storeError("SCAN", cause)
}
