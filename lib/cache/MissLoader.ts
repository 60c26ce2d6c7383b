import { CacheError } from "../error/CacheError"
import type { CacheLog } from "../telemetry/CacheLogger"
import type { Clock } from "../util/Clock"
import { isLate } from "../util/isLate"
import { Memo } from "../util/Memo"
import { DependencyScope } from "./DependencyScope"
import { lateTagsOf, type Entry } from "./Entry"
import { BESIDE_TRANSACTION, type Filler, type FillerParts, type Landings, type LoadRequest } from "./Filler"
import type { Freshness } from "./Freshness"
import type { HeldTags } from "./HeldTags"
import { LoadLock, type Awaited, type Claim } from "./LoadLock"
import type { Miss } from "./Miss"
import { noteEntry, noteRead } from "./noteRead"
import { isPartOfFlight, outsideFlights, SingleFlight } from "./SingleFlight"
import { SpareAnswers } from "./SpareAnswers"
import { hasStamps, type Stamper } from "./Stamper"
import type { StoreGate } from "./StoreGate"

/** Milliseconds that a refresh is left to another process before its lock is asked for again. */
const PAUSE = 1_000

/**
 * What happens to the keys that a read did not find: their tags get stamps, loads are shared only between readers who saw
 * the same stamps. Who loads, who waits for whom, and for how long; the load itself is the {@link Filler}'s.
 */
export class MissLoader {
    readonly #gate: StoreGate
    readonly #filler: Filler
    readonly #held: HeldTags
    readonly #clock: Clock
    readonly #log: CacheLog
    readonly #flights: SingleFlight<Entry>
    readonly #stamper: Stamper
    readonly #lock: LoadLock | undefined
    readonly #spares: SpareAnswers
    readonly #freshness: Freshness
    readonly #refreshing = new Set<string>()
    /** Until when a key is not refreshed here, because another process does. */
    readonly #leftToOthers = new Memo<string, number>(1_000)

    constructor({ gate, codec, held, clock, log, freshness, stamper }: FillerParts, filler: Filler) {
        this.#stamper = stamper
        this.#freshness = freshness
        this.#gate = gate
        this.#filler = filler
        this.#held = held
        this.#clock = clock
        this.#log = log
        this.#flights = new SingleFlight(gate.store.keeps !== "objects")
        this.#spares = new SpareAnswers(gate, held, log)
        const { locks } = gate.store
        if (locks !== undefined) this.#lock = new LoadLock({ locks, gate, codec, held, clock, freshness, stamper })
    }

    /**
     * Loads what is there already anew, in the background: a fill like any other. One at a time for each key; one that
     * fails is logged.
     */
    refresh<T>(request: LoadRequest<T>, due: readonly Miss[]): void {
        const now = this.#clock.now()
        const misses = due.filter(
            ({ key }) => !this.#refreshing.has(key) && !(now < (this.#leftToOthers.get(key) ?? 0)),
        )
        if (misses.length === 0 || request.alone === true) return
        for (const { key } of misses) this.#refreshing.add(key)
        const refreshing = outsideFlights(() => DependencyScope.outside(() => this.#refresh(request, misses)))
        refreshing
            .catch((error: unknown) =>
                this.#log.write("read", { level: "warn", action: "not refreshed", subject: request.subject, error }),
            )
            .finally(() => {
                for (const { key } of misses) this.#refreshing.delete(key)
            })
    }

    async #refresh<T>(request: LoadRequest<T>, misses: readonly Miss[]): Promise<void> {
        await this.#stamper.stamp(misses)
        // what nobody could store need not be loaded
        const fit = misses.filter(({ key, states }) => hasStamps(states) && !this.#flights.has(key, states))
        if (fit.length === 0) return
        const loadMany = (positions: readonly number[]): ReturnType<typeof request.loadMany> => {
            request.stats.refreshes++
            return request.loadMany(positions)
        }
        await this.#loadAndFill({ ...request, loadMany }, fit, [], (others) => {
            // whoever has them needs some time: not every hit has to ask for the lock
            for (const { key } of others) this.#leftToOthers.set(key, this.#clock.now() + PAUSE)
        })
    }

