import Redis from "ioredis"
import { findProgram } from "./server/findProgram"
import { ServerProcess, type StartedServer } from "./server/ServerProcess"
import { unprivilegedUser } from "./server/unprivilegedUser"

/** Programs that speak the language of Redis. */
export type RedisProgram = "redis-server" | "valkey-server"

/** Where the server program is, if it is installed: Redis, or Valkey in its place, unless one of them is asked for. */
export const findRedis = (program?: RedisProgram): string | undefined =>
    program === undefined ? findProgram("redis-server", "valkey-server") : findProgram(program)

/**
 * Starts a Redis of the caller's own, for specs that kill, stop or fill it.
 *
 * @param options.args more of the program's options, such as `["--maxmemory", "1mb"]`
 * @param options.program which one it must be; default Redis, or Valkey in its place
 * @throws Error with the server's log when it does not come up
 */
export async function startRedis(
    options: { args?: readonly string[]; program?: RedisProgram | undefined } = {},
): Promise<StartedServer> {
    const program = findRedis(options.program)
    if (program === undefined) throw new Error(`${options.program ?? "redis-server"} is not installed`)
    return ServerProcess.start({
        name: "redis",
        user: unprivilegedUser("redis", "valkey"),
        stopSignal: "SIGKILL",
        command: (folder, port) => [
            program,
            ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
            ...["--save", "", "--appendonly", "no", "--loglevel", "notice"],
            ...(options.args ?? []),
        ],
        url: (port) => `redis://127.0.0.1:${port}`,
        ping: pingRedis,
    })
}

/** Resolves when the server answers, rejects when it does not. */
export async function pingRedis(url: string): Promise<void> {
    const client = new Redis(url, {
        lazyConnect: true,
        retryStrategy: null,
        maxRetriesPerRequest: 0,
        connectTimeout: 2000,
    })
    client.on("error", () => undefined)
    try {
        await client.connect()
        await client.ping()
    } finally {
        client.disconnect()
    }
}
