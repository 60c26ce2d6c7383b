import type { InvalidationChannel, InvalidationListener } from "../store/CacheStore"
import { systemClock } from "../util/Clock"
import { newToken } from "../util/token"
import { subscriberOf, type RedisClient, type RedisSubscriber } from "./RedisClient"
import { storeError } from "./RedisPipeline"

/** Milliseconds until a line that was cut is opened again: the first pause and the longest. */
const FIRST_PAUSE = 50
const LAST_PAUSE = 2_000
/** Milliseconds after which a line that gives no echo is opened anew: a half of it may be dead for long. */
const PATIENCE = 5_000

/** What is told on the channel: a kind, and what it is about, spelt as Redis keys. */
type Message = readonly ["tags", readonly string[]] | readonly ["clear", string]

interface Echo {
    resolve(): void
    reject(error: Error): void
}

/** The message that tells of tags that have lost their stamps. */
export function tagsMessage(tags: readonly string[], keyPrefix: string): string {
    return JSON.stringify(["tags", tags.map((tag) => keyPrefix + tag)] satisfies Message)
}

/** The message that tells of a prefix that has been emptied. */
export function clearMessage(prefix: string, keyPrefix: string): string {
    return JSON.stringify(["clear", keyPrefix + prefix] satisfies Message)
}

/**
 * A connection of its own that listens to the channel on which the users of a Redis tell what they invalidate. Redis
 * sends what is published in the order in which it ran, so that the echo of a message of one's own comes behind
 * everything that was told before.
 */
export class RedisChannel implements InvalidationChannel {
    readonly #client: RedisClient
    readonly #name: string
    readonly #listener: InvalidationListener
    readonly #keyPrefix: string
    /** Where only this one listens, on the same connection. */
    readonly #echoName: string
    readonly #echoes = new Map<string, Echo>()
    #subscriber: RedisSubscriber | undefined
    #openings = 0
    #pause = FIRST_PAUSE
    #cancel: (() => void) | undefined
    #isReady = false
    #isClosed = false

    /** @throws CacheError `E_OPTION` for a client that cannot be asked for a second connection */
    constructor(client: RedisClient, name: string, listener: InvalidationListener) {
        this.#client = client
        this.#name = name
        this.#echoName = `${name}:${newToken()}`
        this.#listener = listener
        this.#keyPrefix = client.options.keyPrefix ?? ""
        this.#open()
    }

    async sync(): Promise<void> {
        if (!this.#isReady) throw storeError("SUBSCRIBE", new Error("The connection is not there."))
        const token = newToken()
        const echo = new Promise<void>((resolve, reject) => this.#echoes.set(token, { resolve, reject }))
        const subscriber = this.#subscriber
        const cancel = systemClock.schedule(PATIENCE, () => {
            this.#echoes.get(token)?.reject(storeError("SUBSCRIBE", new Error("The connection is silent.")))
            if (subscriber === this.#subscriber) subscriber?.disconnect()
        })
        try {
            await Promise.all([this.#client.call("publish", [this.#echoName, token]), echo])
        } finally {
            cancel()
            this.#echoes.delete(token)
        }
    }

    close(): void {
        this.#isClosed = true
        this.#cancel?.()
        const subscriber = this.#subscriber
        this.#subscriber = undefined
        subscriber?.disconnect()
        this.#lose()
    }

    #open(): void {
        const subscriber = subscriberOf(this.#client, this.#openings++)
        if (subscriber === undefined) return this.#openLater()
        this.#subscriber = subscriber
        subscriber.on("error", () => {
            // What it tells also comes as "close".
        })
        subscriber.on("close", () => this.#closed(subscriber))
        subscriber.on("message", (channel, text) => {
            if (channel === this.#echoName) this.#echoes.get(text)?.resolve()
            else this.#tell(text)
        })
        subscriber.subscribe(this.#name, this.#echoName).then(
            () => this.#opened(subscriber),
            () => {
                // Nobody would be told anything on it.
                subscriber.disconnect()
                this.#closed(subscriber)
            },
        )
    }

    #opened(subscriber: RedisSubscriber): void {
        if (this.#subscriber !== subscriber) return
        this.#pause = FIRST_PAUSE
        this.#isReady = true
        this.#listener.onReady()
    }

    #closed(subscriber: RedisSubscriber): void {
        if (this.#subscriber !== subscriber) return
        this.#subscriber = undefined
        this.#lose()
        this.#openLater()
    }

    #openLater(): void {
        if (this.#isClosed) return
        this.#cancel = systemClock.schedule(this.#pause, () => this.#open())
        this.#pause = Math.min(LAST_PAUSE, 2 * this.#pause)
    }

    #lose(): void {
        const wasReady = this.#isReady
        this.#isReady = false
        for (const { reject } of this.#echoes.values())
            reject(storeError("SUBSCRIBE", new Error("The connection was lost.")))
        if (wasReady) this.#listener.onLost()
    }

    #tell(text: string): void {
        const message = toMessage(text)
        // Whoever it was told of something: it might have been anything.
        if (message === undefined) return this.#listener.onClear("")
        const [kind, about] = message
        const own = this.#keyPrefix
        if (kind === "clear") return this.#listener.onClear(about.startsWith(own) ? about.slice(own.length) : "")
        const tags = own === "" ? about : about.filter((tag) => tag.startsWith(own)).map((tag) => tag.slice(own.length))
        if (tags.length > 0) this.#listener.onTags(tags)
    }
}

function toMessage(text: string): Message | undefined {
    let message: unknown
    try {
        message = JSON.parse(text)
    } catch {
        return undefined
    }
    if (!Array.isArray(message)) return undefined
    const [kind, about] = message as unknown[]
    const fits =
        (kind === "clear" && typeof about === "string") ||
        (kind === "tags" && Array.isArray(about) && about.every((tag) => typeof tag === "string"))
    return fits ? (message as unknown as Message) : undefined
}
