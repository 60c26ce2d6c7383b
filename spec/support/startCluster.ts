import { Redis } from "ioredis"
import { freePort } from "./server/freePort"
import type { StartedServer } from "./server/ServerProcess"
import { startRedis } from "./startRedis"

const SLOTS = 16_384
/** Milliseconds that the members may take to find each other. */
const PATIENCE = 30_000

/** A cluster that runs for the specs. */
export interface StartedCluster {
    /** Those that began as masters. */
    readonly masters: readonly StartedServer[]
    /** Those that began as replicas, each at the place of its master; empty where none were asked for. */
    readonly replicas: readonly StartedServer[]
    /** All of them, as a client wants to be told. */
    readonly nodes: readonly { readonly host: string; readonly port: number }[]
    /** Ends them all. */
    stop(): Promise<void>
}

/**
 * Starts a cluster of the caller's own: the masters have equal parts of the slots.
 *
 * @param options.replicas whether each master has a replica, which takes its place when it has been away for a second
 * @throws Error when the members do not come together within 30 s
 */
export async function startCluster(options: { masters: number; replicas?: boolean }): Promise<StartedCluster> {
    const count = options.replicas === true ? 2 * options.masters : options.masters
    const started = await Promise.allSettled(Array.from({ length: count }, startMember))
    const servers = started.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []))
    const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())))
    try {
        for (const it of started) if (it.status === "rejected") throw it.reason
        await join(servers, options.masters)
    } catch (error) {
        await stop()
        throw error
    }
    return {
        masters: servers.slice(0, options.masters),
        replicas: servers.slice(options.masters),
        nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
        stop,
    }
}

async function startMember(): Promise<StartedServer> {
    // The usual one, 10 000 higher, is no port for those of the upper sixth.
    const bus = await freePort()
    const settings = [
        "--cluster-port",
        String(bus),
        "--cluster-node-timeout",
        "1000",
        "--repl-diskless-sync-delay",
        "0",
    ]
    return startRedis({ args: ["--cluster-enabled", "yes", ...settings] })
}

async function join(servers: readonly StartedServer[], masters: number): Promise<void> {
    const members = servers.map(({ url }) => new Redis(url))
    try {
        const [first, ...others] = members as [Redis, ...Redis[]]
        for (let i = 0; i < masters; i++) {
            const from = Math.floor((i * SLOTS) / masters)
            const to = Math.floor(((i + 1) * SLOTS) / masters) - 1
            await members[i]!.call("CLUSTER", "ADDSLOTSRANGE", String(from), String(to))
        }
        for (const [i, member] of members.entries()) await member.call("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1))
        for (const [i, member] of others.entries()) {
            const [, bus] = (await member.call("CONFIG", "GET", "cluster-port")) as [string, string]
            await first.call("CLUSTER", "MEET", "127.0.0.1", String(servers[i + 1]!.port), bus)
        }
        await untilEach(members, (info) => info.includes(`cluster_known_nodes:${members.length}`))
        for (const [i, replica] of members.slice(masters).entries())
            await replica.call("CLUSTER", "REPLICATE", String(await members[i]!.call("CLUSTER", "MYID")))
        await untilEach(members, isWhole)
        await untilEach(members, async (_, member) => {
            const known = String(await member.call("CLUSTER", "NODES"))
            return (known.match(/\bslave\b/g)?.length ?? 0) === members.length - masters
        })
        await untilEach(members.slice(masters), async (_, replica) =>
            (await replica.info("replication")).includes("master_link_status:up"),
        )
    } finally {
        for (const member of members) member.disconnect()
    }
}

function isWhole(info: string): boolean {
    return info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${SLOTS}`)
}

async function untilEach(
    members: readonly Redis[],
    accepts: (info: string, member: Redis) => boolean | Promise<boolean>,
): Promise<void> {
    const end = performance.now() + PATIENCE
    for (const member of members)
        while (!(await accepts(String(await member.call("CLUSTER", "INFO")), member))) {
            if (performance.now() > end) throw new Error(`The cluster did not come together within ${PATIENCE} ms.`)
            await new Promise((resolve) => setTimeout(resolve, 20))
        }
}
