import { CacheError } from "../error/CacheError"
import type { CacheStore, LoadLocks, StoreEntry, StoreRead, TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { StatsCounter } from "../telemetry/StatsCounter"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { Clock } from "../util/Clock"
import type { ReadSource } from "./ReadRequest"
import { StoreBreaker, type BreakerSettings } from "./StoreBreaker"

/** Milliseconds between two warnings of a store that fails: otherwise each read would write one. */
const WARNING_PAUSE = 10_000

/** How a {@link StoreGate} treats its store. */
export interface StoreGateOptions {
    /** Milliseconds after which a call counts as failed. */
    readonly timeout: number
    /** When the store is taken for broken; `undefined` for never. */
    readonly breaker?: BreakerSettings | undefined
}

/**
 * The only way to the store: every call is timed out, and a failure is counted and answered as a {@link CacheError}
 * instead of thrown, so that no caller can forget that a store may fail. One that keeps failing is not called at all
 * until it answers again.
 */
export class StoreGate {
    readonly store: CacheStore
    readonly #timeout: number
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #stats: StatsCounter
    readonly #breaker: StoreBreaker | undefined
    /** What the last call that failed was about: a look at it tells whether the store is back. */
    #probed: readonly string[] = []
    #onRecovery: () => void = () => undefined
    #nextWarning = -Infinity

    constructor(store: CacheStore, options: StoreGateOptions, clock: Clock, log: CacheLog, stats: StatsCounter) {
        this.store = store
        this.#timeout = options.timeout
        this.#clock = clock
        this.#log = log
        this.#stats = stats
        if (options.breaker !== undefined)
            this.#breaker = new StoreBreaker({
                ...options.breaker,
                clock,
                probe: async () =>
                    !(
                        (await this.#call("probe", this.#probed, () => this.store.read([], this.#probed))) instanceof
                        CacheError
                    ),
                onChange: (isOpen) => this.#changed(isOpen),
            })
    }

    /** True while the store is taken for broken and not called. */
    get isOpen(): boolean {
        return this.#breaker?.isOpen === true
    }

    /** Who wants to know when a store that was taken for broken answers again. */
    onRecovery(task: () => void): void {
        this.#onRecovery = task
    }

    /** Looks no more whether the store is back; who still calls takes what comes. */
    close(): void {
        this.#breaker?.close()
    }

    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead | CacheError> {
        if (this.isOpen) return this.#refused("read")
        // the same as below without a closure: this is every hit's way
        try {
            const outcome = this.store.read(keys, tags)
            if (isPromise(outcome)) return this.#timed("read", tags, outcome)
            // what is near says nothing of the store behind it
            if (outcome.isNear !== true) this.#breaker?.succeeded()
            return outcome
        } catch (error) {
            return this.#failed("read", tags, error)
        }
    }

    /** The store as all processes see it, where {@link read} may lag behind. */
    readonly shared: ReadSource = {
        read: (keys, tags) =>
            this.#attempt("read", tags, () => (this.store.readShared ?? this.store.read).call(this.store, keys, tags)),
    }

    lock(locks: LoadLocks, names: readonly string[], owner: string): Awaitable<readonly boolean[] | CacheError> {
        return this.#attempt("lock", names, () => locks.lock(names, owner))
    }

    unlock(locks: LoadLocks, names: readonly string[], owner: string): Awaitable<void | CacheError> {
        return this.#attempt("unlock", names, () => locks.unlock(names, owner))
    }

    stamp(tags: readonly string[], proposal: string, ttl: number): Awaitable<readonly TagState[] | CacheError> {
        return this.#attempt("stamp", tags, () => this.store.stamp(tags, proposal, ttl))
    }

    write(entries: readonly StoreEntry[]): Awaitable<void | CacheError> {
        return this.#attempt("write", [], () => this.store.write(entries))
    }

    fence(tags: readonly string[], owner: string, duration: number): Awaitable<void | CacheError> {
        return this.#attempt("fence", tags, () => this.store.fence(tags, owner, duration))
    }

    release(tags: readonly string[], owner: string, ttl: number): Awaitable<void | CacheError> {
        return this.#attempt("release", tags, () => this.store.release(tags, owner, ttl))
    }

    delete(keys: readonly string[]): Awaitable<number | CacheError> {
        return this.#attempt("delete", keys, () => this.store.delete(keys))
    }

    /**
     * The keys of entries under a prefix, piece by piece.
     *
     * @throws CacheError `E_OPTION` when the store cannot list them; whatever it throws meanwhile, as `E_STORE`
     */
    async *keys(prefix: string): AsyncGenerator<readonly string[]> {
        if (this.store.keys === undefined)
            throw new CacheError("E_OPTION", `The ${this.store.name} store cannot list its keys.`, {
                advice: "Use tags instead of patterns.",
            })
        try {
            yield* this.store.keys(prefix)
        } catch (error) {
            throw this.#failed("list its keys", [], error)
        }
    }

    clear(prefix: string): Awaitable<void | CacheError> {
        // emptying a large store takes as long as it takes: no time-out
        return this.#call("clear", [], () => this.store.clear(prefix), false)
    }

    #attempt<T>(action: string, about: readonly string[], operation: () => Awaitable<T>): Awaitable<T | CacheError> {
        return this.isOpen ? this.#refused(action) : this.#call(action, about, operation)
    }

    /** @param about the first of these tells later whether the store is back */
    #call<T>(
        action: string,
        about: readonly string[],
        operation: () => Awaitable<T>,
        timed = true,
    ): Awaitable<T | CacheError> {
        let outcome: Awaitable<T>
        try {
            outcome = operation()
        } catch (error) {
            return this.#failed(action, about, error)
        }
        if (!isPromise(outcome)) {
            this.#breaker?.succeeded()
            return outcome
        }
        return timed
            ? this.#timed(action, about, outcome)
            : outcome.catch((error: unknown) => this.#failed(action, about, error))
    }

    #timed<T>(action: string, about: readonly string[], outcome: Promise<T>): Promise<T | CacheError> {
        return new Promise((resolve) => {
            const cancel = this.#clock.schedule(this.#timeout, () => {
                const { name } = this.store
                const error = new CacheError(
                    "E_STORE_TIMEOUT",
                    `The ${name} store did not ${action} in ${this.#timeout} ms.`,
                    { advice: "Look at the store's health and latency, or raise storeTimeout." },
                )
                resolve(this.#failed(action, about, error))
            })
            outcome.then(
                (value) => {
                    cancel()
                    this.#breaker?.succeeded()
                    resolve(value)
                },
                (error: unknown) => {
                    cancel()
                    resolve(this.#failed(action, about, error))
                },
            )
        })
    }

    #failed(action: string, about: readonly string[], error: unknown): CacheError {
        this.#stats.errors++
        if (about.length > 0) this.#probed = about.slice(0, 1)
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
        // says nothing of the store
        if (failure.code !== "E_SERIALIZE") this.#breaker?.failed()
        return failure
    }

    #refused(action: string): CacheError {
        return new CacheError(
            "E_STORE",
            `The ${this.store.name} store is taken for broken and was not told to ${action}.`,
            {
                advice: "It is looked at from time to time; see circuitBreaker.",
            },
        )
    }

    #changed(isOpen: boolean): void {
        const { name } = this.store
        this.#log.write("store", {
            level: "warn",
            action: isOpen ? "broken" : "recovered",
            subject: name,
            reason: isOpen
                ? "most of the last calls failed: the database answers until it is back"
                : "it answers again",
        })
        if (!isOpen) this.#onRecovery()
    }
}
