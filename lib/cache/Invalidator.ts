import { CacheError } from "../error/CacheError"
import type { CacheLog } from "../telemetry/CacheLogger"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { Clock } from "../util/Clock"
import { newToken } from "../util/token"
import { Fence } from "./Fence"
import { HeldTags } from "./HeldTags"
import type { StoreGate } from "./StoreGate"

/** Milliseconds that a stamp made by an invalidation lives when nothing is stored under it. A lost stamp is only a miss. */
export const STAMP_TTL = 600_000

const FIRST_RETRY = 50
const LAST_RETRY = 5_000
/** A write under way for this many durations of its fence is taken as ended without a word. */
const GIVEN_UP = 20
/** More invalidations than this that wait for the store are put together, so that their tags take memory and not the writes. */
const MOST_UNDELIVERED = 100

/** How an {@link Invalidator} works. */
export interface InvalidatorOptions {
    /** Milliseconds after which the fence of a writer that died falls. */
    readonly fenceDuration: number
    /** `false`: no fence before COMMIT, one trip less, and a writer killed between COMMIT and invalidation leaves old entries to their ttl. */
    readonly fences: boolean
    /** `abort`: a commit whose fence cannot be put is refused. */
    readonly onStoreFailure: "continue" | "abort"
}

/**
 * The writer's side of the protocol: fences dirty tags before COMMIT and replaces their stamps after it. An invalidation
 * that the store did not take is kept and retried, and this process does not read its tags until it is delivered.
 */
export class Invalidator {
    readonly held = new HeldTags()
    readonly #gate: StoreGate
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #options: InvalidatorOptions
    readonly #standing = new Set<Fence>()
    readonly #undelivered = new Set<Fence>()
    /** The one of them that takes in those beyond the most. */
    #overflow: Fence | undefined
    readonly #timers = new Set<() => void>()
    #retryDelay = FIRST_RETRY
    #retrying = false
    #renewing = false
    #closed = false

