import Redis from "ioredis"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"

// Run by distributedLock.spec.ts: asks for a value as often as it is told, all at once, and counts the loads in Redis.

export interface LoaderOrder {
    readonly redis: string
    readonly prefix: string
}

/** One round: the name of the value, and how often it is asked for at once. */
export interface LoaderRound {
    readonly name: string
    readonly times: number
    /** Stops in the load for ever, to be killed there. */
    readonly stops?: boolean
}

async function main(): Promise<void> {
    const next = <T>(): Promise<T> => new Promise((resolve) => process.once("message", (it) => resolve(it as T)))
    const order = await next<LoaderOrder>()
    const client = new Redis(order.redis)
    const cache = new SecondLevelCache({
        store: new RedisStore({ client, distributedLock: "2s" }),
        prefix: order.prefix,
        storeTimeout: "30s",
    })
    await client.ping()
    process.send?.("ready")
    process.on("message", (message) => {
        const { name, times, stops = false } = message as LoaderRound
        const load = async (): Promise<number> => {
            const count = await client.incr(`${order.prefix}:loads:${name}`)
            process.send?.("loading")
            if (stops) await new Promise(() => undefined)
            // as long as the others need to come
            await new Promise((resolve) => setTimeout(resolve, 100))
            return count
        }
        const reads = Array.from({ length: times }, () => cache.getOrSet(name, load, { tags: ["round"] }))
        void Promise.all(reads).then((answers) => process.send?.({ answers }))
    })
}

if (require.main === module) void main()
