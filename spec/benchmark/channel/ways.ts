import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore, type RedisClient } from "typeorm-second-level-cache/redis"
import { Resp3Connection } from "./Resp3Connection"

/** A process that keeps copies: what it reads with, and what tells it. */
export interface Listener {
    readonly store: RedisStore
    close(): unknown
}

export interface Place {
    readonly url: string
    /** What all tags begin with. */
    readonly tags: string
    readonly channel: string
}

/** One way to be told of stamps that are gone. */
export interface Way {
    readonly name: string
    /** Whether the writer publishes. */
    readonly announces: boolean
    /** Whether nobody is told. */
    readonly isDeaf?: true
    /** @param told called for each message, with the keys that it names */
    open(place: Place, told: (keys: readonly string[]) => void): Promise<Listener>
}

/** Where RESP2 tells what client tracking has to tell. */
export const INVALIDATE = "__redis__:invalidate"

const open5 = (url: string): Redis => quiet(new Redis(url))
export const open6 = (url: string, protocol: 2 | 3): Redis => quiet(new Redis6(url, { protocol }) as unknown as Redis)

/** All of them. The first is what the others are measured against; the last tells what all of them cost without it. */
export const WAYS: readonly Way[] = [
    publishing("pub/sub, ioredis 5, RESP2", open5),
    publishing("pub/sub, ioredis 6, RESP2", (url) => open6(url, 2)),
    publishing("pub/sub, ioredis 6, RESP3", (url) => open6(url, 3)),
    redirected("tracking, broadcast, RESP2 redirect, ioredis 5", broadcast),
    redirected("tracking, default, RESP2 redirect, ioredis 5", byRead),
    pushed("tracking, broadcast, RESP3, bare socket", broadcast),
    pushed("tracking, default, RESP3, bare socket", byRead),
    {
        name: "nobody is told",
        isDeaf: true,
        announces: false,
        open: async ({ url }) => {
            const client = open5(url)
            return { store: silentStore(client), close: () => client.disconnect() }
        },
    },
]

function broadcast({ tags }: Place): string[] {
    return ["BCAST", "PREFIX", tags, "NOLOOP"]
}

function byRead(): string[] {
    return ["NOLOOP"]
}

function publishing(name: string, open: (url: string) => Redis): Way {
    return {
        name,
        announces: true,
        open: async ({ url, channel }, told) => {
            const client = open(url)
            const store = new RedisStore({ client, announce: channel })
            return new Promise((resolve) => {
                const line = store.listen({
                    onTags: told,
                    onClear: () => told([]),
                    onReady: () => resolve({ store, close }),
                    onLost: () => undefined,
                })
                const close = async (): Promise<void> => {
                    await line.close()
                    client.disconnect()
                }
            })
        },
    }
}

function redirected(name: string, mode: (place: Place) => string[]): Way {
    return {
        name,
        announces: false,
        open: async (place, told) => {
            const client = open5(place.url)
            const subscriber = open5(place.url)
            const id = await subscriber.client("ID")
            // "message" would join the keys by commas
            subscriber.on("messageBuffer", (_channel, keys) => told(toNames(keys)))
            await subscriber.subscribe(INVALIDATE)
            await client.call("CLIENT", "TRACKING", "ON", "REDIRECT", id, ...mode(place))
            return {
                store: silentStore(client),
                close: () => {
                    client.disconnect()
                    subscriber.disconnect()
                },
            }
        },
    }
}

function pushed(name: string, mode: (place: Place) => string[]): Way {
    return {
        name,
        announces: false,
        open: async (place, told) => {
            const client = await Resp3Connection.open(place.url)
            client.onPush = ([kind, keys]) => {
                if (kind === "invalidate") told(toNames(keys))
            }
            await client.call("CLIENT", ["TRACKING", "ON", ...mode(place)])
            return { store: silentStore(client), close: () => client.disconnect() }
        },
    }
}

/** Nothing stands for everything: what FLUSHALL tells. */
function toNames(keys: unknown): readonly string[] {
    return ((keys as (string | Buffer)[] | null) ?? []).map(String)
}

function silentStore(client: Redis | RedisClient): RedisStore {
    return new RedisStore({ client, announce: false })
}

function quiet<T extends Redis>(client: T): T {
    // what it tells also comes with the command that fails
    client.on("error", () => undefined)
    return client
}
