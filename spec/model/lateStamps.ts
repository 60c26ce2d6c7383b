import { changed, type Model, type Step, StampNames } from "./explore"

/**
 * Late stamps: an entry depends on a narrow tag that its loader did not know before the SELECT; it knew a wide one, which
 * every write to the table replaces. Writers fence and release both tags, one step each, in any order; another reader
 * knows the narrow tag from the start.
 */
export interface LateStampsOptions {
    readonly writers?: number
    readonly kills?: number
    /** The order in which writers fence and release their tags. */
    readonly fencing?: readonly [Tag, Tag]
    readonly releasing?: readonly [Tag, Tag]
    readonly without?: LateStampsGuard
}

export type Tag = "narrow" | "wide"
export type LateStampsGuard = "narrow stamp before the wide one" | "wide stamp looked at again"

interface Loader {
    readonly at: "idle" | "loading" | "loaded" | "checked once" | "checked twice"
    readonly left: number
    readonly wide: number | null
    readonly narrow: number | null
    readonly value: number
}

interface Reader {
    readonly at: "idle" | "loading" | "loaded"
    readonly left: number
    readonly due: number
    readonly stamp: number | null
    readonly value: number
}

interface State {
    readonly commits: number
    readonly nextStamp: number
    readonly stamps: Readonly<Record<Tag, number | null>>
    readonly fences: Readonly<Record<Tag, readonly number[]>>
    readonly entry: { readonly value: number; readonly stamp: number } | null
    /** Steps that each writer has made of fence, fence, COMMIT, release, release; -1 once killed. */
    readonly writers: readonly { readonly at: number }[]
    readonly loader: Loader
    readonly reader: Reader
    readonly kills: number
}

const TAGS = ["narrow", "wide"] as const
const IDLE_LOADER = { at: "idle", wide: null, narrow: null, value: 0 } as const
const IDLE_READER = { at: "idle", due: 0, stamp: null, value: 0 } as const

export function lateStamps(options: LateStampsOptions): Model<State> {
    const { writers = 2, kills = 1, fencing = ["wide", "narrow"], releasing = ["wide", "narrow"], without } = options
    return {
        initial: {
            commits: 0,
            nextStamp: 1,
            stamps: { narrow: null, wide: null },
            fences: { narrow: [], wide: [] },
            entry: null,
            writers: Array.from({ length: writers }, () => ({ at: 0 })),
            loader: { ...IDLE_LOADER, left: 2 },
            reader: { ...IDLE_READER, left: 2 },
            kills,
        },
        *steps(state) {
            for (let i = 0; i < writers; i++) yield* writerSteps(state, i, fencing, releasing)
            yield* loaderSteps(state, without)
            yield* readerSteps(state)
        },
        key: keyOf,
    }
}

function* writerSteps(
    state: State,
    i: number,
    fencing: readonly [Tag, Tag],
    releasing: readonly [Tag, Tag],
): Generator<Step<State>> {
    const { at } = state.writers[i]!
    const own = (label: string, change: Partial<State>, to = at + 1): Step<State> => ({
        label: `writer ${i} ${label}`,
        state: { ...state, ...change, writers: changed(state.writers, i, { at: to }) },
    })
    const without = (tag: Tag): readonly number[] => state.fences[tag].filter((owner) => owner !== i)
    if (at === 0 || at === 1) {
        const tag = fencing[at]
        const fences = { ...state.fences, [tag]: [...state.fences[tag], i] }
        yield own(`fences the ${tag} tag`, { fences, stamps: { ...state.stamps, [tag]: null } })
    }
    if (at === 2) yield own("commits", { commits: state.commits + 1 })
    if (at === 3 || at === 4) {
        const tag = releasing[at - 3]!
        const left = without(tag)
        const stamp = left.length === 0 ? state.nextStamp : null
        yield own(`releases the ${tag} tag`, {
            fences: { ...state.fences, [tag]: left },
            stamps: { ...state.stamps, [tag]: stamp },
            nextStamp: state.nextStamp + 1,
        })
    }
    if (at >= 1 && at <= 4 && state.kills > 0) yield own("is killed", { kills: state.kills - 1 }, -1)
    if (at === -1)
        for (const tag of TAGS)
            if (state.fences[tag].includes(i))
                yield own(`'s fence on the ${tag} tag falls`, { fences: { ...state.fences, [tag]: without(tag) } }, -1)
}

