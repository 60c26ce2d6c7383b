import Redis from "ioredis"
import { DataSource, type DataSourceOptions } from "typeorm"
import { CachedRepository, SecondLevelCache, TieredStore } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { untilNear } from "../support/untilNear"
import type { HistoryEvent } from "./checkHistory"

// Run by history.spec.ts: reads all rows, may write its own, and tells what it saw and did, and when.

export interface HistoryOrder {
    readonly database: DataSourceOptions
    readonly redis: string
    readonly prefix: string
    readonly store: "redis" | "tiered"
    readonly process: number
    /** The first of the processes write, each its own rows; the others only read. */
    readonly writers: number
    readonly rows: number
    readonly milliseconds: number
}

/** How late a read of the near tier may be, in milliseconds: less than a run lasts. */
export const MAX_LAG = 500

/** The clock of the machine: all processes read the same one. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6

async function main(): Promise<void> {
    const order = await new Promise<HistoryOrder>((resolve) => process.once("message", (it) => resolve(it as never)))
    const far = new RedisStore({ client: new Redis(order.redis) })
    const store = order.store === "redis" ? far : new TieredStore({ far, heartbeat: "100ms", maxLag: MAX_LAG })
    const cache = new SecondLevelCache({ store, prefix: order.prefix, storeTimeout: "30s" })
    const dataSource = await new DataSource({
        ...order.database,
        entities: [Item],
        subscribers: [cache.subscriber],
    }).initialize()
    const items = new CachedRepository(Item, dataSource.manager)
    if (store instanceof TieredStore) await untilNear(store)
    process.send?.("ready")
    await new Promise((resolve) => process.once("message", resolve))

    const own = Array.from({ length: order.rows }, (_, id) => id).filter((id) => id % order.writers === order.process)
    const states = new Map(own.map((id) => [id, 0]))
    const events: HistoryEvent[] = []
    const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!

    async function read(): Promise<void> {
        const kind = pick(["row", "rows", "list", "value"] as const)
        const id = Math.floor(Math.random() * order.rows)
        const start = now()
        const found =
            kind === "row"
                ? [await items.findOneByOrFail({ id })]
                : kind === "rows"
                  ? await items.findBy([{ id }, { id: (id + 1) % order.rows }])
                  : kind === "list"
                    ? await items.findBy({ kind: "kind" })
                    : await cache.getOrSet("all", () => items.find())
        const end = now()
        for (const { id: row, state } of found) events.push({ type: "read", kind, row, state, start, end })
    }

    async function write(): Promise<void> {
        const row = pick(own)
        const state = states.get(row)! + 1
        states.set(row, state)
        const isTaken = Math.random() < 0.2
        const start = now()
        await dataSource
            .transaction(async (manager) => {
                await manager.update(Item, row, { state: isTaken ? -state : state })
                if (isTaken) throw new Error("taken back")
            })
            .catch((error: unknown) => {
                if (!isTaken) throw error
            })
        if (!isTaken) events.push({ type: "write", row, state, start, end: now() })
    }

    const flow = async (act: () => Promise<void>, pause: number): Promise<void> => {
        for (const end = now() + order.milliseconds; now() < end;) {
            await act()
            await new Promise((resolve) => (pause === 0 ? setImmediate(resolve) : setTimeout(resolve, pause)))
            if (events.length > 500) process.send?.(events.splice(0))
        }
    }
    const isWriter = order.process < order.writers
    await Promise.all([flow(read, 0), flow(read, 0), ...(isWriter ? [flow(write, 10)] : [])])
    process.send?.(events)
    process.send?.("done")
}

if (require.main === module) void main()
