import KeyvMemcache from "@keyv/memcache"
import KeyvRedis from "@keyv/redis"
import { createCache } from "cache-manager"
import { expect } from "chai"
import { Keyv } from "keyv"
import { KeyvFile } from "keyv-file"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { KeyvStore } from "../../lib/keyv"
import { describeCacheStore } from "../../lib/testing/describeCacheStore"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import type { StartedServer } from "../support/server/ServerProcess"
import { describeRedis } from "../support/stores"
import { findMemcached, startMemcached } from "../support/startMemcached"

describe("KeyvStore", () => {
    describeCacheStore("a Keyv in memory", () => new KeyvStore(new Keyv()), { lacks: ["stamp lives"] })
    describeCacheStore("a Keyv in memory with a namespace", () => new KeyvStore(new Keyv({ namespace: "mine" })), {
        lacks: ["stamp lives"],
    })
    describeCacheStore("a cache of cache-manager", () => new KeyvStore(createCache({ stores: [new Keyv()] })), {
        lacks: ["stamp lives"],
    })

    describe("a file", () => {
        let folder: string
        before(async () => {
            folder = await mkdtemp(join(tmpdir(), "second-level-cache-keyv-"))
        })
        after(() => rm(folder, { recursive: true }))
        describeCacheStore(
            "a Keyv in a file",
            () =>
                new KeyvStore(
                    new Keyv({ store: new KeyvFile({ filename: join(folder, "cache.json"), writeDelay: 1 }) }),
                ),
            { lacks: ["stamp lives", "listing"] },
        )
    })

    describeRedis("Redis by another client", (redis) => {
        const opened: Keyv[] = []
        after(() => Promise.all(opened.map((it) => it.disconnect())))
        describeCacheStore(
            "a Keyv on Redis",
            () => {
                const keyv = new Keyv({ store: new KeyvRedis(redis.url), namespace: redis.prefix() })
                opened.push(keyv)
                return new KeyvStore(keyv)
            },
            { lacks: ["stamp lives"] },
        )
    })

    describe("memcached", function () {
        if (findMemcached() === undefined) return leaveOut("memcached", "memcached is not installed")
        let server: StartedServer
        before(async function () {
            this.timeout(START_TIMEOUT)
            server = await startMemcached()
        })
        after(() => server.stop())
        describeCacheStore(
            "a Keyv on memcached",
            () => new KeyvStore(new Keyv({ store: new KeyvMemcache(`127.0.0.1:${server.port}`) })),
            { lacks: ["stamp lives", "listing"] },
        )

        it("refuses to clear what it cannot find, unless nothing else is there", async () => {
            const keyv = new Keyv({ store: new KeyvMemcache(`127.0.0.1:${server.port}`) })
            const write = async (store: KeyvStore) =>
                store.write([{ key: "p:k", payload: "{}", ttl: 60_000, stamps: [], size: 2 }])
            const careful = new KeyvStore(keyv)
            await write(careful)
            const error = await careful.clear("p:").catch((reason: unknown) => reason)
            expect(error).to.include({ code: "E_STORE" })
            expect((await careful.read(["p:k"], [])).payloads).to.deep.equal(["{}"])
            const own = new KeyvStore(keyv, { exclusive: true })
            await own.clear("p:")
            expect((await own.read(["p:k"], [])).payloads).to.deep.equal([undefined])
        })
    })
})