    /**
     * @param storeAnswers false when the store failed: the answers are then kept from everybody else
     * @throws whatever the load throws, where not every one of the misses has a spare answer; CacheError `E_LOAD_TIMEOUT`
     */
    async load<T>(
        request: LoadRequest<T>,
        misses: readonly Miss[],
        storeAnswers: boolean,
        results: T[],
    ): Promise<void> {
        // whoever holds a connection leaves no load behind on it
        if (request.alone === true) return this.#loadAll(request, misses, storeAnswers, results)
        const { softTimeout, hardTimeout } = request.freshness ?? this.#freshness.settings
        const isBounded = softTimeout < Infinity || hardTimeout < Infinity
        // what comes too late must not change what has been handed out
        const hasSpares = misses.every(({ spare }) => spare !== undefined)
        const own: T[] = isBounded || hasSpares || this.#lock !== undefined ? [] : results
        const loading = this.#loadAll(request, misses, storeAnswers, own)
        try {
            if (own === results) return await loading
            const start = this.#clock.now()
            if (hasSpares && softTimeout < Infinity && (await isLate(this.#clock, loading, softTimeout)))
                if (await this.#spares.answer(request, misses, results, "not loaded yet")) return
            const left = start + hardTimeout - this.#clock.now()
            if (await isLate(this.#clock, loading, left)) throw loadTimeout(request.subject, hardTimeout)
            for (const { position } of misses) results[position] = own[position]!
        } catch (error) {
            if (error instanceof CacheError && error.code !== "E_LOAD_TIMEOUT") throw error
            if (await this.#spares.answer(request, misses, results, error)) return
            // what a function around it makes of that is not to be kept
            if (error instanceof CacheError) DependencyScope.refuse(this.#gate, "a load of it was given up")
            throw error
        }
    }

    async #loadAll<T>(
        request: LoadRequest<T>,
        misses: readonly Miss[],
        storeAnswers: boolean,
        results: T[],
    ): Promise<void> {
        request.stats.misses += misses.length
        if (storeAnswers) await this.#stamper.stamp(misses)
        const joined: [Miss, Promise<Entry | undefined>][] = []
        const toLoad: Miss[] = []
        for (const miss of misses) {
            const flight =
                storeAnswers && request.alone !== true && hasStamps(miss.states)
                    ? this.#flights.find(miss.key, miss.states)
                    : undefined
            if (flight === undefined) toLoad.push(miss)
            else {
                joined.push([miss, flight])
                noteRead(this.#gate, request, miss.tags, miss.states)
            }
        }
        const [, ...left] = await Promise.all([
            toLoad.length === 0 ? undefined : this.#loadAndFill(request, toLoad, results),
            ...joined.map(async ([miss, flight]) => {
                const entry = await flight
                if (entry === undefined) return miss
                if (request.checksJoined && !(await this.#isStillCurrent(entry))) return miss
                results[miss.position] = request.decode(entry[2], miss.position)
                noteEntry(this.#gate, request, entry, miss.tags, miss.states)
                return undefined
            }),
        ])
        // what another reader loaded but could not share is loaded again, for these readers alone
        const unshared = left.filter((miss) => miss !== undefined)
        if (unshared.length === 0) return
        const loaded = await this.#filler.load(request, unshared)
        unshared.forEach((miss, i) => {
            results[miss.position] = loaded[i]!.result
            if (loaded[i]!.shareable === false) DependencyScope.refuse(this.#gate, BESIDE_TRANSACTION)
        })
    }

    /** Nobody waits for other processes any more. */
    close(): void {
        this.#lock?.close()
    }

    /** @param leave is handed what other processes load, by a caller who needs no answer and does not wait for it */
    async #loadAndFill<T>(
        request: LoadRequest<T>,
        misses: readonly Miss[],
        results: T[],
        leave?: (others: readonly Miss[]) => void,
    ): Promise<void> {
        // two loads that wait for what the other one has begun would wait for each other
        const lock = request.alone === true || isPartOfFlight() ? undefined : this.#lock
        const landings: Landings = new Map(
            misses.map((miss) => [
                miss,
                hasStamps(miss.states) ? this.#flights.start(miss.key, miss.states, lock !== undefined) : undefined,
            ]),
        )
        try {
            if (lock === undefined) await this.#filler.fill(request, misses, landings, results)
            else await this.#loadUnderLock(lock, request, misses, landings, results, leave)
        } catch (error) {
            for (const landing of landings.values()) landing?.reject(error)
            throw error
        } finally {
            for (const landing of landings.values()) landing?.end()
        }
    }

    async #loadUnderLock<T>(
        lock: LoadLock,
        request: LoadRequest<T>,
        misses: readonly Miss[],
        landings: Landings,
        results: T[],
        leave: ((others: readonly Miss[]) => void) | undefined,
    ): Promise<void> {
        const claim = lock.claim()
        try {
            const { own, others } = await claim.take(misses)
            const loading = this.#fillOwn(claim, request, own, landings, results)
            if (leave === undefined) {
                await Promise.all([loading, this.#takeFromOthers(claim, request, others, landings, results)])
                return
            }
            for (const { miss } of others) landings.get(miss)?.resolve(undefined)
            leave(others.map(({ miss }) => miss))
            await loading
        } finally {
            claim.end()
        }
    }

    async #fillOwn<T>(
        claim: Claim,
        request: LoadRequest<T>,
        own: readonly Miss[],
        landings: Landings,
        results: T[],
    ): Promise<void> {
        if (own.length === 0) return
        for (const miss of own) landings.get(miss)?.waitsForNobody()
        try {
            await this.#filler.fill(request, own, landings, results)
        } finally {
            claim.release()
        }
    }

    /** Takes what other processes load, and loads what they do not bring. */
    async #takeFromOthers<T>(
        claim: Claim,
        request: LoadRequest<T>,
        others: readonly Awaited[],
        landings: Landings,
        results: T[],
    ): Promise<void> {
        if (others.length === 0) return
        for (const { miss } of others) noteRead(this.#gate, request, miss.tags, miss.states)
        if (this.#log.enabled("read"))
            this.#log.write("read", {
                level: "debug",
                action: "wait",
                subject: request.subject,
                key: others[0]!.miss.key,
                reason: `${others.length} are loaded by another process`,
            })
        const left = await claim.wait(others, (miss, entry) => {
            try {
                results[miss.position] = request.decode(entry[2], miss.position)
            } catch (error) {
                if (error instanceof CacheError) return false
                throw error
            }
            noteEntry(this.#gate, request, entry, miss.tags, miss.states)
            landings.get(miss)?.resolve(entry)
            return true
        })
        await this.#fillOwn(claim, request, left, landings, results)
    }

    /** Whether the late tags of an entry that has just been made have its stamps now. */
    async #isStillCurrent(entry: Entry): Promise<boolean> {
        const lateTags = lateTagsOf(entry)
        if (lateTags.length === 0) return true
        const held = this.#held.among(lateTags)
        const read = await this.#gate.read([], lateTags)
        if (read instanceof CacheError) return false
        const stamps = entry[1].slice(-lateTags.length)
        return this.#held.cover(lateTags, read.tags, held).every((state, i) => state === stamps[i])
    }
}

function loadTimeout(subject: string, milliseconds: number): CacheError {
    return new CacheError("E_LOAD_TIMEOUT", `${subject} was not loaded in ${milliseconds} ms.`, {
        advice: "The load goes on; see what is slow, raise hardTimeout, or allow old answers with staleOnError.",
    })
}
