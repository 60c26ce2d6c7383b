import Redis from "ioredis"
import { Article } from "../Article"
import { Instance, type Site } from "../Instance"
import { number, printTable } from "../report"
import { Rivals } from "../Rivals"

/** Rows of each arm; no two arms share one. */
const ROWS = 1000
const CLIENTS = 16
const WRITES = 0.1
/** Milliseconds that an arm runs in a round. */
const TURN = 1000

type Read = (id: number) => Promise<{ version: number } | null>

/** A cache as an application uses it. */
interface Subject {
    readonly name: string
    /** One for each instance of the application. */
    readonly reads: readonly Read[]
    /** Resolves when the writer may tell its user that it is done. */
    write(id: number): Promise<unknown>
}

/** What became of one arm. */
class Tally {
    operations = 0
    reads = 0
    stale = 0
    oldest = 0
    time = 0
    /** When each write of a row was acknowledged, in turn. */
    readonly acknowledged = new Map<number, number[]>()

    get rate(): number {
        return (this.operations * 1000) / this.time
    }
}

/**
 * Mixed load: many clients at once, keys after Zipf's law, one write in ten. Every row counts its writes: a read that
 * returns fewer than had been acknowledged before it began is stale.
 */
export async function benchMixed(site: Site, rounds: number): Promise<void> {
    const plain = await Instance.plain(site)
    const memory = await Instance.memory(site)
    const own = [await Instance.plain(site, { ownCache: true }), await Instance.plain(site, { ownCache: true })]
    const stored = [await Instance.redis(site, "bench-mixed"), await Instance.redis(site, "bench-mixed")]
    const rivals = Rivals.create()
    const redis = new Redis(site.redis)
    const subjects = subjectsOf({ plain, memory, own, stored, rivals, redis })

    const tallies = subjects.map(() => new Tally())
    for (const [index, { reads }] of subjects.entries())
        for (const read of reads)
            for (let row = 1; row <= ROWS; row += CLIENTS)
                await Promise.all(Array.from({ length: CLIENTS }, (_, i) => read(index * ROWS + row + i)))
    for (let round = 0; round < rounds; round++)
        for (let turn = 0; turn < subjects.length; turn++) {
            const index = (turn + round) % subjects.length
            await drive(subjects[index]!, tallies[index]!, index * ROWS, round)
        }

    console.log(`### Mixed load: ${CLIENTS} clients, ${ROWS} rows after Zipf 0.99, ${WRITES * 100} % writes\n`)
    printTable(
        ["arm", "operations/s", "against uncached", "stale reads per million", "oldest"],
        subjects.map(({ name }, index) => {
            const { rate, reads, stale, oldest } = tallies[index]!
            const perMillion = (stale / reads) * 1e6
            const against = `${number(rate / tallies[0]!.rate)} ×`
            return [name, number(rate), against, number(perMillion), stale === 0 ? "" : `${Math.ceil(oldest)} ms`]
        }),
    )
    for (const instance of [plain, memory, ...stored, ...own]) await instance.close()
    await rivals.close()
    redis.disconnect()
}

interface Parts {
    readonly plain: Instance
    readonly memory: Instance
    readonly own: readonly Instance[]
    readonly stored: readonly Instance[]
    readonly rivals: Rivals
    readonly redis: Redis
}

function subjectsOf({ plain, memory, own, stored, rivals, redis }: Parts): Subject[] {
    const update = ({ dataSource }: Instance, id: number): Promise<unknown> =>
        dataSource.transaction((manager) => manager.increment(Article, { id }, "version", 1))
    const load: Read = (id) => plain.repository.findOneBy({ id })
    const through = (instance: Instance): Read => {
        const { repository } = instance
        return (id) => repository.findOneBy({ id })
    }
    /** What people write by hand: change the row, then remove it from the cache. */
    const aside = (name: string, reads: readonly Read[], remove: (id: number) => Promise<unknown>): Subject => ({
        name,
        reads,
        write: async (id) => {
            await update(plain, id)
            await remove(id)
        },
    })
    return [
        { name: "TypeORM, uncached", reads: [load], write: (id) => update(plain, id) },
        { name: "this library, memory", reads: [through(memory)], write: (id) => update(memory, id) },
        {
            name: "this library, Redis, 2 instances",
            reads: stored.map(through),
            write: (id) => update(stored[0]!, id),
        },
        aside(
            "TypeORM's own cache, removed after commit, 2 instances",
            own.map(({ repository }) => (id: number) => {
                const cache = { id: `bench-mixed-own-${id}`, milliseconds: 300_000 }
                return repository.findOne({ where: { id }, cache })
            }),
            (id) => own[0]!.dataSource.queryResultCache!.remove([`bench-mixed-own-${id}`]),
        ),
        aside(
            "bentocache getOrSet, deleted after commit",
            [(id) => rivals.bento.getOrSet({ key: `mixed:${id}`, factory: () => load(id) })],
            (id) => rivals.bento.delete({ key: `mixed:${id}` }),
        ),
        aside(
            "cache-manager wrap, deleted after commit",
            [(id) => rivals.cacheManager.wrap(`mixed:${id}`, () => load(id))],
            (id) => rivals.cacheManager.del(`mixed:${id}`),
        ),
        aside(
            "Redis by hand, deleted after commit, 2 instances",
            [0, 1].map(() => async (id: number) => {
                const text = await redis.get(`bench-mixed-${id}`)
                if (text !== null) return JSON.parse(text) as { version: number }
                const row = await load(id)
                await redis.set(`bench-mixed-${id}`, JSON.stringify(row), "PX", 300_000)
                return row
            }),
            (id) => redis.del(`bench-mixed-${id}`),
        ),
    ]
}

async function drive({ reads, write }: Subject, tally: Tally, offset: number, seed: number): Promise<void> {
    const random = randomFrom(seed)
    const start = performance.now()
    const end = start + TURN
    const client = async (index: number): Promise<void> => {
        const read = reads[index % reads.length]!
        while (performance.now() < end) {
            const id = offset + zipf(random()) + 1
            let acknowledged = tally.acknowledged.get(id)
            if (acknowledged === undefined) tally.acknowledged.set(id, (acknowledged = []))
            tally.operations++
            if (random() < WRITES) {
                await write(id)
                acknowledged.push(performance.now())
                continue
            }
            const began = performance.now()
            const least = acknowledged.length
            const version = (await read(id))!.version
            tally.reads++
            if (version >= least) continue
            tally.stale++
            tally.oldest = Math.max(tally.oldest, began - acknowledged[version]!)
        }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))
    tally.time += performance.now() - start
}

const SHARES = Array.from({ length: ROWS }, (_, rank) => 1 / (rank + 1) ** 0.99)
let sum = 0
const CUMULATED = SHARES.map((share) => (sum += share))

/** The rank, from 0, that a number from 0 to 1 falls on. */
function zipf(at: number): number {
    const wanted = at * sum
    let low = 0
    let high = ROWS - 1
    while (low < high) {
        const middle = (low + high) >> 1
        if (CUMULATED[middle]! < wanted) low = middle + 1
        else high = middle
    }
    return low
}

/** The same numbers in every run (mulberry32). */
function randomFrom(seed: number): () => number {
    let state = seed + 1
    return () => {
        state = (state + 0x6d2b79f5) | 0
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
    }
}
