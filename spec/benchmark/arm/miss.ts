import { ARTICLES, SECTION_SIZE } from "../Article"
import { Instance, type Site } from "../Instance"
import { measure, type Arm } from "../measure"
import { printGroup } from "../report"

const ROWS = 150
const LISTS = 40

/** What switching the cache on costs a read that it cannot answer. */
export async function benchMisses(site: Site, rounds: number): Promise<void> {
    const plain = await Instance.plain(site)
    const memory = await Instance.memory(site)
    const stored = await Instance.redis(site, "bench-miss")
    let turn = 0
    const group = (runs: number, read: (instance: Instance) => unknown): Arm[] => [
        { name: "TypeORM, uncached", runs, run: () => read(plain) },
        { name: "this library, memory", runs, prepare: () => memory.cache!.clear(), run: () => read(memory) },
        { name: "this library, Redis", runs, prepare: () => stored.cache!.clear(), run: () => read(stored) },
    ]
    const goals = [{ above: "this library, memory", below: "TypeORM, uncached", atMost: 1.15 }]

    // each run reads a row that no run of the same round has read
    const nextId = (): number => ((turn++ * 7) % ARTICLES) + 1
    const nextSection = (): number => ((turn++ * 7) % (ARTICLES / SECTION_SIZE)) + 1
    const rows = group(ROWS, ({ repository }) => repository.findOneBy({ id: nextId() }))
    printGroup("A row by key, miss and fill", await measure(rows, rounds), goals)
    const lists = group(LISTS, ({ repository }) => repository.find({ where: { section: nextSection() } }))
    printGroup(`A list of ${SECTION_SIZE} rows, miss and fill`, await measure(lists, rounds), goals)
    for (const instance of [plain, memory, stored]) await instance.close()
}
