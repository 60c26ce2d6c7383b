import { RedisStore } from "../../lib/redis"
import { TieredStore, type NearOptions } from "../../lib/store/TieredStore"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { describeRedis } from "../support/stores"
import type { TestRedis } from "../support/TestRedis"
import { untilNear } from "../support/untilNear"

describeRedis("TieredStore", (redis) => {
    const create = async (options: Parameters<TestRedis["createClient"]>[0] = {}, near: NearOptions = {}) => {
        const store = new TieredStore({ near, far: new RedisStore({ client: redis.createClient(options) }) })
        await untilNear(store)
        return store
    }
    describeCacheStore("over ioredis 5", () => create())
    describeCacheStore("over ioredis 5, with bytes", () => create(), { bytes: true })
    describeCacheStore("over ioredis 6 with a key prefix, and room for one entry", () =>
        create({ version: 6, keyPrefix: "pre*:" }, { maxEntries: 1 }),
    )
})
