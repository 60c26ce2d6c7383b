import type { RedisStore } from "../../lib/redis"
import type { CacheStore } from "../../lib/store/CacheStore"
import { chosen, leaveOut, START_TIMEOUT } from "./choice"
import { TestRedis } from "./TestRedis"
import { whyMissing } from "./servers"

/** A kind of store for one suite of specs. */
export interface TestStore {
    readonly name: "memory" | "redis" | "tiered" | "keyv"
    /** A new store, to be called in a hook or in a spec: an empty memory, or the Redis of the suite. */
    create(): CacheStore
    /** A prefix that nobody else uses; what lies under it in Redis is removed with the suite. */
    prefix(): string
}

/**
 * Describes the same rules for every kind of store. `STORES=memory` narrows the run. Only when asked for, since others
 * may be ahead of them: `tiered`, with a near tier in front of Redis, and `keyv`.
 */
export function forEachStore(title: string, body: (store: TestStore) => void): void {
    eachStore((name) => `${name}: ${title}`, body)
}

/** {@link forEachStore} with titles of the caller's own making. */
export function eachStore(title: (name: string) => string, body: (store: TestStore) => void): void {
    if (chosen("STORES", "memory"))
        describe(title("memory"), () => {
            let count = 0
            body({ name: "memory", create: createMemoryStore, prefix: () => `memory-${++count}` })
        })
    const describeOn = (name: "redis" | "tiered", create: (redis: TestRedis) => CacheStore): void =>
        describeRedis(title(name), (redis) => body({ name, create: () => create(redis), prefix: () => redis.prefix() }))
    if (chosen("STORES", "redis")) describeOn("redis", createRedisStore)
    const isAskedFor = (name: string): boolean => process.env["STORES"] !== undefined && chosen("STORES", name)
    if (isAskedFor("tiered")) describeOn("tiered", createTieredStore)
    if (isAskedFor("keyv"))
        describe(title("keyv"), () => {
            let count = 0
            body({ name: "keyv", create: createKeyvStore, prefix: () => `keyv-${++count}` })
        })
}

/** Describes rules that need a Redis: the shared one, which no spec may flush or stop (`startRedis` makes others). */
export function describeRedis(title: string, body: (redis: TestRedis) => void): void {
    describe(title, () => {
        const reason = whyMissing("redis")
        if (reason !== undefined) return leaveOut("redis", reason)
        const redis = new TestRedis()
        before(async function () {
            this.timeout(START_TIMEOUT)
            await redis.start()
        })
        body(redis)
        after(() => redis.cleanUp())
    })
}

// Loaded when needed, so that specs of the harness and of single parts do not depend on the stores.

function createMemoryStore(): CacheStore {
    const { MemoryStore } = require("../../lib/store/MemoryStore") as typeof import("../../lib/store/MemoryStore")
    return new MemoryStore()
}

function createRedisStore(redis: TestRedis): RedisStore {
    const { RedisStore } = require("../../lib/redis/RedisStore") as typeof import("../../lib/redis/RedisStore")
    return new RedisStore({ client: redis.client() })
}

function createKeyvStore(): CacheStore {
    const { KeyvStore } = require("../../lib/keyv") as typeof import("../../lib/keyv")
    const { Keyv } = require("keyv") as typeof import("keyv")
    return new KeyvStore(new Keyv())
}

function createTieredStore(redis: TestRedis): CacheStore {
    const { TieredStore } = require("../../lib/store/TieredStore") as typeof import("../../lib/store/TieredStore")
    return new TieredStore({ far: createRedisStore(redis) })
}
