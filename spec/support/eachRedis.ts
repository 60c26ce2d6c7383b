import { chosen, leaveOut } from "./choice"
import { findRedis, type RedisProgram } from "./startRedis"

/** What speaks the language of Redis. */
export type RedisKind = "redis" | "valkey"

/** Valkey stands in for a Redis that is not there. */
const PROGRAMS: Record<RedisKind, RedisProgram | undefined> = { redis: undefined, valkey: "valkey-server" }

/**
 * Describes the same rules for each kind, for specs that start a server of their own: `startRedis({ program })`. One that
 * is not installed is a pending spec that says so. `REDIS_KINDS=redis` narrows the run.
 */
export function eachRedis(
    body: (program?: RedisProgram) => void,
    kinds: readonly RedisKind[] = ["redis", "valkey"],
): void {
    for (const kind of kinds) {
        if (!chosen("REDIS_KINDS", kind)) continue
        describe(`on ${kind}`, () => {
            const program = PROGRAMS[kind]
            if (findRedis(program) === undefined) return leaveOut(kind, "there is no server program on this machine")
            body(program)
        })
    }
}
