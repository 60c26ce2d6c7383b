import { AsyncLocalStorage } from "node:async_hooks"

interface Flight<V> {
    readonly stamps: readonly string[]
    /** It may have to wait for another process. */
    isOutside: boolean
    readonly landing: Promise<V | undefined>
    /** The flight whose load began this one. */
    readonly parent: Flight<unknown> | undefined
    /** Flights that its load has begun or joined, and that have not landed. */
    readonly waitsFor: Set<Flight<unknown>>
}

/** The flight whose load the caller is a part of: a load may call functions that are cached as well. */
const loading = new AsyncLocalStorage<Flight<unknown>>()

/** Runs a function that is no part of the load around the caller. */
export function outsideFlights<T>(task: () => T): T {
    return loading.exit(task)
}

/** Whether the caller is a part of a load that was begun as a flight. */
export function isPartOfFlight(): boolean {
    return loading.getStore() !== undefined
}

/** The end of a flight that {@link SingleFlight.start} began. */
export interface Landing<V> {
    /** Hands the value to the readers who joined; `undefined` when it must not be shared. */
    resolve(value: V | undefined): void
    reject(error: unknown): void
    /** It has not to wait for another process (any more). */
    waitsForNobody(): void
    /** Runs code as a part of the load, which then never waits for itself. */
    run<T>(task: () => T): T
    /** No reader can join any more; from the next turn on where flights linger. */
    end(): void
}

/**
 * Loads in progress. A reader may join one only if it began under the very stamps that the reader has just read:
 * otherwise a reader that starts after a commit could be handed a value from before it.
 */
export class SingleFlight<V> {
    readonly #flights = new Map<string, Flight<V>>()
    readonly #lingers: boolean

    /**
     * @param lingers true for a store that answers in a later turn: where the answers to several commands arrive in one
     * piece, a fill may be over before a reader, who looked before it, gets to look for the flight. What he has read says
     * that its value is good, so it stays for one turn more, and nobody loads twice.
     */
    constructor(lingers: boolean) {
        this.#lingers = lingers
    }

    /**
     * The value of a load under the same stamps; `undefined` when there is none to join, or when it waits for the load
     * that the caller is a part of: they would wait for each other for ever.
     */
    find(key: string, stamps: readonly string[]): Promise<V | undefined> | undefined {
        const flight = this.#flights.get(key)
        if (flight === undefined || !equal(flight.stamps, stamps)) return undefined
        const own = loading.getStore()
        if (own === undefined) return flight.landing
        // what it waits for may wait for this load
        if (flight.isOutside || waitsForAny(flight, ancestry(own))) return undefined
        wait(own, flight)
        return flight.landing
    }

    /** Whether a load under these stamps is in progress. */
    has(key: string, stamps: readonly string[]): boolean {
        const flight = this.#flights.get(key)
        return flight !== undefined && equal(flight.stamps, stamps)
    }

    /** @param isOutside true for a load that may have to wait for another process first */
    start(key: string, stamps: readonly string[], isOutside = false): Landing<V> {
        let isShared = false
        let resolve!: (value: V | undefined) => void
        let reject!: (error: unknown) => void
        const landing = new Promise<V | undefined>((onValue, onError) => {
            resolve = onValue
            reject = onError
        })
        // the reader who loads gets the error itself; nobody may have joined
        landing.catch(() => undefined)
        const parent = loading.getStore()
        const flight: Flight<V> = { stamps, isOutside, landing, parent, waitsFor: new Set() }
        if (parent !== undefined) wait(parent, flight)
        this.#flights.set(key, flight)
        const remove = (): void => {
            if (this.#flights.get(key) === flight) this.#flights.delete(key)
        }
        return {
            resolve: (value) => {
                isShared = value !== undefined
                resolve(value)
            },
            reject,
            waitsForNobody: () => void (flight.isOutside = false),
            run: (task) => loading.run(flight, task),
            end: () => void (isShared && this.#lingers ? setImmediate(remove) : remove()),
        }
    }
}

function equal(a: readonly string[], b: readonly string[]): boolean {
    return a.length === b.length && a.every((stamp, i) => stamp === b[i])
}

function wait(waiting: Flight<unknown>, flight: Flight<unknown>): void {
    waiting.waitsFor.add(flight)
    const end = (): void => void waiting.waitsFor.delete(flight)
    flight.landing.then(end, end)
}

/** The flight itself and those that it is a part of. */
function ancestry(flight: Flight<unknown>): ReadonlySet<Flight<unknown>> {
    const found = new Set<Flight<unknown>>()
    for (let next: Flight<unknown> | undefined = flight; next !== undefined; next = next.parent) found.add(next)
    return found
}

/** Whether a flight is one of these, or lands only when one of them has landed. */
function waitsForAny(flight: Flight<unknown>, others: ReadonlySet<Flight<unknown>>): boolean {
    const seen = new Set([flight])
    for (const next of seen) {
        if (others.has(next)) return true
        for (const waited of next.waitsFor) seen.add(waited)
    }
    return false
}
