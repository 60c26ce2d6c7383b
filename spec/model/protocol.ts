import { changed, type Model, type Step, StampNames } from "./explore"

/**
 * One tag, one entry that depends on it, a row whose value is the number of its commits. Writers fence, commit and
 * release; readers read the entry with the stamp, make a stamp where there is none, select, fill. Any of them may be
 * interrupted by the others between two steps, a writer may be killed or lose its connection at COMMIT, and the store
 * may lose everything.
 */
export interface ProtocolOptions {
    readonly writers?: number
    readonly readers?: number
    /** How many reads each reader makes. */
    readonly reads?: number
    /** How often the store may lose all it has. */
    readonly flushes?: number
    /** How many writers may be killed. */
    readonly kills?: number
    /** How many writers may lose their connection at COMMIT. */
    readonly cuts?: number
    /** From when on a read must see a commit: the commit itself, or its acknowledgement to the caller. */
    readonly since?: "commit" | "acknowledgement"
    /** The guard that is taken away. */
    readonly without?: ProtocolGuard
}

export type ProtocolGuard =
    | "fence before COMMIT"
    | "stamps compared"
    | "stamps read before the SELECT"
    | "stamp set only if absent"
    | "no fill under a fence"
    | "own fence only"
    | "fence kept after an unknown outcome"
    | "no stamp left behind a fallen fence"
    | "flights joined by stamps"

type WriterAt =
    | "idle"
    | "fenced"
    | "committed"
    | "released"
    /** Killed or cut off while the server has its COMMIT in hand. */
    | "killed at COMMIT"
    | "cut at COMMIT"
    | "cut, fence kept"
    | "cut, committed"
    /** Nothing more happens but that its fence falls. */
    | "gone"

type ReaderAt = "idle" | "stampless" | "loading" | "loaded" | "joined"

interface Reader {
    readonly at: ReaderAt
    readonly left: number
    /** The number of commits that the read must see. */
    readonly due: number
    readonly stamp: number | null
    readonly value: number
    /** The reader whose load it waits for. */
    readonly joined: number
}

interface State {
    readonly commits: number
    readonly acknowledged: number
    readonly stamp: number | null
    readonly nextStamp: number
    readonly fences: readonly number[]
    readonly entry: { readonly value: number; readonly stamp: number } | null
    readonly writers: readonly { readonly at: WriterAt }[]
    readonly readers: readonly Reader[]
    readonly flushes: number
    readonly kills: number
    readonly cuts: number
}

export function protocol(options: ProtocolOptions): Model<State> {
    const { writers = 2, readers = 2, reads = 2, flushes = 0, kills = 0, cuts = 0, since = "commit", without } = options
    const idle: Reader = { at: "idle", left: reads, due: 0, stamp: null, value: 0, joined: -1 }
    return {
        initial: {
            commits: 0,
            acknowledged: 0,
            stamp: null,
            nextStamp: 1,
            fences: [],
            entry: null,
            writers: Array.from({ length: writers }, () => ({ at: "idle" as const })),
            readers: Array.from({ length: readers }, () => idle),
            ...{ flushes, kills, cuts },
        },
        *steps(state) {
            for (let i = 0; i < writers; i++) yield* writerSteps(state, i, without)
            for (let i = 0; i < readers; i++) yield* readerSteps(state, i, since, without)
            if (state.flushes > 0)
                yield {
                    label: "the store loses everything",
                    state: { ...state, flushes: state.flushes - 1, stamp: null, fences: [], entry: null },
                }
        },
        key: keyOf,
    }
}

function* writerSteps(state: State, i: number, without: ProtocolGuard | undefined): Generator<Step<State>> {
    const own = (label: string, at: WriterAt, change: Partial<State> = {}): Step<State> => ({
        label: `writer ${i} ${label}`,
        state: { ...state, ...change, writers: changed(state.writers, i, { at }) },
    })
    const commits = state.commits + 1
    const freshStamp = { stamp: state.nextStamp, nextStamp: state.nextStamp + 1 }
    const others = state.fences.filter((owner) => owner !== i)
    // a fence and a stamp cannot stand on one tag: while others fence it, the fresh stamp is not made
    const released = (left: readonly number[]): Partial<State> => ({
        fences: left,
        ...(left.length === 0 ? freshStamp : { stamp: null }),
    })
    const fallen =
        without === "no stamp left behind a fallen fence"
            ? { fences: others, stamp: state.stamp }
            : { fences: others, stamp: others.length === 0 ? null : state.stamp }
    switch (state.writers[i]!.at) {
        case "idle":
            yield own("fences", "fenced", fenced(state, i, without))
            return
        case "fenced":
            yield own("commits", "committed", { commits })
            if (state.kills > 0) yield own("is killed at COMMIT", "killed at COMMIT", { kills: state.kills - 1 })
            if (state.cuts > 0) yield own("is cut off at COMMIT", "cut at COMMIT", { cuts: state.cuts - 1 })
            return
        case "committed":
            yield own("releases", "released", {
                ...released(without === "own fence only" ? [] : others),
                acknowledged: state.acknowledged + 1,
            })
            if (state.kills > 0) yield own("is killed after COMMIT", "gone", { kills: state.kills - 1 })
            return
        case "killed at COMMIT":
            yield own("has its COMMIT executed after its death", "gone", { commits })
            yield own("has its COMMIT dropped", "gone")
            return
        case "cut at COMMIT":
        case "cut, committed": {
            const isCommitted = state.writers[i]!.at === "cut, committed"
            if (!isCommitted) yield own("has its COMMIT executed behind the cut", "cut, committed", { commits })
            // the fence is renewed, or released by the protocol that knows no better
            const left =
                without === "fence kept after an unknown outcome" ? released(others) : fenced(state, i, without)
            yield own("hears of the cut", isCommitted ? "gone" : "cut, fence kept", left)
            return
        }
        case "cut, fence kept":
            yield own("has its COMMIT executed late", "gone", { commits })
            yield own("has its COMMIT dropped", "gone")
            return
        case "gone":
            if (state.fences.includes(i)) yield own("'s fence falls", "gone", fallen)
    }
}

