import { Article } from "../Article"
import { CountingStore } from "../CountingStore"
import { Instance, type Site } from "../Instance"
import { measure } from "../measure"
import { printGroup } from "../report"

/** What the cache costs a transaction that writes, and how often it goes to the store for it. */
export async function benchWrites(site: Site, rounds: number): Promise<void> {
    const counters: CountingStore[] = []
    const count = (store: ConstructorParameters<typeof CountingStore>[0]): CountingStore => {
        const counter = new CountingStore(store)
        counters.push(counter)
        return counter
    }
    const plain = await Instance.plain(site)
    const memory = await Instance.memory(site, count)
    const stored = await Instance.redis(site, "bench-write", count)
    let views = 0
    const update = (instance: Instance, rows: number): Promise<void> =>
        instance.dataSource.transaction(async (manager) => {
            for (let id = 1; id <= rows; id++) await manager.update(Article, id, { views: ++views })
        })

    for (const [rows, runs] of [
        [1, 40],
        [10, 10],
        [1000, 1],
    ] as const) {
        const arms = [plain, memory, stored].map((instance, index) => ({
            name: ["without cache", "this library, memory", "this library, Redis"][index]!,
            runs,
            run: () => update(instance, rows),
        }))
        const samples = await measure(arms, rows === 1000 ? Math.min(rounds, 5) : rounds)
        for (const counter of counters) counter.trips = 0
        await update(memory, rows)
        await update(stored, rows)
        printGroup(`A transaction that updates ${rows} ${rows === 1 ? "row" : "rows"}, one by one`, samples)
        console.log(`- calls of the store: ${counters.map(({ name, trips }) => `${name} ${trips}`).join(", ")}\n`)
    }
    for (const instance of [plain, memory, stored]) await instance.close()
}
