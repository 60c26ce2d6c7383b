/** One thing that may happen next. */
export interface Step<State> {
    readonly label: string
    readonly state: State
    /** What this step does that must never be, or `undefined`. */
    readonly violation?: string | undefined
}

/** A protocol as states and the steps between them. */
export interface Model<State> {
    readonly initial: State
    steps(state: State): Iterable<Step<State>>
    /** The same text for states that behave the same. */
    key(state: State): string
}

export interface Exploration {
    readonly states: number
    /** A shortest way to something that must never be, with what that is as its last line. */
    readonly counterexample: readonly string[] | undefined
}

interface Place<State> {
    readonly state: State
    readonly label: string
    readonly from: Place<State> | undefined
}

/** Visits every state that can be reached, the nearest first, so that a counterexample is a shortest one. */
export function explore<State>(model: Model<State>): Exploration {
    const start: Place<State> = { state: model.initial, label: "", from: undefined }
    const seen = new Set([model.key(model.initial)])
    const queue: Place<State>[] = [start]
    for (let next = 0; next < queue.length; next++) {
        const place = queue[next]!
        for (const { label, state, violation } of model.steps(place.state)) {
            if (violation !== undefined)
                return { states: seen.size, counterexample: [...wayTo(place), label, violation] }
            const key = model.key(state)
            if (seen.has(key)) continue
            seen.add(key)
            queue.push({ state, label, from: place })
        }
    }
    return { states: seen.size, counterexample: undefined }
}

function wayTo<State>(place: Place<State>): string[] {
    const labels: string[] = []
    for (let at: Place<State> | undefined = place; at?.from !== undefined; at = at.from) labels.push(at.label)
    return labels.reverse()
}

/** The list with one element changed. */
export function changed<T>(list: readonly T[], index: number, change: Partial<T>): readonly T[] {
    return list.map((element, i) => (i === index ? { ...element, ...change } : element))
}

/** Names stamps by the order in which a key mentions them: which token it was makes no difference. */
export class StampNames {
    readonly #names = new Map<number, number>()

    of(stamp: number | null): number | "-" {
        if (stamp === null) return "-"
        let name = this.#names.get(stamp)
        if (name === undefined) this.#names.set(stamp, (name = this.#names.size))
        return name
    }
}
