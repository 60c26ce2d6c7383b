import { setTimeout as sleep } from "node:timers/promises"
import { Redis } from "ioredis"
import { printTable } from "../report"
import { Resp3Connection } from "./Resp3Connection"
import { INVALIDATE, open6 } from "./ways"

/** Milliseconds in which a message comes, if it comes. */
const WAIT = 100

type Fact = (url: string, admin: Redis) => Promise<Record<string, string>>

/** Prints what client tracking does, as it was seen a moment ago. Empties the server. */
export async function printFacts(url: string): Promise<void> {
    console.log("### Client tracking, as seen in this run\n")
    const admin = new Redis(url)
    const rows: string[][] = []
    const facts: Fact[] = [ownChanges, flush, expiry, eviction, fullTable, brokenRedirect, brokenPushRedirect]
    for (const fact of [...facts, reconnect, commas, ioredis6]) {
        await admin.flushall()
        rows.push(...Object.entries(await fact(url, admin)))
    }
    admin.disconnect()
    printTable(["what", "seen"], rows)
}

/** A connection that tracks, and what it is told. */
async function tracking(url: string, ...mode: string[]): Promise<{ client: Resp3Connection; told: string[] }> {
    const client = await Resp3Connection.open(url)
    const told: string[] = []
    client.onPush = (push) => told.push(JSON.stringify(push))
    await client.call("CLIENT", ["TRACKING", "ON", ...mode])
    return { client, told }
}

async function seen(told: readonly string[]): Promise<string> {
    await sleep(WAIT)
    return told.length === 0 ? "nothing" : told.join(" ")
}

async function ownChanges(url: string): Promise<Record<string, string>> {
    const rows: Record<string, string> = {}
    for (const mode of [[], ["NOLOOP"], ["BCAST"], ["BCAST", "NOLOOP"]]) {
        const { client, told } = await tracking(url, ...mode)
        await client.call("GET", ["own"])
        await client.call("SET", ["own", "1"])
        rows[`${mode.join(" ") || "default"}: told of its own SET`] = await seen(told)
        told.length = 0
        await client.call("GET", ["own"])
        await client.call("EVAL", ["return redis.call('SET', KEYS[1], '2')", 1, "own"])
        rows[`${mode.join(" ") || "default"}: told of a SET in its own script`] = await seen(told)
        client.disconnect()
    }
    return rows
}

async function flush(url: string, admin: Redis): Promise<Record<string, string>> {
    const rows: Record<string, string> = {}
    for (const mode of [[], ["BCAST", "PREFIX", "a"]]) {
        const { client, told } = await tracking(url, ...mode)
        await client.call("GET", ["a"])
        await admin.flushall()
        rows[`${mode.join(" ") || "default"}: FLUSHALL by another`] = await seen(told)
        client.disconnect()
    }
    return rows
}

async function expiry(url: string, admin: Redis): Promise<Record<string, string>> {
    const rows: Record<string, string> = {}
    for (const mode of [[], ["BCAST"]]) {
        const { client, told } = await tracking(url, ...mode)
        await admin.set("brief", "1", "PX", 300)
        const deadline = performance.now() + 300
        await client.call("GET", ["brief"])
        await sleep(WAIT)
        told.length = 0
        // by itself: nobody asks for the key
        const end = performance.now() + 5_000
        while (told.length === 0 && performance.now() < end) await sleep(5)
        const late = Math.round(performance.now() - deadline)
        rows[`${mode.join(" ") || "default"}: expiry of a key`] = `${await seen(told)}, ${late} ms behind`
        client.disconnect()
    }
    return rows
}

async function eviction(url: string, admin: Redis): Promise<Record<string, string>> {
    const rows: Record<string, string> = {}
    for (const mode of [[], ["BCAST"]]) {
        await admin.flushall()
        const { client, told } = await tracking(url, ...mode)
        await admin.set("victim", "1")
        await client.call("GET", ["victim"])
        await sleep(WAIT)
        told.length = 0
        await admin.config("SET", "maxmemory-policy", "allkeys-random")
        await admin.config("SET", "maxmemory", "1mb")
        const isGone = (await admin.exists("victim")) === 0
        await admin.config("SET", "maxmemory", "0")
        rows[`${mode.join(" ") || "default"}: eviction of a key (${isGone ? "evicted" : "still there"})`] = await seen(
            told.filter((push) => push.includes("victim")),
        )
        client.disconnect()
    }
    return rows
}

async function fullTable(url: string, admin: Redis): Promise<Record<string, string>> {
    await admin.config("SET", "tracking-table-max-keys", "10")
    const { client, told } = await tracking(url)
    for (let i = 0; i < 100; i++) await client.call("GET", [`key${i}`])
    // the table is cut back in the server's own time
    await sleep(10 * WAIT)
    const kept = /tracking_total_keys:(\d+)/.exec(await admin.info("stats"))?.[1]
    await admin.config("RESETSTAT")
    await admin.config("SET", "tracking-table-max-keys", "1000000")
    client.disconnect()
    return {
        "default: tracking-table-max-keys 10, 100 keys read, none changed": `${told.length} messages of single keys, ${kept} keys still tracked`,
    }
}

