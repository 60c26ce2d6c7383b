import { RedisStore } from "../../lib/redis"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { describeRedis } from "../support/stores"

describeRedis("RedisStore", (redis) => {
    const distributedLock = "300ms"
    describeCacheStore("ioredis 5", () => new RedisStore({ client: redis.createClient(), distributedLock }), {
        locks: true,
    })
    describeCacheStore("ioredis 6", () => new RedisStore({ client: redis.createClient({ version: 6 }) }))
    describeCacheStore(
        "ioredis 5 with a key prefix and pipelines by itself",
        () => new RedisStore({ client: redis.createClient({ keyPrefix: "pre*:", enableAutoPipelining: true }) }),
    )
    describeCacheStore("ioredis 5, with bytes", () => new RedisStore({ client: redis.createClient() }), { bytes: true })
    describeCacheStore("ioredis 6, with bytes", () => new RedisStore({ client: redis.createClient({ version: 6 }) }), {
        bytes: true,
    })
    describeCacheStore("its own client", () => new RedisStore({ url: redis.url }))
})
