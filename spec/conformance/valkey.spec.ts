import type { Redis } from "ioredis"
import { expect } from "chai"
import { RedisStore } from "../../lib/redis"
import { TieredStore } from "../../lib/store/TieredStore"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { type ClientVersion, openClient } from "../functional/redis/openClient"
import { START_TIMEOUT } from "../support/choice"
import { eachRedis } from "../support/eachRedis"
import type { StartedServer } from "../support/server/ServerProcess"
import { startRedis } from "../support/startRedis"
import { untilNear } from "../support/untilNear"

// what runs on Redis is in RedisStore.spec.ts and TieredStore.spec.ts
eachRedis(
    (program) => {
        let server: StartedServer
        const clients: Redis[] = []

        before(async function () {
            this.timeout(START_TIMEOUT)
            server = await startRedis({ program })
        })
        after(async () => {
            for (const client of clients) client.disconnect()
            await server?.stop()
        })

        async function open(version: ClientVersion): Promise<RedisStore> {
            const client = await openClient(version, server.url)
            clients.push(client)
            return new RedisStore({ client })
        }

        it("is no other than it is said to be", async () => {
            await open(5)
            expect(await clients[0]!.info("server")).to.match(/^server_name:valkey/m)
        })

        describeCacheStore("RedisStore with ioredis 5", () => open(5))
        describeCacheStore("RedisStore with ioredis 6", () => open(6))
        describeCacheStore("TieredStore", async () => {
            const store = new TieredStore({ far: await open(5) })
            await untilNear(store)
            return store
        })
    },
    ["valkey"],
)