async function brokenRedirect(url: string, admin: Redis): Promise<Record<string, string>> {
    const client = new Redis(url)
    const subscriber = new Redis(url)
    const events: string[] = []
    for (const event of ["error", "close", "message", "reconnecting"])
        client.on(event, (...rest) => events.push(`${event} ${String(rest[0])}`))
    const id = await subscriber.client("ID")
    await subscriber.subscribe(INVALIDATE)
    const told: string[] = []
    subscriber.on("message", (_channel, text) => told.push(text))
    await client.call("CLIENT", "TRACKING", "ON", "REDIRECT", id)
    await client.get("a")
    subscriber.on("error", () => undefined)
    await admin.client("KILL", "ID", id)
    await sleep(5 * WAIT)
    await admin.set("a", "1")
    await client.get("a")
    await admin.set("a", "2")
    await sleep(WAIT)
    const flags = String(await client.call("CLIENT", "TRACKINGINFO"))
    const again = subscriber.status
    client.disconnect()
    subscriber.disconnect()
    return {
        "RESP2 redirect killed: the connection that reads is told": events.join(", ") || "nothing",
        "RESP2 redirect killed: ioredis 5 has subscribed again, and hears": `${again}, ${told.join(" ") || "nothing"}`,
        "RESP2 redirect killed: CLIENT TRACKINGINFO": flags,
    }
}

async function brokenPushRedirect(url: string, admin: Redis): Promise<Record<string, string>> {
    const target = await Resp3Connection.open(url)
    const { client, told } = await tracking(url, "REDIRECT", String(await target.id()))
    await client.call("GET", ["a"])
    target.disconnect()
    await sleep(WAIT)
    const before = told.length
    await admin.set("a", "1")
    const rows = {
        "RESP3 redirect closed: told when it closes, and at the next change": `${before} messages, ${await seen(told)}`,
    }
    client.disconnect()
    return rows
}

async function reconnect(url: string, admin: Redis): Promise<Record<string, string>> {
    const client = new Redis(url)
    client.on("error", () => undefined)
    const subscriber = new Redis(url)
    const told: string[] = []
    subscriber.on("message", (_channel, text) => told.push(text))
    const id = await subscriber.client("ID")
    await subscriber.subscribe(INVALIDATE)
    await client.call("CLIENT", "TRACKING", "ON", "REDIRECT", id)
    await client.get("a")
    await admin.client("KILL", "ID", await client.client("ID"))
    const missedKey = await admin.set("a", "1").then(() => seen(told))
    await client.get("b")
    await admin.set("b", "1")
    await sleep(WAIT)
    const info = String(await client.call("CLIENT", "TRACKINGINFO"))
    client.disconnect()
    subscriber.disconnect()
    return {
        "ioredis 5, reading connection cut: a key read before, changed after": missedKey,
        "ioredis 5, connected again: a key read and changed": told.join(" ") || "nothing",
        "ioredis 5, connected again: CLIENT TRACKINGINFO": info,
    }
}

async function commas(url: string, admin: Redis): Promise<Record<string, string>> {
    const client = new Redis(url)
    const subscriber = new Redis(url)
    const texts: string[] = []
    const buffers: string[] = []
    subscriber.on("message", (_channel, text) => texts.push(JSON.stringify(text)))
    subscriber.on("messageBuffer", (_channel, keys: unknown) =>
        buffers.push(JSON.stringify((keys as Buffer[] | null)?.map(String) ?? null)),
    )
    await client.call("CLIENT", "TRACKING", "ON", "REDIRECT", await subscriber.client("ID"), "BCAST")
    await subscriber.subscribe(INVALIDATE)
    await admin.multi().set("a,b", "1").set("c", "1").exec()
    await sleep(WAIT)
    await admin.flushall()
    await sleep(WAIT)
    client.disconnect()
    subscriber.disconnect()
    return {
        'ioredis 5: event "message" for the keys "a,b" and "c", then FLUSHALL': texts.join(" "),
        'ioredis 5: event "messageBuffer" for the same': buffers.join(" "),
    }
}

async function ioredis6(url: string, admin: Redis): Promise<Record<string, string>> {
    const client = open6(url, 3)
    await client.ping()
    const bytes: string[] = []
    ;(client as unknown as { stream: NodeJS.ReadableStream }).stream.on("data", (chunk: Buffer) =>
        bytes.push(chunk.toString()),
    )
    const events: string[] = []
    const emit = client.emit.bind(client) as (event: string, ...rest: unknown[]) => boolean
    client.emit = (event: string, ...rest: unknown[]) => events.push(event) > 0 && emit(event, ...rest)
    await client.call("CLIENT", "TRACKING", "ON")
    await client.get("a")
    bytes.length = 0
    await admin.set("a", "1")
    await sleep(WAIT)
    const arrived = JSON.stringify(bytes.join(""))
    client.disconnect()
    return {
        "ioredis 6, RESP3: bytes that arrive when a tracked key changes": arrived,
        "ioredis 6, RESP3: events that it emits for them": events.join(", ") || "none",
    }
}
