import Redis from "ioredis"
import { DataSource, type DataSourceOptions } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { FaultyStore } from "typeorm-second-level-cache/testing"
import { Item } from "../race/Item"

// Run by killedWriter.spec.ts: writes one row and stops for ever at the step at which it is to be killed.

/** Where a writer stops. */
export type KillPoint = "before the fence" | "before COMMIT" | "after COMMIT" | "after the release"

export interface WriterOrder {
    readonly database: DataSourceOptions
    readonly redis: string
    readonly prefix: string
    readonly fence: string
    readonly at: KillPoint
    readonly id: number
    readonly state: number
}

const HOOKS = {
    "before the fence": ["before", "fence"],
    "before COMMIT": ["after", "fence"],
    "after COMMIT": ["before", "release"],
    "after the release": ["after", "release"],
} as const

async function main(): Promise<void> {
    const order = await new Promise<WriterOrder>((resolve) =>
        process.once("message", (it) => resolve(it as WriterOrder)),
    )
    const store = new FaultyStore(new RedisStore({ client: new Redis(order.redis) }))
    const cache = new SecondLevelCache({ store, prefix: order.prefix, fence: order.fence as "1s", storeTimeout: "30s" })
    const dataSource = await new DataSource({
        ...order.database,
        entities: [Item],
        subscribers: [cache.subscriber],
    }).initialize()
    process.send?.("ready")
    await new Promise((resolve) => process.once("message", resolve))
    const [when, method] = HOOKS[order.at]
    store[when](method, () => {
        process.send?.("there")
        return new Promise(() => undefined)
    })
    await dataSource.transaction((manager) => manager.update(Item, order.id, { state: order.state }))
}

if (require.main === module) void main()