    constructor(gate: StoreGate, clock: Clock, log: CacheLog, options: InvalidatorOptions) {
        this.#gate = gate
        this.#clock = clock
        this.#log = log
        this.#options = options
        gate.onRecovery(() => void (this.#undelivered.size > 0 && this.#retry()))
    }

    /** A new fence, not yet put on any tag. */
    newFence(): Fence {
        // not "implements": the declarations are built without what is internal
        return new Fence(this)
    }

    /** Invalidates tags at once, outside any transaction. Resolves when the store has it, or has failed and a retry is due. */
    invalidate(tags: readonly string[]): Awaitable<void> {
        if (tags.length === 0) return
        const fence = this.newFence()
        fence.hold(tags)
        return this.release(fence)
    }

    /** Puts the fence on those of its tags that do not carry it yet. @internal */
    put(fence: Fence): Awaitable<void> {
        if (!this.#options.fences) return
        const tags = fence.takeUnfenced()
        if (tags.length === 0) return
        if (!this.#standing.has(fence)) fence.since = this.#clock.now()
        this.#standing.add(fence)
        this.#renewLater()
        const outcome = this.#gate.fence(tags, fence.owner, this.#options.fenceDuration)
        const check = (failure: void | CacheError): void => {
            if (!(failure instanceof CacheError)) return
            fence.giveBack(tags)
            if (this.#options.onStoreFailure === "abort")
                throw new CacheError(
                    "E_COMMIT_REFUSED",
                    "The cache could not be told of this write before its commit.",
                    {
                        cause: failure,
                        advice: `It was refused because onStoreFailure is "abort"; retry when the store is back.`,
                    },
                )
        }
        if (isPromise(outcome)) return outcome.then(check)
        check(outcome)
    }

    /** Replaces the stamps of the fence's tags and takes the fence away. Never rejects. @internal */
    release(fence: Fence): Awaitable<void> {
        this.#standing.delete(fence)
        const tags = fence.tags()
        if (tags.length === 0) return
        if (fence === this.#overflow) {
            // what it takes in from here on would not be in this trip
            this.#overflow = undefined
            this.#undelivered.delete(fence)
        }
        const outcome = this.#gate.release(tags, fence.owner, STAMP_TTL)
        if (isPromise(outcome)) return outcome.then((failure) => this.#released(fence, failure))
        this.#released(fence, outcome)
    }

    /**
     * For a commit whose outcome is unknown: the server may still commit, so the fence stays until its deadline, counted
     * from now, and the stamps are replaced only then. @internal
     */
    keepUntilDeadline(fence: Fence): Awaitable<void> {
        this.#standing.delete(fence)
        const tags = fence.tags()
        if (tags.length === 0) return
        this.#later(this.#options.fenceDuration, () => void this.release(fence))
        if (!this.#options.fences) return this.#settle(this.#gate.release(tags, newToken(), STAMP_TTL))
        return this.#settle(this.#gate.fence(tags, fence.owner, this.#options.fenceDuration))
    }

    /** True while an invalidation of this process waits for the store. */
    get hasUndelivered(): boolean {
        return this.#undelivered.size > 0
    }

    /** Stops every timer, after one last try to deliver what waits. */
    async close(): Promise<void> {
        this.#closed = true
        for (const cancel of this.#timers) cancel()
        this.#timers.clear()
        for (const fence of [...this.#undelivered]) {
            await this.release(fence)
            if (this.#undelivered.has(fence)) return
        }
    }

    #released(fence: Fence, failure: void | CacheError): void {
        if (!(failure instanceof CacheError)) {
            this.#undelivered.delete(fence)
            if (this.#undelivered.size === 0) this.#retryDelay = FIRST_RETRY
            fence.letGo()
            return
        }
        if (!this.#undelivered.has(fence)) this.#keepUndelivered(fence, failure)
        this.#retryLater()
    }

    #keepUndelivered(fence: Fence, failure: CacheError): void {
        if (this.#undelivered.size < MOST_UNDELIVERED) {
            this.#undelivered.add(fence)
            this.#log.write("store", {
                level: "warn",
                action: "undelivered",
                subject: this.#gate.store.name,
                reason: `an invalidation of ${fence.size} tags waits for the store; this process reads them from the database`,
                error: failure,
            })
        } else if (this.#overflow === undefined) {
            this.#overflow = fence
            this.#undelivered.add(fence)
        } else {
            this.#overflow.hold(fence.tags())
            fence.letGo()
        }
    }

    #retryLater(): void {
        if (this.#retrying) return
        this.#retrying = true
        this.#later(this.#retryDelay, () => {
            this.#retryDelay = Math.min(LAST_RETRY, this.#retryDelay * 2)
            void this.#retry()
        })
    }

    async #retry(): Promise<void> {
        for (const fence of [...this.#undelivered]) {
            await this.release(fence)
            // one failure is enough to know that the store is still away
            if (this.#undelivered.has(fence)) break
        }
        this.#retrying = false
        if (this.#undelivered.size > 0) this.#retryLater()
    }

    /**
     * A commit may take longer than a fence lasts: standing fences are renewed at a third of their duration. One that
     * stands for very long belongs to a write whose end nobody told of.
     */
    #renewLater(): void {
        if (this.#renewing) return
        this.#renewing = true
        this.#later(this.#options.fenceDuration / 3, () => {
            this.#renewing = false
            if (this.#standing.size === 0) return
            for (const fence of this.#standing) {
                if (this.#clock.now() - fence.since > GIVEN_UP * this.#options.fenceDuration)
                    void this.keepUntilDeadline(fence)
                else void this.#settle(this.#gate.fence(fence.tags(), fence.owner, this.#options.fenceDuration))
            }
            this.#renewLater()
        })
    }

    #later(delay: number, task: () => void): void {
        if (this.#closed) return
        const cancel = this.#clock.schedule(delay, () => {
            this.#timers.delete(cancel)
            task()
        })
        this.#timers.add(cancel)
    }

    #settle(outcome: Awaitable<void | CacheError>): Awaitable<void> {
        return isPromise(outcome) ? outcome.then(() => undefined) : undefined
    }
}
