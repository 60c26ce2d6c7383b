import { CacheError } from "../error/CacheError"
import type { CacheStore, StoreEntry, StoreRead, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { Clock } from "../util/Clock"

/** Milliseconds between two warnings of a store that fails: otherwise each read would write one. */
const WARNING_PAUSE = 10_000

/**
 * The only way to the store: every call is timed out, and a failure is counted and answered as a {@link CacheError}
 * instead of thrown, so that no caller can forget that a store may fail.
 */
export class StoreGate {
    readonly store: CacheStore
    readonly #timeout: number
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #stats: StatsCounter
    #nextWarning = -Infinity

    constructor(store: CacheStore, timeout: number, clock: Clock, log: CacheLog, stats: StatsCounter) {
        this.store = store
        this.#timeout = timeout
        this.#clock = clock
        this.#log = log
        this.#stats = stats
    }

    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead | CacheError> {
        // the same as below without a closure: this is every hit's way
        try {
            const outcome = this.store.read(keys, tags)
            return isPromise(outcome) ? this.#timed("read", outcome) : outcome
        } catch (error) {
            return this.#failed("read", error)
        }
    }

    stamp(tags: readonly string[], proposal: string, ttl: number): Awaitable<readonly TagState[] | CacheError> {
        return this.#attempt("stamp", () => this.store.stamp(tags, proposal, ttl))
    }

    write(entries: readonly StoreEntry[]): Awaitable<void | CacheError> {
        return this.#attempt("write", () => this.store.write(entries))
    }

    fence(tags: readonly string[], owner: string, duration: number): Awaitable<void | CacheError> {
        return this.#attempt("fence", () => this.store.fence(tags, owner, duration))
    }

    release(tags: readonly string[], owner: string, ttl: number): Awaitable<void | CacheError> {
        return this.#attempt("release", () => this.store.release(tags, owner, ttl))
    }

    delete(keys: readonly string[]): Awaitable<number | CacheError> {
        return this.#attempt("delete", () => this.store.delete(keys))
    }

    clear(prefix: string): Awaitable<void | CacheError> {
        // emptying a large store takes as long as it takes: no time-out
        return this.#attempt("clear", () => this.store.clear(prefix), false)
    }

    #attempt<T>(action: string, operation: () => Awaitable<T>, timed = true): Awaitable<T | CacheError> {
        let outcome: Awaitable<T>
        try {
            outcome = operation()
        } catch (error) {
            return this.#failed(action, error)
        }
        if (!isPromise(outcome)) return outcome
        return timed ? this.#timed(action, outcome) : outcome.catch((error: unknown) => this.#failed(action, error))
    }

    #timed<T>(action: string, outcome: Promise<T>): Promise<T | CacheError> {
        return new Promise((resolve) => {
            const cancel = this.#clock.schedule(this.#timeout, () => {
                const { name } = this.store
                resolve(
                    this.#failed(
                        action,
                        new CacheError(
                            "E_STORE_TIMEOUT",
                            `The ${name} store did not ${action} in ${this.#timeout} ms.`,
                            {
                                advice: "Look at the store's health and latency, or raise storeTimeout.",
                            },
                        ),
                    ),
                )
            })
            outcome.then(
                (value) => {
                    cancel()
                    resolve(value)
                },
                (error: unknown) => {
                    cancel()
                    resolve(this.#failed(action, error))
                },
            )
        })
    }

    #failed(action: string, error: unknown): CacheError {
        this.#stats.errors++
        const failure =
            error instanceof CacheError
                ? error
                : new CacheError("E_STORE", `The ${this.store.name} store failed to ${action}.`, {
                      cause: error,
                      advice: "Reads go to the database meanwhile; look at the cause.",
                  })
        const now = this.#clock.now()
        const level = now >= this.#nextWarning ? "warn" : "debug"
        if (level === "warn") this.#nextWarning = now + WARNING_PAUSE
        if (level === "warn" || this.#log.enabled("store"))
            this.#log.write("store", { level, action: "error", subject: this.store.name, reason: action, error })
        return failure
    }
}
