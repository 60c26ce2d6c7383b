import debug from "debug"

/** One decision of the cache, with its reason. Carries keys and names, never values. */
export interface CacheLogEvent {
    readonly level: "debug" | "warn"
    /**
     * What happened. At level `debug`: `hit`, `miss`, `bypass`, `dirty` (a write, and what it will invalidate). At level
     * `warn`: `error`, `not stored` (the value cannot be), `undelivered` (an invalidation that waits for the store).
     */
    readonly action: string
    /** The entity, store or part of the cache that it concerns. */
    readonly subject: string
    readonly reason?: string | undefined
    readonly key?: string | undefined
    readonly error?: unknown
}

/** Where decisions go besides `DEBUG=typeorm-second-level-cache:*`. A logger that throws is ignored. */
export interface CacheLogger {
    log(event: CacheLogEvent): void
}

/** The part of the work that a line belongs to, the last part of its `DEBUG` name. */
export type LogChannel = "read" | "write" | "store"

// Not inferred: a type of "debug" in our declarations would make everyone who checks them install its types.
const channels: Readonly<Record<LogChannel, debug.Debugger>> = {
    read: debug("typeorm-second-level-cache:read"),
    write: debug("typeorm-second-level-cache:write"),
    store: debug("typeorm-second-level-cache:store"),
}

/**
 * Sends each decision to `DEBUG` output and to the loggers given. Ask {@link enabled} before building a debug event: a
 * hit pays nothing for a log that nobody reads. Warnings always go to every logger.
 */
export class CacheLog {
    readonly #all: CacheLogger[] = []
    readonly #quiet: CacheLogger[] = []

    /** @param verbose `false` for a logger that wants warnings only */
    add(logger: CacheLogger, verbose: boolean): void {
        ;(verbose ? this.#all : this.#quiet).push(logger)
    }

    enabled(channel: LogChannel): boolean {
        return this.#all.length > 0 || channels[channel].enabled
    }

    write(channel: LogChannel, event: CacheLogEvent): void {
        if (channels[channel].enabled) channels[channel]("%s", describeEvent(event))
        for (const logger of event.level === "warn" ? [...this.#all, ...this.#quiet] : this.#all) {
            try {
                logger.log(event)
            } catch {
                // a logger is no reason to fail a read or a commit
            }
        }
    }
}

/** One line for people. */
export function describeEvent({ action, subject, reason, key, error }: CacheLogEvent): string {
    const parts = [action, subject]
    if (key !== undefined) parts.push(key)
    if (reason !== undefined) parts.push(`(${reason})`)
    if (error !== undefined) parts.push(error instanceof Error ? error.message : String(error))
    return parts.join(" ")
}
