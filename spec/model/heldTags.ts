import { changed, type Model, type Step, StampNames } from "./explore"

/**
 * A store that one process cannot reach for a while. Its writers commit all the same, fences and invalidations get lost,
 * and the process holds the tags: its own reads go to the database until the invalidation has been delivered.
 */
export interface HeldTagsOptions {
    readonly writers?: number
    /** How often the store goes away. */
    readonly outages?: number
    readonly without?: HeldTagsGuard
}

export type HeldTagsGuard =
    "tags held until delivered" | "held tags looked at before the read is sent" | "held tags counted"

interface Writer {
    readonly at: "idle" | "put" | "committed" | "undelivered" | "done"
}

interface Reader {
    readonly at: "idle" | "sent" | "answered" | "stampless" | "loading" | "loaded"
    readonly left: number
    readonly due: number
    /** Whether the tag was held when the read was sent. */
    readonly wasHeld: boolean
    readonly entry: Entry | null
    readonly stamp: number | null
    readonly isFenced: boolean
    readonly value: number
}

interface Entry {
    readonly value: number
    readonly stamp: number
}

interface State {
    readonly isUp: boolean
    readonly outages: number
    readonly commits: number
    readonly acknowledged: number
    readonly stamp: number | null
    readonly nextStamp: number
    readonly fences: readonly number[]
    readonly entry: Entry | null
    readonly held: number
    readonly writers: readonly Writer[]
    readonly reader: Reader
}

const IDLE = {
    at: "idle",
    due: 0,
    wasHeld: false,
    entry: null,
    stamp: null,
    isFenced: false,
    value: 0,
} as const

export function heldTags({ writers = 2, outages = 1, without }: HeldTagsOptions): Model<State> {
    return {
        initial: {
            isUp: true,
            outages,
            commits: 0,
            acknowledged: 0,
            stamp: null,
            nextStamp: 1,
            fences: [],
            entry: null,
            held: 0,
            writers: Array.from({ length: writers }, () => ({ at: "idle" as const })),
            reader: { ...IDLE, left: 3 },
        },
        *steps(state) {
            if (state.isUp && state.outages > 0)
                yield { label: "the store goes away", state: { ...state, isUp: false, outages: state.outages - 1 } }
            if (!state.isUp) yield { label: "the store is back", state: { ...state, isUp: true } }
            for (let i = 0; i < writers; i++) yield* writerSteps(state, i, without)
            yield* readerSteps(state, without)
        },
        key: keyOf,
    }
}

function* writerSteps(state: State, i: number, without: HeldTagsGuard | undefined): Generator<Step<State>> {
    const writer = state.writers[i]!
    const own = (label: string, change: Partial<Writer>, rest: Partial<State> = {}): Step<State> => ({
        label: `writer ${i} ${label}`,
        state: { ...state, ...rest, writers: changed(state.writers, i, change) },
    })
    const letGo = without === "held tags counted" ? 0 : Math.max(0, state.held - 1)
    const delivered = (): Partial<State> => {
        const fences = state.fences.filter((owner) => owner !== i)
        const stamp = fences.length === 0 ? state.nextStamp : null
        return { fences, stamp, nextStamp: state.nextStamp + 1, held: letGo }
    }
    switch (writer.at) {
        case "idle": {
            const held = state.held + 1
            if (state.isUp) yield own("fences", { at: "put" }, { held, fences: [...state.fences, i], stamp: null })
            else yield own("cannot fence", { at: "put" }, { held })
            return
        }
        case "put":
            yield own("commits", { at: "committed" }, { commits: state.commits + 1 })
            return
        case "committed": {
            const acknowledged = state.acknowledged + 1
            if (state.isUp) yield own("releases", { at: "done" }, { ...delivered(), acknowledged })
            else {
                const held = without === "tags held until delivered" ? letGo : state.held
                yield own("cannot release", { at: "undelivered" }, { acknowledged, held })
            }
            return
        }
        case "undelivered":
            if (state.isUp) yield own("delivers its invalidation", { at: "done" }, delivered())
    }
}

function* readerSteps(state: State, without: HeldTagsGuard | undefined): Generator<Step<State>> {
    const { reader } = state
    const own = (label: string, change: Partial<Reader>, rest: Partial<State> = {}): Step<State> => ({
        label: `the reader ${label}`,
        state: { ...state, ...rest, reader: { ...reader, ...change } },
    })
    const answers = (label: string, value: number, rest: Partial<State> = {}): Step<State> => ({
        ...own(label, { ...IDLE, left: reader.left - 1 }, rest),
        violation: value < reader.due ? `it answers ${value} where ${reader.due} was acknowledged` : undefined,
    })
    switch (reader.at) {
        case "idle":
            if (reader.left > 0)
                yield own("sends its read", { at: "sent", due: state.acknowledged, wasHeld: state.held > 0 })
            return
        case "sent": {
            const { stamp, entry } = state
            const isFenced = state.fences.length > 0
            if (!state.isUp) yield own("finds the store away", { at: "loading" })
            else yield own("is answered by the store", { at: "answered", stamp, entry, isFenced })
            return
        }
        case "answered": {
            const wasHeld = reader.wasHeld && without !== "held tags looked at before the read is sent"
            const { entry, stamp } = reader
            if (wasHeld || state.held > 0 || reader.isFenced)
                yield own("may not use the answer", { at: "loading", stamp: null })
            else if (stamp === null) yield own("finds no stamp", { at: "stampless" })
            else if (entry?.stamp === stamp) yield answers("hits", entry.value)
            else yield own("misses", { at: "loading" })
            return
        }
        case "stampless": {
            if (!state.isUp || state.fences.length > 0) yield own("gets no stamp", { at: "loading" })
            else if (state.stamp !== null) yield own("reads a stamp back", { at: "loading", stamp: state.stamp })
            else {
                const stamp = state.nextStamp
                yield own("sets a stamp", { at: "loading", stamp }, { stamp, nextStamp: stamp + 1 })
            }
            return
        }
        case "loading":
            yield own("selects", { at: "loaded", value: state.commits })
            return
        case "loaded": {
            const { stamp, value } = reader
            const entry = stamp === null || !state.isUp ? state.entry : { value, stamp }
            yield answers("fills and answers", value, { entry })
        }
    }
}

function keyOf(state: State): string {
    const names = new StampNames()
    const { entry, reader } = state
    const spell = (it: Entry | null): string => (it === null ? "-" : `${it.value}:${names.of(it.stamp)}`)
    let key = `${state.isUp},${state.outages},${state.commits},${state.acknowledged},${names.of(state.stamp)}`
    key += `,${[...state.fences].sort().join("")},${spell(entry)},${state.held}`
    for (const writer of state.writers) key += `;${writer.at}`
    key += `;${reader.at},${reader.left},${reader.due},${reader.wasHeld},${spell(reader.entry)}`
    return `${key},${names.of(reader.stamp)},${reader.isFenced},${reader.value}`
}
