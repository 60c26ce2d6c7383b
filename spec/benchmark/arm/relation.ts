import Redis from "ioredis"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Repository } from "typeorm"
import { CachedRepository, type CacheStore, type StoreEntry } from "typeorm-second-level-cache"
import { CountingStore } from "../CountingStore"
import { Instance, type Site } from "../Instance"
import { measure, type Arm } from "../measure"
import { number, printGroup, printTable } from "../report"
import { Shelf, SHELVES, VOLUMES_OF_EACH } from "../Shelf"

const PREFIX = "bench-relation"
/** How often the entries are copied to weigh them: one set is lost in the noise of the heap. */
const COPIES = 20

type Read = (shelves: Repository<Shelf>) => Promise<unknown>

const find: Read = (shelves) => shelves.find({ relations: { volumes: true } })

const lazy: Read = async (shelves) => Promise.all((await shelves.find()).map((shelf) => shelf.lazyVolumes))

/** A page of owners with their related rows: as a join and lazily, without the cache, cold and warm. */
export async function benchRelations(site: Site, rounds: number): Promise<void> {
    const entries = new Map<string, StoreEntry>()
    const counters: Counter[] = []
    const count = (store: CacheStore): CountingStore => {
        const counter = new Counter(store, entries)
        counters.push(counter)
        return counter
    }
    const plain = await Instance.plain(site)
    const memory = await Instance.memory(site, count)
    const stored = await Instance.redis(site, PREFIX, count)
    const cachedOf = (instance: Instance): Repository<Shelf> => new CachedRepository(Shelf, instance.dataSource.manager)
    const uncached = plain.dataSource.getRepository(Shelf)

    const title = `${SHELVES} owners with ${VOLUMES_OF_EACH} related rows each`
    const group = (isCold: boolean): Arm[] => {
        // what can be run only once in a round is not compared with the best of many
        const once = isCold ? { runs: 1 } : {}
        return [
            { name: "TypeORM, join", run: () => find(uncached), ...once },
            { name: "TypeORM, lazily: a query for each owner", run: () => lazy(uncached), ...once },
            ...[memory, stored].flatMap((instance, i) => {
                const shelves = cachedOf(instance)
                const cold = isCold ? { ...once, prepare: () => instance.cache!.clear() } : {}
                const where = `this library, ${["memory", "Redis"][i]!}`
                return [
                    { name: where, run: () => find(shelves), ...cold },
                    { name: `${where}, lazily`, run: () => lazy(shelves), ...cold },
                ]
            }),
        ]
    }
    printGroup(`${title}, warm`, await measure(group(false), rounds, 2), [
        { above: "TypeORM, join", below: "this library, memory", atLeast: 1 },
        { above: "TypeORM, join", below: "this library, Redis", atLeast: 1 },
    ])
    printGroup(`${title}, cold`, await measure(group(true), rounds))

    const rows: string[][] = []
    for (const [i, instance] of [memory, stored].entries())
        for (const [name, read] of Object.entries({ find, lazily: lazy })) {
            await instance.cache!.clear()
            const trips: number[] = []
            for (let call = 0; call < 2; call++) {
                counters[i]!.trips = 0
                await read(cachedOf(instance))
                trips.push(counters[i]!.trips)
            }
            rows.push([`${counters[i]!.name}, ${name}`, ...trips.map(String)])
        }
    printTable(["calls of the store", "cold", "warm"], rows)
    await printMemory(site, memory, entries, () => find(cachedOf(stored)))
    for (const instance of [plain, memory, stored]) await instance.close()
}

/** What the entries of one relation take, by owner. */
async function printMemory(
    site: Site,
    memory: Instance,
    entries: Map<string, StoreEntry>,
    fillRedis: () => Promise<unknown>,
): Promise<void> {
    entries.clear()
    await memory.cache!.clear()
    await find(new CachedRepository(Shelf, memory.dataSource.manager))
    const kept = [...entries.values()].filter(({ key }) => key.includes(":v:relation:"))
    const heap =
        heapOf(() => Array.from({ length: COPIES }, () => structuredClone(kept.map(({ payload }) => payload)))) / COPIES
    const estimated = kept.reduce((sum, { size }) => sum + size, 0)
    await fillRedis()
    const redis = new Redis(site.redis)
    const keys = await redis.keys(`${PREFIX}:v:relation:*`)
    let text = 0
    let used = 0
    for (const key of keys) {
        text += await redis.strlen(key)
        used += Number(await redis.memory("USAGE", key))
    }
    redis.disconnect()
    const json = JSON.stringify(kept.map(({ payload }) => (payload as unknown[])[2])).length
    printTable(
        [`an owner's ${VOLUMES_OF_EACH} rows`, "bytes"],
        [
            ["the rows as JSON, without stamps and tags", number(json / kept.length)],
            ["Redis: the entry's text", number(text / keys.length)],
            ["Redis: MEMORY USAGE", number(used / keys.length)],
            ["memory: the entry on the heap", number(heap / kept.length)],
            ["memory: as maxBytes counts it", number(estimated / kept.length)],
            ["tags of an entry", number(kept.reduce((sum, { stamps }) => sum + stamps.length, 0) / kept.length)],
        ],
    )
}

/** Bytes that the heap grows by. */
function heapOf(make: () => unknown): number {
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    collect()
    const before = process.memoryUsage().heapUsed
    const made = make()
    collect()
    const after = process.memoryUsage().heapUsed
    // still there
    return Array.isArray(made) ? after - before : NaN
}

/** Remembers what was last stored under each key. */
class Counter extends CountingStore {
    readonly #entries: Map<string, StoreEntry>

    constructor(store: CacheStore, entries: Map<string, StoreEntry>) {
        super(store)
        this.#entries = entries
    }

    override write(entries: readonly StoreEntry[]) {
        for (const entry of entries) this.#entries.set(entry.key, entry)
        return super.write(entries)
    }
}
