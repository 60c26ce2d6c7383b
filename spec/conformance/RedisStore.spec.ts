import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore } from "../../lib/redis"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { needsRedis, redisUrl } from "../functional/redis/redisAtHand"

describe("RedisStore", function () {
    needsRedis(this)
    const clients: { disconnect(): void }[] = []
    after(() => clients.forEach((client) => client.disconnect()))

    function open<T extends { disconnect(): void }>(client: T): T {
        clients.push(client)
        return client
    }

    describeCacheStore("ioredis 5", () => new RedisStore({ client: open(new Redis(redisUrl)) }))
    describeCacheStore("ioredis 6", () => new RedisStore({ client: open(new Redis6(redisUrl)) }))
    describeCacheStore(
        "ioredis 5 with a key prefix and pipelines by itself",
        () =>
            new RedisStore({
                client: open(new Redis(redisUrl, { keyPrefix: "conformance*:", enableAutoPipelining: true })),
            }),
    )
    describeCacheStore("its own client", () => new RedisStore({ url: redisUrl }))
})
