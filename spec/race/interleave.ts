import { AsyncLocalStorage } from "node:async_hooks"

/** What actors do in one run, in their own words; they share nothing but the store and the database. */
export interface Run {
    readonly actors: Readonly<Record<string, () => Promise<void>>>
    /** Looks at what can be seen after every step, at no gate. */
    observe?(): Promise<void>
    /** Looks at what is left when all of them are done. */
    check(): Promise<void>
}

export interface InterleaveOptions {
    /** Pairs of actors that do the same: the second never begins before the first, which would show nothing new. */
    readonly alike?: readonly (readonly [first: string, second: string])[]
    /** The actors that make the first steps, in this order, in all runs. */
    readonly opening?: readonly string[]
}

/** Turns of the event loop after which an actor that waits for no server waits for another actor. */
const QUIET_TURNS = 4

/**
 * Runs actors in every order of their steps. A step ends where the actor comes to a {@link gate}; there it waits until it
 * is its turn. Each order is one run from the beginning.
 *
 * @returns the number of orders
 * @throws what an actor or the check throws, with the order in which it happened
 */
export async function interleave(prepare: () => Promise<Run>, options: InterleaveOptions = {}): Promise<number> {
    let orders = 0
    let prefix: number[] = []
    for (;;) {
        const round = new Round(await prepare(), options)
        const choices = await round.run(prefix)
        orders++
        while (choices.length > 0 && isLast(choices.at(-1)!)) choices.pop()
        if (choices.length === 0) return orders
        prefix = choices.map((choice) => choice.chosen)
        prefix[prefix.length - 1]!++
    }
}

/** Where an actor waits for its turn. Nobody else is stopped. */
export function gate(step: string): Promise<void> | undefined {
    return current.getStore()?.gate(step)
}

/** Where an actor begins something anew: its next command belongs to the step that begins here. */
export async function begin(): Promise<void> {
    await current.getStore()?.begin()
}

/** Tells that the actor waits for a server meanwhile, so that the others wait for it. */
export async function waitingForServer<T>(task: () => Promise<T>): Promise<T> {
    const actor = current.getStore()
    actor?.serverCall(1)
    try {
        return await task()
    } finally {
        actor?.serverCall(-1)
    }
}

interface Choice {
    readonly chosen: number
    readonly options: number
}

const isLast = ({ chosen, options }: Choice): boolean => chosen === options - 1
const current = new AsyncLocalStorage<Actor>()

class Actor {
    readonly name: string
    readonly #round: Round
    #go: (() => void) | undefined
    #step = "begin"
    #passes = 0
    #calls = 0
    hasBegun = false
    isDone = false

    constructor(name: string, round: Round, body: () => Promise<void>) {
        this.name = name
        this.#round = round
        void current.run(this, async () => {
            await this.begin()
            this.hasBegun = true
            try {
                await body()
            } catch (error) {
                round.fail(this, error)
            }
            this.isDone = true
            round.wake()
        })
    }

    get waits(): boolean {
        return this.#go !== undefined
    }

    get callsServer(): boolean {
        return this.#calls > 0
    }

    async begin(): Promise<void> {
        this.#passes = 0
        await this.gate("begin")
        // up to its first command an actor does nothing that another could notice
        this.#passes = 1
    }

    gate(step: string): Promise<void> {
        if (this.#passes > 0) {
            this.#passes--
            return Promise.resolve()
        }
        this.#step = step
        return new Promise((resolve) => {
            this.#go = resolve
            this.#round.wake()
        })
    }

    go(): string {
        const go = this.#go!
        this.#go = undefined
        go()
        return `${this.name}: ${this.#step}`
    }

    serverCall(change: 1 | -1): void {
        this.#calls += change
        this.#round.wake()
    }
}

class Round {
    readonly #run: Run
    readonly #actors: readonly Actor[]
    readonly #alike: ReadonlyMap<string, string>
    readonly #opening: readonly string[]
    readonly #order: string[] = []
    #failure: { readonly error: unknown } | undefined
    #wake = (): void => undefined

    constructor(run: Run, { alike = [], opening = [] }: InterleaveOptions) {
        this.#run = run
        this.#opening = opening
        this.#alike = new Map(alike.map(([first, second]) => [second, first]))
        this.#actors = Object.entries(run.actors).map(([name, body]) => new Actor(name, this, body))
    }

    async run(prefix: readonly number[]): Promise<Choice[]> {
        const choices: Choice[] = []
        for (const name of this.#opening) {
            await this.#settle()
            this.#order.push(this.#actors.find((actor) => actor.name === name && actor.waits)!.go())
        }
        for (;;) {
            await this.#settle()
            await this.#look(this.#run.observe?.())
            if (this.#actors.every((actor) => actor.isDone)) break
            const ready = this.#actors.filter((actor) => actor.waits && this.#mayBegin(actor))
            if (ready.length === 0) throw this.#told(new Error("all actors wait for each other"))
            const chosen = prefix[choices.length] ?? 0
            if (chosen >= ready.length) throw this.#told(new Error("another run went another way: not repeatable"))
            choices.push({ chosen, options: ready.length })
            this.#order.push(ready[chosen]!.go())
        }
        if (this.#failure !== undefined) throw this.#told(this.#failure.error)
        await this.#look(this.#run.check())
        return choices
    }

    wake(): void {
        this.#wake()
    }

    fail(actor: Actor, error: unknown): void {
        this.#order.push(`${actor.name} FAILS`)
        this.#failure ??= { error }
    }

    async #look(looking: Promise<void> | undefined): Promise<void> {
        try {
            await looking
        } catch (error) {
            throw this.#told(error)
        }
    }

    /** Until each actor stands at a gate, is done, or waits for another actor (a load in progress). */
    async #settle(): Promise<void> {
        for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
            const running = this.#actors.filter((actor) => !actor.isDone && !actor.waits)
            if (running.length === 0) return
            if (running.some((actor) => actor.callsServer)) {
                await new Promise<void>((resolve) => (this.#wake = resolve))
                quiet = -1
            } else await new Promise((resolve) => setImmediate(resolve))
        }
    }

    #mayBegin(actor: Actor): boolean {
        const first = this.#alike.get(actor.name)
        return first === undefined || actor.hasBegun || this.#actors.find((it) => it.name === first)!.hasBegun
    }

    #told(error: unknown): Error {
        const message = error instanceof Error ? error.message : String(error)
        return new Error(`${message}\nin this order:\n  ${this.#order.join("\n  ")}\n`, { cause: error })
    }
}
