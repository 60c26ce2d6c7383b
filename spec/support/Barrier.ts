/** A promise that is settled from outside. */
export class Deferred<T = void> {
    readonly promise: Promise<T>
    resolve!: (value: T | PromiseLike<T>) => void
    reject!: (reason: unknown) => void

    constructor() {
        this.promise = new Promise<T>((resolve, reject) => {
            this.resolve = resolve
            this.reject = reject
        })
        // Whoever awaits it sees the rejection; a spec that has moved on does not.
        this.promise.catch(() => undefined)
    }
}

/**
 * A place in an interleaving: actors wait at it until the spec, who waits for their arrival, opens it.
 *
 * @example
 * const gate = new Barrier()
 * store.before("write", () => gate.pass())
 * const reading = repository.findOneBy({ id: 1 })
 * await gate.arrived
 * await repository.update(1, { name: "new" })
 * gate.open()
 * await reading
 */
export class Barrier {
    readonly #arrived = new Deferred()
    readonly #opened = new Deferred()
    readonly #parties: number
    #waiting = 0
    #isOpen = false

    /** @param parties how many actors must come before {@link arrived} resolves; default 1 */
    constructor(parties = 1) {
        this.#parties = parties
    }

    /** Resolves when all parties have come. */
    get arrived(): Promise<void> {
        return this.#arrived.promise
    }

    /** How many actors have come so far. */
    get count(): number {
        return this.#waiting
    }

    get isOpen(): boolean {
        return this.#isOpen
    }

    /** Called by an actor: says that it has come and waits until the barrier is open. */
    pass(): Promise<void> {
        if (++this.#waiting >= this.#parties) this.#arrived.resolve()
        return this.#opened.promise
    }

    /** Lets everybody through, now and later. */
    open(): void {
        this.#isOpen = true
        this.#opened.resolve()
    }

    /** Makes everybody who waits, or comes later, fail. */
    break(reason: unknown): void {
        this.#isOpen = true
        this.#opened.reject(reason)
    }
}
