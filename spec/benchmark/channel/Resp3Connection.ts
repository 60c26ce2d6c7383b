import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { RedisClient } from "typeorm-second-level-cache/redis"

type Arg = string | number | Buffer
type Reply = unknown

/** Stands for a reply that has not arrived whole. */
const PARTIAL = Symbol("partial")
const CR_LF = 2

/**
 * A bare connection that speaks RESP3, as much of a client as `RedisStore` needs: ioredis 6 speaks RESP3 too, but drops the
 * pushes of client tracking.
 */
export class Resp3Connection implements RedisClient {
    readonly status = "ready"
    readonly options = {}
    /** Every push, such as `["invalidate", keys]`. */
    onPush: (push: readonly unknown[]) => void = () => undefined
    readonly #socket: Socket
    readonly #waiting: ((reply: Reply) => void)[] = []
    #rest: Buffer = Buffer.alloc(0)
    #at = 0

    static async open(url: string): Promise<Resp3Connection> {
        const socket = connect({ host: new URL(url).hostname, port: Number(new URL(url).port), noDelay: true })
        await once(socket, "connect")
        const connection = new Resp3Connection(socket)
        await connection.call("HELLO", [3])
        return connection
    }

    private constructor(socket: Socket) {
        this.#socket = socket
        socket.on("data", (chunk) => this.#take(chunk))
        socket.on("close", () => {
            for (const resolve of this.#waiting.splice(0)) resolve(new Error("the connection was closed"))
        })
    }

    /** The number that the server gives this connection. */
    async id(): Promise<number> {
        return Number(await this.call("CLIENT", ["ID"]))
    }

    async call(command: string, args: Arg[] = []): Promise<Reply> {
        const [reply] = await this.#send([[command, ...args]])
        if (reply instanceof Error) throw reply
        return reply
    }

    async mget(keys: string[]): Promise<(string | null)[]> {
        return (await this.call("MGET", keys)) as (string | null)[]
    }

    mgetBuffer(): Promise<never> {
        return this.scan()
    }

    callBuffer(): Promise<never> {
        return this.scan()
    }

    pipeline(commands: unknown[][]): { exec(): Promise<[error: Error | null, result: unknown][]> } {
        return {
            exec: async () => {
                const replies = await this.#send(commands as Arg[][])
                return replies.map((reply) => (reply instanceof Error ? [reply, null] : [null, reply]))
            },
        }
    }

    scan(): Promise<never> {
        return Promise.reject(new Error("not needed here"))
    }

    on(): this {
        return this
    }

    quit(): Promise<void> {
        this.disconnect()
        return Promise.resolve()
    }

    disconnect(): void {
        this.#socket.destroy()
    }

    #send(commands: readonly Arg[][]): Promise<Reply[]> {
        const replies = commands.map(() => new Promise<Reply>((resolve) => this.#waiting.push(resolve)))
        this.#socket.write(commands.map(spell).join(""))
        return Promise.all(replies)
    }

    #take(chunk: Buffer): void {
        this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
        for (;;) {
            this.#at = 0
            const isPush = this.#rest[0] === ">".charCodeAt(0)
            const reply = this.#rest.length === 0 ? PARTIAL : this.#parse()
            if (reply === PARTIAL) return
            this.#rest = this.#rest.subarray(this.#at)
            if (isPush) this.onPush(reply as unknown[])
            else this.#waiting.shift()?.(reply)
        }
    }

    #parse(): Reply {
        const end = this.#rest.indexOf("\r\n", this.#at)
        if (end === -1) return PARTIAL
        const kind = String.fromCharCode(this.#rest[this.#at]!)
        const line = this.#rest.toString("utf8", this.#at + 1, end)
        this.#at = end + CR_LF
        switch (kind) {
            case "_":
                return null
            case "-":
                return new Error(line)
            case ":":
            case ",":
                return Number(line)
            case "$":
            case "=":
                return this.#parseText(Number(line))
            case "*":
            case "~":
            case ">":
                return this.#parseList(Number(line))
            case "%":
                return this.#parseList(2 * Number(line))
            default:
                return line
        }
    }

    #parseText(length: number): Reply {
        if (length < 0) return null
        const from = this.#at
        if (this.#rest.length < from + length + CR_LF) return PARTIAL
        this.#at = from + length + CR_LF
        return this.#rest.toString("utf8", from, from + length)
    }

    #parseList(length: number): Reply {
        if (length < 0) return null
        const items: Reply[] = []
        while (items.length < length) {
            const item = this.#at < this.#rest.length ? this.#parse() : PARTIAL
            if (item === PARTIAL) return PARTIAL
            items.push(item)
        }
        return items
    }
}

function spell(command: readonly Arg[]): string {
    const words = command.map(String)
    return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`
}
