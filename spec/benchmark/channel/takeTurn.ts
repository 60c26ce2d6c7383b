import { setTimeout as sleep } from "node:timers/promises"
import { Redis } from "ioredis"
import { RedisStore } from "typeorm-second-level-cache/redis"
import type { Listener, Way } from "./ways"

const LISTENERS = 4
/** Rows that are changed in turn: what is late of one change names other tags than the next. */
const ROWS = 32
const FENCE = 30_000
/** How long the library lets a stamp live. */
const STAMP_TTL = 600_000
const PAYLOAD = JSON.stringify([1, ["vQQ7caohfKk", "MfwWftDYizQ"], "x".repeat(400)])
/** Milliseconds after which nobody waits for a message any longer. */
const PATIENCE = 1_000
/** Milliseconds that late messages are given before they are counted. */
const SETTLE = 20

/** The last row that was read for the first time. */
let newest = 1

/** Delays in microseconds, one for each change and listener. */
export interface Delays {
    readonly sinceSent: number[]
    readonly sinceAnswered: number[]
}

/** What one change, or one first read, costs. */
export interface Cost {
    /** Seconds of Redis's processor for 10 000. */
    readonly cpu: number
    /** From Redis to everybody. */
    readonly bytes: number
    /** To one listener. */
    readonly messages: number
    /** Keys in them. */
    readonly names: number
}

/** What one way gave in one turn. */
export interface Turn {
    readonly quiet: Delays
    readonly loaded: Delays
    readonly change: Cost
    /** Of a row that nobody has read before: nothing has changed. */
    readonly firstRead: Cost
    /** Messages that did not come. */
    readonly missed: number
    /** Reads in a millisecond that Redis answered besides, under load. */
    readonly load: number
}

/** The server, and who keeps it busy. */
export interface Server {
    readonly url: string
    /** Makes Redis answer so many reads in a millisecond besides; resolves with how many it has answered so far. */
    press(reads: number): Promise<number>
}

/** What has been told of the change that is under way, to one listener. */
class Ear {
    messages = 0
    names = 0
    #missing = new Set<string>()
    #heard: (at: number) => void = () => undefined

    readonly told = (keys: readonly string[]): void => {
        this.messages++
        this.names += keys.length
        if (this.#missing.size === 0) return
        for (const key of keys) this.#missing.delete(key)
        if (this.#missing.size === 0) this.#heard(performance.now())
    }

    /** Resolves with the time when all of them have been told. */
    wait(tags: readonly string[]): Promise<number> {
        this.#missing = new Set(tags)
        return new Promise((resolve) => (this.#heard = resolve))
    }
}

/** Opens a way, changes rows again and again as the library does, in quiet and under load, and closes it. */
export async function takeTurn(
    way: Way,
    server: Server,
    options: { readonly changes: number; readonly load: number; readonly ttl: number },
): Promise<Turn> {
    const { url } = server
    const prefix = `channel-${way.name.replace(/\W+/g, "-")}`
    const told = { url, tags: `${prefix}:t:`, channel: prefix }
    const ears = Array.from({ length: LISTENERS }, () => new Ear())
    const listeners = await Promise.all(ears.map((ear) => way.open(told, ear.told)))
    const client = new Redis(url)
    const info = new Redis(url)
    const writer = new RedisStore({ client, announce: way.announces ? prefix : false })
    const isTold = way.isDeaf !== true
    let missed = 0

    const tagsOf = (row: number, id = 1): string[] =>
        [`table:t${row}`, `rows:t${row}`, `row:t${row}:${id}`].map((tag) => `${prefix}:t:${tag}`)
    const read = (row: number, id = 1): Promise<void> =>
        refill(listeners, `${prefix}:v:row:t${row}:${id}`, tagsOf(row, id), options.ttl)
    const change = async (row: number, delays?: Delays): Promise<void> => {
        const tags = tagsOf(row)
        const heard = isTold ? ears.map((ear) => ear.wait(tags)) : []
        const sent = performance.now()
        await writer.fence(tags, "benchmark", FENCE)
        const answered = performance.now()
        const patience = new AbortController()
        const late = sleep(PATIENCE, undefined, { signal: patience.signal }).catch(() => undefined)
        const moments = await Promise.all(heard.map((it) => Promise.race([it, late])))
        patience.abort()
        for (const at of moments)
            if (at === undefined) missed++
            else {
                delays?.sinceSent.push((at - sent) * 1000)
                delays?.sinceAnswered.push((at - answered) * 1000)
            }
        await writer.release(tags, "benchmark", STAMP_TTL)
        await read(row)
    }
    const times = async (count: number, act: (turn: number) => Promise<void>): Promise<void> => {
        for (let i = 0; i < count; i++) await act(i)
        await sleep(SETTLE)
    }
    const costOf = async (act: (turn: number) => Promise<void>): Promise<Cost> => {
        for (const ear of ears) ear.messages = ear.names = 0
        const before = await usage(info)
        await times(options.changes, act)
        const after = await usage(info)
        const mean = (of: (ear: Ear) => number): number =>
            ears.reduce((all, ear) => all + of(ear), 0) / LISTENERS / options.changes
        return {
            cpu: ((after.cpu - before.cpu) / options.changes) * 10_000,
            bytes: (after.bytes - before.bytes) / options.changes,
            messages: mean((ear) => ear.messages),
            names: mean((ear) => ear.names),
        }
    }

    try {
        // client tracking tells only of what has been read
        await times(ROWS, (row) => read(row))
        await times(2 * ROWS, (i) => change(i % ROWS))
        const quiet: Delays = { sinceSent: [], sinceAnswered: [] }
        const changing = await costOf((i) => change(i % ROWS, quiet))
        const firstRead = await costOf((i) => read(i % ROWS, ++newest))
        const loaded: Delays = { sinceSent: [], sinceAnswered: [] }
        await server.press(options.load)
        await sleep(SETTLE)
        await times(options.changes, (i) => change(i % ROWS, loaded))
        return { quiet, loaded, change: changing, firstRead, missed, load: await server.press(0) }
    } finally {
        await Promise.all(listeners.map((listener) => listener.close()))
        client.disconnect()
        info.disconnect()
    }
}

/** The first reader finds an old entry, loads and stores a new one; then all of them take it near. */
async function refill(
    listeners: readonly Listener[],
    key: string,
    tags: readonly string[],
    ttl: number,
): Promise<void> {
    const { store } = listeners[0]!
    await store.readWithLives([key], tags)
    const states = await store.stamp(tags, "proposal", STAMP_TTL)
    const stamps = tags.map((tag, i) => [tag, String(states[i])] as const)
    await store.write([{ key, payload: PAYLOAD, ttl, stamps, size: PAYLOAD.length }])
    await Promise.all(listeners.map((listener) => listener.store.readWithLives([key], tags)))
}

async function usage(client: Redis): Promise<{ cpu: number; bytes: number }> {
    const text = `${await client.info("cpu")}\n${await client.info("stats")}`
    const value = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, "m").exec(text)?.[1])
    return { cpu: value("used_cpu_user") + value("used_cpu_sys"), bytes: value("total_net_output_bytes") }
}
