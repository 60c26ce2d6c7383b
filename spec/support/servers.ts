import { dockerProblem } from "./server/docker"
import { stopServers } from "./server/ServerProcess"
import { findMariadb, pingMariadb, startMariadb } from "./startMariadb"
import { findPostgres, pingPostgres, startPglite, startPostgres } from "./startPostgres"
import { findRedis, pingRedis, startRedis } from "./startRedis"

export type ServerName = "postgres" | "mariadb" | "redis"

/** The ways to a server, in the order they are tried. */
export type Way = "url" | "container" | "program" | "pglite"

/** A server that the specs share: told of, or started for them when they first need it. */
export interface SharedServer {
    readonly url: string
    readonly way: Way
    stop(): Promise<void>
}

interface Source {
    readonly variable: string
    /** The path of the program, or `undefined`. */
    find(): string | undefined
    start(): Promise<{ readonly url: string; stop(): Promise<void> }>
    ping(url: string): Promise<void>
}

const SOURCES: Record<ServerName, Source> = {
    postgres: { variable: "POSTGRES_URL", find: findPostgres, start: startPostgres, ping: pingPostgres },
    mariadb: { variable: "MARIADB_URL", find: findMariadb, start: startMariadb, ping: pingMariadb },
    redis: { variable: "REDIS_URL", find: findRedis, start: startRedis, ping: pingRedis },
}

const started = new Map<ServerName, Promise<SharedServer>>()

/** The ways that look open before any is tried; `SERVERS=program,pglite` narrows them. Empty when there is none. */
export function waysTo(name: ServerName): readonly Way[] {
    const source = SOURCES[name]
    const allowed = process.env.SERVERS?.split(",")
    const open: Record<Way, () => boolean> = {
        url: () => Boolean(process.env[source.variable]),
        container: () => dockerProblem() === undefined,
        program: () => source.find() !== undefined,
        pglite: () => name === "postgres",
    }
    return (Object.keys(open) as Way[]).filter((way) => (allowed?.includes(way) ?? true) && open[way]())
}

/** Why a server cannot be had, or `undefined` when there is a way. */
export function whyMissing(name: ServerName): string | undefined {
    if (waysTo(name).length > 0) return undefined
    return `no ${SOURCES[name].variable}, ${dockerProblem() ?? "no container allowed"}, no server program`
}

/** Why a spec cannot have a server of its own to kill and restart, or `undefined` when it can. */
export function whyNotStartable(name: ServerName): string | undefined {
    return SOURCES[name].find() === undefined ? `there is no server program for ${name} on this machine` : undefined
}

/**
 * The server that all specs share, started on the first call.
 *
 * @throws Error when none of the ways leads to it, with what each said. A URL that was given is the only way.
 */
export function sharedServer(name: ServerName): Promise<SharedServer> {
    let server = started.get(name)
    if (server === undefined) started.set(name, (server = open(name)))
    return server
}

/** Ends every server that was started, shared or a spec's own. */
export async function stopAllServers(): Promise<void> {
    const servers = await Promise.allSettled([...started.values()])
    started.clear()
    await Promise.all(servers.flatMap((it) => (it.status === "fulfilled" ? [it.value.stop()] : [])))
    await stopServers()
}

async function open(name: ServerName): Promise<SharedServer> {
    const failures: string[] = []
    for (const way of waysTo(name))
        try {
            return { way, ...(await openBy(way, name)) }
        } catch (error) {
            failures.push(`${way}: ${error instanceof Error ? error.message : String(error)}`)
            // Whoever names a server does not want another one instead.
            if (way === "url") break
        }
    throw new Error(`${name} cannot be had:\n${failures.join("\n")}`)
}

async function openBy(way: Way, name: ServerName): Promise<{ readonly url: string; stop(): Promise<void> }> {
    const source = SOURCES[name]
    switch (way) {
        case "url": {
            const url = process.env[source.variable] ?? ""
            await source.ping(url)
            return { url, stop: () => Promise.resolve() }
        }
        case "container": {
            const { containers } = require("./server/Container") as typeof import("./server/Container")
            return containers[name]()
        }
        case "program":
            return pick(await source.start())
        case "pglite":
            return pick(await startPglite())
    }
}

/** A server process has accessors, which a spread would lose. */
function pick(server: { readonly url: string; stop(): Promise<void> }): { url: string; stop(): Promise<void> } {
    return { url: server.url, stop: () => server.stop() }
}