/** The tag's stamp, made where there is none; `null` under a fence. */
function stampOf(state: State, tag: Tag): readonly [stamp: number | null, made: Partial<State>] {
    if (state.fences[tag].length > 0) return [null, {}]
    const known = state.stamps[tag]
    if (known !== null) return [known, {}]
    const stamp = state.nextStamp
    return [stamp, { nextStamp: stamp + 1, stamps: { ...state.stamps, [tag]: stamp } }]
}

function* loaderSteps(state: State, without: LateStampsGuard | undefined): Generator<Step<State>> {
    const { loader } = state
    const own = (label: string, change: Partial<Loader>, rest: Partial<State> = {}): Step<State> => ({
        label: `the loader ${label}`,
        state: { ...state, ...rest, loader: { ...loader, ...change } },
    })
    const givesUp = (label: string): Step<State> => own(label, { ...IDLE_LOADER, left: loader.left - 1 })
    const order = without === "narrow stamp before the wide one" ? (["wide", "narrow"] as const) : TAGS
    const check = (tag: Tag, then: Loader["at"]): Step<State> => {
        if (tag === "narrow") {
            const [narrow, made] = stampOf(state, tag)
            return narrow === null
                ? givesUp("finds the narrow tag fenced")
                : own("reads the narrow stamp", { at: then, narrow }, made)
        }
        const isSame = state.fences.wide.length === 0 && state.stamps.wide === loader.wide
        return isSame || without === "wide stamp looked at again"
            ? own("reads the wide stamp again", { at: then })
            : givesUp("finds the wide stamp replaced")
    }
    switch (loader.at) {
        case "idle": {
            if (loader.left === 0) return
            const [wide, made] = stampOf(state, "wide")
            if (wide === null) yield givesUp("finds the wide tag fenced")
            else yield own("reads the wide stamp", { at: "loading", wide }, made)
            return
        }
        case "loading":
            yield own("selects", { at: "loaded", value: state.commits })
            return
        case "loaded":
            yield check(order[0], "checked once")
            return
        case "checked once":
            yield check(order[1], "checked twice")
            return
        case "checked twice":
            yield own(
                "fills",
                { ...IDLE_LOADER, left: loader.left - 1 },
                { entry: { value: loader.value, stamp: loader.narrow! } },
            )
    }
}

function* readerSteps(state: State): Generator<Step<State>> {
    const { reader } = state
    const own = (label: string, change: Partial<Reader>, rest: Partial<State> = {}): Step<State> => ({
        label: `the reader ${label}`,
        state: { ...state, ...rest, reader: { ...reader, ...change } },
    })
    const answers = (label: string, value: number, due: number, rest: Partial<State> = {}): Step<State> => ({
        ...own(label, { ...IDLE_READER, left: reader.left - 1 }, rest),
        violation: value < due ? `it answers ${value}, but ${due} was there before it began` : undefined,
    })
    switch (reader.at) {
        case "idle": {
            if (reader.left === 0) return
            const due = state.commits
            const [stamp, made] = stampOf(state, "narrow")
            const { entry } = state
            if (entry !== null && stamp === entry.stamp) yield answers("hits", entry.value, due)
            else yield own("misses", { at: "loading", due, stamp }, made)
            return
        }
        case "loading":
            yield own("selects", { at: "loaded", value: state.commits })
            return
        case "loaded": {
            const { stamp, value } = reader
            const entry = stamp === null ? state.entry : { value, stamp }
            yield answers("fills and answers", value, reader.due, { entry })
        }
    }
}

function keyOf(state: State): string {
    const names = new StampNames()
    const { stamps, fences, entry, loader, reader } = state
    let key = `${state.commits},${names.of(stamps.narrow)},${names.of(stamps.wide)}`
    for (const tag of TAGS) key += `,${[...fences[tag]].sort().join("")}`
    key += entry === null ? ",-" : `,${entry.value}:${names.of(entry.stamp)}`
    for (const writer of state.writers) key += `;${writer.at}`
    key += `;${loader.at},${loader.left},${names.of(loader.wide)},${names.of(loader.narrow)},${loader.value}`
    return `${key};${reader.at},${reader.left},${reader.due},${names.of(reader.stamp)},${reader.value},${state.kills}`
}
