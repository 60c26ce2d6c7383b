import { AsyncLocalStorage } from "node:async_hooks"
import type { TagState } from "../store/CacheStore"

const current = new AsyncLocalStorage<DependencyScope>()

/**
 * What a running function reads through a cache, with the stamps that each tag had before it was read. It follows the
 * function through awaits and everything that it calls; scopes within a scope tell it as well.
 */
export class DependencyScope {
    readonly #cache: object
    readonly #parent = current.getStore()
    readonly #stamps = new Map<string, string>()
    #refusal: string | undefined

    readonly #prepared: ReadonlyMap<string, string>

    /**
     * @param cache whose tags are noted; those of other caches are not
     * @param prepared stamps from before the function runs, of tags that it may read
     */
    constructor(cache: object, prepared: ReadonlyMap<string, string>) {
        this.#cache = cache
        this.#prepared = prepared
    }

    /** True while some function's reads are noted: costs next to nothing when none are. */
    static get isOpen(): boolean {
        return current.getStore() !== undefined
    }

    /** The scope around the caller. */
    static get current(): DependencyScope | undefined {
        return current.getStore()
    }

    /**
     * Tells every scope of the cache around the caller what was read.
     *
     * @param states of the tags before the read, in their order; one without a stamp makes the function's value unfit to be stored
     */
    static note(cache: object, tags: readonly string[], states: readonly TagState[]): void {
        for (const scope of DependencyScope.#around(cache)) scope.#note(tags, states)
    }

    /** Tells every scope of the cache around the caller that it has read what nothing would invalidate. */
    static refuse(cache: object, reason: string): void {
        for (const scope of DependencyScope.#around(cache)) scope.#refusal ??= reason
    }

    /**
     * Notes those of the tags whose stamps are known from before.
     *
     * @returns the others
     */
    static noteKnown(cache: object, tags: readonly string[]): readonly string[] {
        const missing = new Set<string>()
        for (const scope of DependencyScope.#around(cache))
            for (const tag of tags) {
                if (scope.#stamps.has(tag)) continue
                const stamp = scope.#prepared.get(tag)
                if (stamp === undefined) missing.add(tag)
                else scope.#stamps.set(tag, stamp)
            }
        return [...missing]
    }

    /** Runs a function whose reads are nobody's around the caller. */
    static outside<T>(task: () => T): T {
        return current.exit(task)
    }

    /** Runs a function whose reads are noted here. */
    run<T>(task: () => T): T {
        return current.run(this, task)
    }

    /** Why the value of the function must not be stored, or `undefined`. */
    get refusal(): string | undefined {
        return this.#refusal
    }

    /** The tags that were read and the stamps that they had. */
    get stamps(): ReadonlyMap<string, string> {
        return this.#stamps
    }

    #note(tags: readonly string[], states: readonly TagState[]): void {
        tags.forEach((tag, i) => {
            const state = states[i]
            const before = this.#stamps.get(tag)
            if (typeof state !== "string") this.#refusal ??= `what it read was being written (${tag})`
            else if (before === undefined) this.#stamps.set(tag, state)
            else if (before !== state) this.#refusal ??= `what it read was written meanwhile (${tag})`
        })
    }

    static *#around(cache: object): Generator<DependencyScope> {
        for (let scope = current.getStore(); scope !== undefined; scope = scope.#parent)
            if (scope.#cache === cache) yield scope
    }
}
