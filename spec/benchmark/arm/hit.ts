import Redis from "ioredis"
import { In } from "typeorm"
import { articleAt, SECTION_SIZE } from "../Article"
import { Instance, type Site } from "../Instance"
import { measure } from "../measure"
import { printGroup } from "../report"
import { Rivals } from "../Rivals"

/** Rows, and sections, that the hits go round. */
const ROWS = 1000
const SECTIONS = 20
const NEAR = "this library, near tier"
const STAMPS = ["bench-stamp-row", "bench-stamp-rows"]

/** Hits of a row, of a list, and of many rows by key, against what TypeORM, Redis and the rivals can do. */
export async function benchHits(site: Site, rounds: number): Promise<void> {
    const plain = await Instance.plain(site)
    const own = await Instance.plain(site, { ownCache: true })
    const memory = await Instance.memory(site)
    const stored = await Instance.redis(site, "bench-hit")
    const tiered = await Instance.tiered(site, "bench-near")
    const redis = new Redis(site.redis)
    const rivals = Rivals.create()
    const uncached = plain.repository
    const inMemory = memory.repository
    const inRedis = stored.repository
    const near = tiered.repository
    const byTypeorm = own.repository

    let turn = 0
    const nextId = (): number => (turn++ % ROWS) + 1
    const nextSection = (): number => (turn++ % SECTIONS) + 1
    const idsOf = (section: number): number[] =>
        Array.from({ length: SECTION_SIZE }, (_, i) => (section - 1) * SECTION_SIZE + i + 1)

    await fillByHand(redis)

    printGroup(
        "A row by key, hit",
        await measure(
            [
                { name: "TypeORM, uncached", run: () => uncached.findOneBy({ id: nextId() }) },
                { name: "this library, memory", run: () => inMemory.findOneBy({ id: nextId() }) },
                { name: NEAR, run: () => near.findOneBy({ id: nextId() }) },
                { name: "this library, Redis", run: () => inRedis.findOneBy({ id: nextId() }) },
                {
                    name: "Redis by hand: MGET row and stamps, JSON.parse",
                    run: async () => {
                        const [row] = await redis.mget(`bench-row-${nextId()}`, ...STAMPS, "bench-stamp-table")
                        return JSON.parse(row!) as unknown
                    },
                },
                {
                    name: "TypeORM's own cache, Redis",
                    run: () => byTypeorm.findOne({ where: { id: nextId() }, cache: true }),
                },
                {
                    name: "bentocache getOrSet, memory",
                    run: () => {
                        const id = nextId()
                        return rivals.bento.getOrSet({ key: `row:${id}`, factory: () => uncached.findOneBy({ id }) })
                    },
                },
                {
                    name: "bentocache getOrSet, memory, shared object",
                    run: () => {
                        const id = nextId()
                        const key = `row:${id}`
                        return rivals.bentoShared.getOrSet({ key, factory: () => uncached.findOneBy({ id }) })
                    },
                },
                {
                    name: "cache-manager wrap, memory, shared object",
                    run: () => {
                        const id = nextId()
                        return rivals.cacheManager.wrap(`row:${id}`, () => uncached.findOneBy({ id }))
                    },
                },
            ],
            rounds,
            3 * ROWS,
        ),
        [
            { above: "TypeORM, uncached", below: "this library, memory", atLeast: 150 },
            { above: "bentocache getOrSet, memory", below: "this library, memory", atLeast: 2 },
            { above: "bentocache getOrSet, memory, shared object", below: "this library, memory", atLeast: 2 },
            { above: "cache-manager wrap, memory, shared object", below: "this library, memory", atLeast: 2 },
            {
                above: "this library, Redis",
                below: "Redis by hand: MGET row and stamps, JSON.parse",
                atMost: 1.25,
            },
            { above: "TypeORM's own cache, Redis", below: "this library, Redis", atLeast: 2 },
            { above: NEAR, below: "this library, memory", atMost: 1.5 },
        ],
    )

    printGroup(
        `A list of ${SECTION_SIZE} rows, hit`,
        await measure(
            [
                { name: "TypeORM, uncached", run: () => uncached.find({ where: { section: nextSection() } }) },
                { name: "this library, memory", run: () => inMemory.find({ where: { section: nextSection() } }) },
                { name: NEAR, run: () => near.find({ where: { section: nextSection() } }) },
                { name: "this library, Redis", run: () => inRedis.find({ where: { section: nextSection() } }) },
                {
                    name: "Redis by hand: GET, JSON.parse",
                    run: async () => JSON.parse((await redis.get(`bench-list-${nextSection()}`))!) as unknown,
                },
                {
                    name: "TypeORM's own cache, Redis",
                    run: () => byTypeorm.find({ where: { section: nextSection() }, cache: true }),
                },
                {
                    name: "bentocache getOrSet, memory",
                    run: () => {
                        const section = nextSection()
                        const factory = () => uncached.find({ where: { section } })
                        return rivals.bento.getOrSet({ key: `list:${section}`, factory })
                    },
                },
                {
                    name: "cache-manager wrap, memory, shared object",
                    run: () => {
                        const section = nextSection()
                        return rivals.cacheManager.wrap(`list:${section}`, () => uncached.find({ where: { section } }))
                    },
                },
            ],
            rounds,
            3 * SECTIONS,
        ),
        [
            { above: "TypeORM, uncached", below: "this library, memory", atLeast: 40 },
            { above: "this library, Redis", below: "Redis by hand: GET, JSON.parse", atMost: 1.25 },
            { above: "TypeORM's own cache, Redis", below: "this library, Redis", atLeast: 1 },
            { above: NEAR, below: "this library, memory", atMost: 1.5 },
        ],
    )

    const byKeys = "Redis by hand: MGET rows, JSON.parse"
    printGroup(
        `${SECTION_SIZE} rows by key, all of them hits`,
        await measure(
            [
                { name: "TypeORM, uncached", run: () => uncached.findBy({ id: In(idsOf(nextSection())) }) },
                { name: "this library, memory", run: () => inMemory.findBy({ id: In(idsOf(nextSection())) }) },
                { name: NEAR, run: () => near.findBy({ id: In(idsOf(nextSection())) }) },
                { name: "this library, Redis", run: () => inRedis.findBy({ id: In(idsOf(nextSection())) }) },
                {
                    name: byKeys,
                    run: async () => parseAll(await redis.mget(idsOf(nextSection()).map((id) => `bench-row-${id}`))),
                },
                {
                    name: "Redis by hand: MGET rows and stamps, JSON.parse",
                    run: async () => {
                        const ids = idsOf(nextSection())
                        const keys = ids.map((id) => `bench-row-${id}`)
                        const stamps = ids.map((id) => `bench-stamp-row-${id}`)
                        const answer = await redis.mget([...keys, ...stamps, ...STAMPS])
                        return parseAll(answer.slice(0, ids.length))
                    },
                },
            ],
            rounds,
            3 * SECTIONS,
        ),
        [
            { above: "this library, Redis", below: byKeys, atMost: 1.5 },
            { above: NEAR, below: "this library, memory", atMost: 1.5 },
        ],
    )

    for (const instance of [plain, own, memory, stored, tiered]) await instance.close()
    await rivals.close()
    redis.disconnect()
}

/** What the arms by hand find: rows as JSON objects, each with a stamp of its own. */
async function fillByHand(redis: Redis): Promise<void> {
    const stamp = "0123456789a"
    const values: Record<string, string> = { "bench-stamp-table": stamp }
    for (const key of STAMPS) values[key] = stamp
    for (let id = 1; id <= ROWS; id++) {
        values[`bench-row-${id}`] = JSON.stringify({ id, ...articleAt(id) })
        values[`bench-stamp-row-${id}`] = stamp
    }
    for (let section = 1; section <= SECTIONS; section++) {
        const ids = Array.from({ length: SECTION_SIZE }, (_, i) => (section - 1) * SECTION_SIZE + i + 1)
        values[`bench-list-${section}`] = JSON.stringify(ids.map((id) => ({ id, ...articleAt(id) })))
    }
    await redis.mset(values)
}

function parseAll(texts: readonly (string | null)[]): unknown[] {
    return texts.map((text) => JSON.parse(text!) as unknown)
}
