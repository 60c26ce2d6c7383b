import type { Suite } from "mocha"
import { Redis } from "ioredis"

/** The Redis that the specs use. */
export const redisUrl = process.env.REDIS_URL ?? "redis://127.0.0.1:6379"

/** Makes the suite pending, with the reason in its titles, when there is no Redis. */
export function needsRedis(suite: Suite): void {
    suite.beforeAll(async function () {
        const client = new Redis(redisUrl, { lazyConnect: true, retryStrategy: null, connectTimeout: 1_000 })
        client.on("error", () => {})
        try {
            await client.ping()
        } catch (error) {
            suite.eachTest((test) => void (test.title += ` (no Redis: ${(error as Error).message})`))
            this.skip()
        } finally {
            client.disconnect()
        }
    })
}
