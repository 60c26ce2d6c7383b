import type { Encoded } from "../serializer/ValueCodec"

interface Flight {
    readonly stamps: readonly string[]
    readonly landing: Promise<Encoded | undefined>
}

/** The end of a flight that {@link SingleFlight.start} began. */
export interface Landing {
    /** Hands the value to the readers who joined; `undefined` when it must not be shared. */
    resolve(value: Encoded | undefined): void
    reject(error: unknown): void
    /** No reader can join any more; from the next turn on where flights linger. */
    end(): void
}

/**
 * Loads in progress. A reader may join one only if it began under the very stamps that the reader has just read:
 * otherwise a reader that starts after a commit could be handed a value from before it.
 */
export class SingleFlight {
    readonly #flights = new Map<string, Flight>()
    readonly #lingers: boolean

    /**
     * @param lingers true for a store that answers in a later turn: where the answers to several commands arrive in one
     * piece, a fill may be over before a reader, who looked before it, gets to look for the flight. What he has read says
     * that its value is good, so it stays for one turn more, and nobody loads twice.
     */
    constructor(lingers: boolean) {
        this.#lingers = lingers
    }

    /** The value of a load under the same stamps; `undefined` when there is none to join. */
    find(key: string, stamps: readonly string[]): Promise<Encoded | undefined> | undefined {
        const flight = this.#flights.get(key)
        return flight !== undefined && equal(flight.stamps, stamps) ? flight.landing : undefined
    }

    start(key: string, stamps: readonly string[]): Landing {
        let isShared = false
        let resolve!: (value: Encoded | undefined) => void
        let reject!: (error: unknown) => void
        const landing = new Promise<Encoded | undefined>((onValue, onError) => {
            resolve = onValue
            reject = onError
        })
        // the reader who loads gets the error itself; nobody may have joined
        landing.catch(() => undefined)
        const flight: Flight = { stamps, landing }
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
            end: () => void (isShared && this.#lingers ? setImmediate(remove) : remove()),
        }
    }
}

function equal(a: readonly string[], b: readonly string[]): boolean {
    return a.length === b.length && a.every((stamp, i) => stamp === b[i])
}
