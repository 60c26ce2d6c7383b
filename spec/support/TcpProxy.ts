import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** Which way bytes go. */
export type Direction = "clientToServer" | "serverToClient"

interface Link {
    readonly client: Socket
    readonly server: Socket
}

/**
 * A TCP proxy between a client and a server, for specs of broken networks. It passes everything on until it is told
 * otherwise.
 */
export class TcpProxy {
    readonly #target: { readonly host: string; readonly port: number }
    readonly #listener: Server
    readonly #links = new Set<Link>()
    readonly #dropped = new Set<Direction>()
    readonly #timers = new Set<NodeJS.Timeout>()
    readonly #bytes: Record<Direction, number> = { clientToServer: 0, serverToClient: 0 }
    #held: (() => void)[] | undefined
    #isCut = false
    #delay = 0

    /** Starts a proxy in front of the server of a URL, on a free port of 127.0.0.1. */
    static start(url: string): Promise<TcpProxy> {
        const { hostname, port } = new URL(url)
        const proxy = new TcpProxy({ host: hostname, port: Number(port) })
        return new Promise((resolve, reject) => {
            proxy.#listener.once("error", reject)
            proxy.#listener.listen(0, "127.0.0.1", () => resolve(proxy))
        })
    }

    private constructor(target: { host: string; port: number }) {
        this.#target = target
        this.#listener = createServer((client) => this.#accept(client))
    }

    get port(): number {
        return (this.#listener.address() as AddressInfo).port
    }

    /** How many connections go through it. */
    get connections(): number {
        return this.#links.size
    }

    /** How many bytes have come in, passed on or not. */
    get bytes(): Readonly<Record<Direction, number>> {
        return this.#bytes
    }

    /** The same URL through the proxy. */
    through(url: string): string {
        const changed = new URL(url)
        changed.hostname = "127.0.0.1"
        changed.port = String(this.port)
        return changed.href
    }

    /** Holds back everything, in both directions, and keeps the connections: a network that hangs. */
    pause(): void {
        this.#held ??= []
    }

    /** Passes on what was held back and everything after it. */
    resume(): void {
        const held = this.#held ?? []
        this.#held = undefined
        for (const pass of held) pass()
    }

    /** Resets every connection and refuses new ones until {@link restore}. */
    cut(): void {
        this.#isCut = true
        this.reset()
    }

    /** Resets every connection; new ones are welcome. */
    reset(): void {
        for (const { client, server } of this.#links) {
            client.resetAndDestroy()
            server.destroy()
        }
    }

    /** Passes on every chunk so many milliseconds late; 0 ends it. */
    delay(milliseconds: number): void {
        this.#delay = milliseconds
    }

    /** Swallows what goes this way, and keeps the connections. */
    drop(direction: Direction): void {
        this.#dropped.add(direction)
    }

    /** Swallows what clients send: the server never hears of it. */
    dropClientToServer(): void {
        this.drop("clientToServer")
    }

    /** Swallows what the server answers: it has done the work, and the client never knows. */
    dropServerToClient(): void {
        this.drop("serverToClient")
    }

    /** Takes back every fault. What was swallowed is lost. */
    restore(): void {
        this.#isCut = false
        this.#delay = 0
        this.#dropped.clear()
        this.resume()
    }

    /** Ends every connection and stops listening. */
    async stop(): Promise<void> {
        this.cut()
        for (const timer of this.#timers) clearTimeout(timer)
        await new Promise((resolve) => this.#listener.close(resolve))
    }

    #accept(client: Socket): void {
        if (this.#isCut) {
            client.on("error", () => undefined)
            client.resetAndDestroy()
            return
        }
        const server = connect(this.#target)
        const link = { client, server }
        this.#links.add(link)
        for (const socket of [client, server]) {
            socket.setNoDelay(true)
            socket.on("error", () => undefined)
            socket.on("close", () => {
                this.#links.delete(link)
                client.destroy()
                server.destroy()
            })
        }
        this.#pipe(client, server, "clientToServer")
        this.#pipe(server, client, "serverToClient")
    }

    #pipe(from: Socket, to: Socket, direction: Direction): void {
        from.on("data", (chunk) => {
            this.#bytes[direction] += chunk.length
            if (!this.#dropped.has(direction)) this.#send(() => void (to.writable && to.write(chunk)))
        })
        from.on("end", () => this.#send(() => void (to.writable && to.end())))
    }

    #send(pass: () => void): void {
        if (this.#held) this.#held.push(pass)
        else if (this.#delay > 0) {
            // All waits are equally long while the delay stands, so that the order of chunks is kept.
            const timer = setTimeout(() => {
                this.#timers.delete(timer)
                if (this.#held) this.#held.push(pass)
                else pass()
            }, this.#delay)
            this.#timers.add(timer)
        } else pass()
    }
}