function fenced(state: State, owner: number, without: ProtocolGuard | undefined): Partial<State> {
    if (without === "fence before COMMIT") return {}
    const fences = state.fences.includes(owner) ? state.fences : [...state.fences, owner]
    const keepsStamp = without === "no stamp left behind a fallen fence" || without === "no fill under a fence"
    return { fences, stamp: keepsStamp ? state.stamp : null }
}

function* readerSteps(
    state: State,
    i: number,
    since: "commit" | "acknowledgement",
    without: ProtocolGuard | undefined,
): Generator<Step<State>> {
    const reader = state.readers[i]!
    const isFenced = state.fences.length > 0
    const own = (label: string, change: Partial<Reader>, rest: Partial<State> = {}): Step<State> => ({
        label: `reader ${i} ${label}`,
        state: { ...state, ...rest, readers: changed(state.readers, i, change) },
    })
    const answers = (label: string, value: number, due: number, rest: Partial<State> = {}): Step<State> => ({
        ...own(label, { at: "idle", left: reader.left - 1, due: 0, stamp: null, value: 0, joined: -1 }, rest),
        violation: value < due ? `it answers ${value}, but ${due} was there before it began` : undefined,
    })
    /** Under this stamp it loads, or joins a load that began under the same one. */
    const loads = (label: string, stamp: number | null, rest: Partial<State> & { due: number }): Step<State> => {
        const { due, ...change } = rest
        const flight = state.readers.findIndex(
            (it, j) =>
                j !== i &&
                (it.at === "loading" || it.at === "loaded") &&
                it.stamp !== null &&
                (it.stamp === stamp || without === "flights joined by stamps"),
        )
        return flight >= 0 && stamp !== null
            ? own(`${label}, joins reader ${flight}`, { at: "joined", due, stamp, joined: flight }, change)
            : own(label, { at: "loading", due, stamp }, change)
    }
    switch (reader.at) {
        case "idle": {
            if (reader.left === 0) return
            const due = since === "commit" ? state.commits : state.acknowledged
            const { entry, stamp } = state
            const usable = isFenced && without !== "no fill under a fence" ? null : stamp
            if (isFenced && usable === null) yield own("finds a fence", { at: "loading", due, stamp: null })
            else if (usable === null) yield own("finds no stamp", { at: "stampless", due })
            else if (entry !== null && (entry.stamp === usable || without === "stamps compared"))
                yield answers("hits", entry.value, due)
            else yield loads("misses", usable, { due })
            return
        }
        case "stampless": {
            const { due } = reader
            const fresh = state.nextStamp
            if (without === "stamp set only if absent")
                yield loads("sets a stamp", fresh, { due, stamp: fresh, nextStamp: fresh + 1, fences: [] })
            else if (isFenced) yield own("finds a fence", { at: "loading", stamp: null })
            else if (state.stamp !== null) yield loads("reads back another's stamp", state.stamp, { due })
            else yield loads("sets a stamp", fresh, { due, stamp: fresh, nextStamp: fresh + 1 })
            return
        }
        case "loading": {
            yield own("selects", { at: "loaded", value: state.commits })
            return
        }
        case "loaded": {
            const stamp = without === "stamps read before the SELECT" ? state.stamp : reader.stamp
            const entry = stamp === null ? state.entry : { value: reader.value, stamp }
            const landed = state.readers.map((it) =>
                it.at === "joined" && it.joined === i ? { ...it, at: "loaded" as const, value: reader.value } : it,
            )
            const step = answers("fills and answers", reader.value, reader.due, { entry })
            yield {
                ...step,
                state: { ...step.state, readers: landed.map((it, j) => (j === i ? step.state.readers[i]! : it)) },
            }
        }
    }
}

function keyOf(state: State): string {
    const stamps = new StampNames()
    const { stamp, entry, fences } = state
    let key = `${state.commits},${state.acknowledged},${stamps.of(stamp)},${[...fences].sort().join("")},`
    key += entry === null ? "-" : `${entry.value}:${stamps.of(entry.stamp)}`
    for (const writer of state.writers) key += `;${writer.at}`
    for (const it of state.readers)
        key += `;${it.at},${it.left},${it.due},${stamps.of(it.stamp)},${it.value},${it.joined}`
    return `${key};${state.flushes}${state.kills}${state.cuts}`
}
