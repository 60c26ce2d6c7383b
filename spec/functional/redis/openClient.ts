import { Redis, type RedisOptions } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"

/** The major versions of ioredis that the store works with. */
export type ClientVersion = 5 | 6

/** A client that is connected. */
export async function openClient(version: ClientVersion, url: string, options: RedisOptions = {}): Promise<Redis> {
    const client = version === 5 ? new Redis(url, options) : (new Redis6(url, options as object) as unknown as Redis)
    client.on("error", () => {})
    await client.ping()
    return client
}
