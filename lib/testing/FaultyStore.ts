import type { AnySerializer } from "../serializer/Serializer"
import type { CacheStore, LoadLocks, StoreEntry, StoreRead, TagState } from "../store/CacheStore"
import { isPromise, type Awaitable } from "../util/Awaitable"

/** A method of the port that makes a trip. */
export type StoreMethod = "read" | "stamp" | "write" | "fence" | "release" | "delete" | "clear" | "lock" | "unlock"

/** One call that reached the store, in the order they came. */
export interface StoreCall {
    readonly method: StoreMethod
    /** Keys of entries, or the prefix of a `clear`. */
    readonly keys: readonly string[]
    readonly tags: readonly string[]
}

/** Runs at a store's command and may wait, or throw to make it fail. */
export type StoreHook = (call: StoreCall) => Awaitable<void>

/** Where calls wait for each other. */
export interface StoreBarrier {
    /** Resolves when the first call has come to the barrier. */
    readonly reached: Promise<StoreCall>
    /** Lets go of the calls that wait, and stops no more of them. */
    release(): void
}

type Hooks = Map<StoreMethod, Set<StoreHook>>

/**
 * A real store with faults: records every call, and fails or halts those it is told to. Without faults it answers as the
 * store behind it does, at once where that one does.
 *
 * @example
 * const store = new FaultyStore(new MemoryStore())
 * store.fail("release")                      // the commit went through, the invalidation does not
 * const barrier = store.hold("write")        // a reader stops right before its fill
 * await barrier.reached
 * barrier.release()
 */
export class FaultyStore implements CacheStore {
    /** Every call since the start or the last {@link reset}, also those that failed. */
    readonly calls: StoreCall[] = []

    readonly #inner: CacheStore
    readonly #before: Hooks = new Map()
    readonly #after: Hooks = new Map()

    constructor(inner: CacheStore) {
        this.#inner = inner
    }

    get name(): string {
        return this.#inner.name
    }

    get keeps(): CacheStore["keeps"] {
        return this.#inner.keeps
    }

    get takesBytes(): boolean {
        return this.#inner.takesBytes ?? false
    }

    get orderedReads(): boolean {
        return this.#inner.orderedReads ?? true
    }

    /** That of the store behind it, when it has one; neither recorded nor stopped. */
    get keys(): CacheStore["keys"] {
        return this.#inner.keys?.bind(this.#inner)
    }

    /** That of the store behind it, when it has one; a `read` like any other. */
    get readShared(): CacheStore["readShared"] {
        const inner = this.#inner
        if (inner.readShared === undefined) return undefined
        return (keys, tags) => this.#run({ method: "read", keys, tags }, () => inner.readShared!(keys, tags))
    }

    /** Those of the store behind it, when it has some. */
    get locks(): LoadLocks | undefined {
        const { locks } = this.#inner
        if (locks === undefined) return undefined
        return {
            ttl: locks.ttl,
            lock: (names, owner) =>
                this.#run({ method: "lock", keys: [], tags: names }, () => locks.lock(names, owner)),
            unlock: (names, owner) =>
                this.#run({ method: "unlock", keys: [], tags: names }, () => locks.unlock(names, owner)),
        }
    }

    /** Handed on to the store behind it. */
    useSerializer(serializer: AnySerializer): void {
        this.#inner.useSerializer?.(serializer)
    }

    /** How many calls were made: each is one round trip. */
    get trips(): number {
        return this.calls.length
    }

