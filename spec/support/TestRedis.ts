import { randomBytes } from "node:crypto"
import Redis, { type RedisOptions } from "ioredis"
import Redis6 from "ioredis-6"
import { sharedServer } from "./servers"

/** The shared Redis for one suite of specs: clients and keys of the suite's own, both gone with it. */
export class TestRedis {
    readonly #marker = `spec-${randomBytes(6).toString("hex")}`
    readonly #clients: Redis[] = []
    #client: Redis | undefined
    #count = 0
    #url: string | undefined

    /** Where it listens; once the suite's hooks run. */
    get url(): string {
        if (this.#url === undefined)
            throw new Error("Redis starts before the suite's hooks: use it in a hook or a spec")
        return this.#url
    }

    /** The client of the suite. */
    client(): Redis {
        return (this.#client ??= this.createClient())
    }

    /** One more client, ended with the suite. `version: 6` makes it one of ioredis 6; `url` leads through a proxy. */
    createClient(options: RedisOptions & { version?: 5 | 6; url?: string } = {}): Redis {
        const { version = 5, url = this.url, ...rest } = options
        const client = version === 5 ? new Redis(url, rest) : (new Redis6(url, rest as object) as never)
        this.#clients.push(client)
        return client
    }

    /** A prefix that nobody else uses. */
    prefix(): string {
        return `${this.#marker}-${++this.#count}`
    }

    /** The keys that stand under the suite's prefixes. */
    async keys(): Promise<string[]> {
        const keys: string[] = []
        let cursor = "0"
        do {
            const [next, found] = await this.client().scan(cursor, "MATCH", `*${this.#marker}*`, "COUNT", 1000)
            keys.push(...found)
            cursor = next
        } while (cursor !== "0")
        return keys
    }

    async start(): Promise<void> {
        this.#url = (await sharedServer("redis")).url
    }

    /** Removes the suite's keys and ends its clients. */
    async cleanUp(): Promise<void> {
        if (this.#url !== undefined && this.#count > 0) {
            // The suite's client may have been ended or broken by a spec.
            this.#client = this.createClient()
            const keys = await this.keys()
            if (keys.length > 0) await this.#client.unlink(...keys)
        }
        for (const client of this.#clients.splice(0)) client.disconnect()
        this.#client = undefined
    }
}
