import type { CacheStore } from "../../lib/store/CacheStore"
import { chosen, leaveOut, START_TIMEOUT } from "./choice"
import { TestRedis } from "./TestRedis"
import { whyMissing } from "./servers"

/** A kind of store for one suite of specs. */
export interface TestStore {
    readonly name: "memory" | "redis"
    /** A new store, to be called in a hook or in a spec: an empty memory, or the Redis of the suite. */
    create(): CacheStore
    /** A prefix that nobody else uses; what lies under it in Redis is removed with the suite. */
    prefix(): string
}

/** Describes the same rules for every kind of store. `STORES=memory` narrows the run. */
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
    if (chosen("STORES", "redis"))
        describeRedis(title("redis"), (redis) =>
            body({
                name: "redis",
                create: () => createRedisStore(redis),
                prefix: () => redis.prefix(),
            }),
        )
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

function createRedisStore(redis: TestRedis): CacheStore {
    const { RedisStore } = require("../../lib/redis/RedisStore") as typeof import("../../lib/redis/RedisStore")
    return new RedisStore({ client: redis.client() })
}