    /**
     * Runs the function before each call of the method gets to the store; what it throws, the call fails with.
     *
     * @returns takes the function away again
     */
    before(method: StoreMethod, hook: StoreHook): () => void {
        return add(this.#before, method, hook)
    }

    /**
     * Runs the function when the store has done the call and the caller has no answer yet; when it throws, the caller sees
     * a failure of a call that went through.
     *
     * @returns takes the function away again
     */
    after(method: StoreMethod, hook: StoreHook): () => void {
        return add(this.#after, method, hook)
    }

    /**
     * Makes calls of the method fail before they get to the store.
     *
     * @param times how many; default all
     * @returns ends it
     */
    fail(method: StoreMethod, error: Error = new Error(`${method} fails`), times = Infinity): () => void {
        let left = times
        const end = this.before(method, () => {
            if (--left <= 0) end()
            throw error
        })
        return end
    }

    /** Makes calls of the method wait before they get to the store, until they are released. */
    hold(method: StoreMethod): StoreBarrier {
        let reach!: (call: StoreCall) => void
        let open!: () => void
        const reached = new Promise<StoreCall>((resolve) => (reach = resolve))
        const opened = new Promise<void>((resolve) => (open = resolve))
        const end = this.before(method, (call) => {
            reach(call)
            return opened
        })
        return {
            reached,
            release: () => {
                end()
                open()
            },
        }
    }

    /** Forgets the recorded calls. */
    reset(): void {
        this.calls.length = 0
    }

    /** Ends all faults and hooks. Calls that wait at a barrier go on waiting for it. */
    heal(): void {
        this.#before.clear()
        this.#after.clear()
    }

    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead> {
        return this.#run({ method: "read", keys, tags }, () => this.#inner.read(keys, tags))
    }

    stamp(tags: readonly string[], proposal: string, ttl: number): Awaitable<readonly TagState[]> {
        return this.#run({ method: "stamp", keys: [], tags }, () => this.#inner.stamp(tags, proposal, ttl))
    }

    write(entries: readonly StoreEntry[]): Awaitable<void> {
        const keys = entries.map((entry) => entry.key)
        const tags = [...new Set(entries.flatMap((entry) => entry.stamps.map(([tag]) => tag)))]
        return this.#run({ method: "write", keys, tags }, () => this.#inner.write(entries))
    }

    fence(tags: readonly string[], owner: string, duration: number): Awaitable<void> {
        return this.#run({ method: "fence", keys: [], tags }, () => this.#inner.fence(tags, owner, duration))
    }

    release(tags: readonly string[], owner: string, ttl: number): Awaitable<void> {
        return this.#run({ method: "release", keys: [], tags }, () => this.#inner.release(tags, owner, ttl))
    }

    delete(keys: readonly string[]): Awaitable<number> {
        return this.#run({ method: "delete", keys, tags: [] }, () => this.#inner.delete(keys))
    }

    clear(prefix: string): Awaitable<void> {
        return this.#run({ method: "clear", keys: [prefix], tags: [] }, () => this.#inner.clear(prefix))
    }

    /** Closes the store behind it. No hook runs. */
    close(): Awaitable<void> {
        return this.#inner.close()
    }

    #run<T>(call: StoreCall, act: () => Awaitable<T>): Awaitable<T> {
        this.calls.push({ method: call.method, keys: [...call.keys], tags: [...call.tags] })
        const waiting = runHooks(this.#before.get(call.method), call)
        if (waiting !== undefined) return waiting.then(act).then((answer) => this.#finish(call, answer))
        const answer = act()
        return isPromise(answer) ? answer.then((value) => this.#finish(call, value)) : this.#finish(call, answer)
    }

    #finish<T>(call: StoreCall, answer: T): Awaitable<T> {
        const waiting = runHooks(this.#after.get(call.method), call)
        return waiting === undefined ? answer : waiting.then(() => answer)
    }
}

function add(hooks: Hooks, method: StoreMethod, hook: StoreHook): () => void {
    let own = hooks.get(method)
    if (own === undefined) hooks.set(method, (own = new Set()))
    own.add(hook)
    return () => void own.delete(hook)
}

/** One after another, in the order they were added; `undefined` when none of them waits. */
function runHooks(hooks: Set<StoreHook> | undefined, call: StoreCall): Promise<void> | undefined {
    if (hooks === undefined) return undefined
    let waiting: Promise<void> | undefined
    for (const hook of [...hooks]) {
        if (waiting !== undefined) {
            waiting = waiting.then(() => hook(call))
            continue
        }
        const result = hook(call)
        if (isPromise(result)) waiting = result
    }
    return waiting
}
