import type { Awaitable } from "../util/Awaitable"
import { newToken } from "../util/token"
import type { HeldTags } from "./HeldTags"

/** Who brings a fence to the store: the {@link Fence}'s way out. */
export interface FenceWriter {
    readonly held: HeldTags
    put(fence: Fence): Awaitable<void>
    release(fence: Fence): Awaitable<void>
    keepUntilDeadline(fence: Fence): Awaitable<void>
}

/** The tags that one writer has dirtied, and its name in the store. From `Invalidator.newFence()`. */
export class Fence {
    readonly owner = newToken()
    /** When it was first put. @internal */
    since = 0
    readonly #writer: FenceWriter
    readonly #tags = new Set<string>()
    readonly #unfenced = new Set<string>()
    readonly #held = new Set<string>()

    constructor(writer: FenceWriter) {
        this.#writer = writer
    }

    get size(): number {
        return this.#tags.size
    }

    tags(): string[] {
        return [...this.#tags]
    }

    /** True when at least one of the tags was noted. */
    hasAny(tags: readonly string[]): boolean {
        return tags.some((tag) => this.#tags.has(tag))
    }

    /** Notes tags as dirty. */
    add(tags: Iterable<string>): void {
        for (const tag of tags) {
            if (this.#tags.has(tag)) continue
            this.#tags.add(tag)
            this.#unfenced.add(tag)
        }
    }

    /** Notes tags as dirty and keeps this process from reading them until they are let go. */
    hold(tags: Iterable<string>): void {
        this.add(tags)
        this.#hold()
    }

    /** Puts the fence on every tag noted so far, and keeps this process from reading them until they are let go. */
    put(): Awaitable<void> {
        this.#hold()
        return this.#writer.put(this)
    }

    /** The write is over and its outcome known: new stamps, no fence. Never rejects. */
    release(): Awaitable<void> {
        this.#hold()
        return this.#writer.release(this)
    }

    /** The outcome is unknown: see `keepUntilDeadline()`. Never rejects. */
    keep(): Awaitable<void> {
        this.#hold()
        return this.#writer.keepUntilDeadline(this)
    }

    /** @internal */
    takeUnfenced(): string[] {
        const tags = [...this.#unfenced]
        this.#unfenced.clear()
        return tags
    }

    /** @internal */
    giveBack(tags: readonly string[]): void {
        for (const tag of tags) this.#unfenced.add(tag)
    }

    /** @internal */
    letGo(): void {
        this.#writer.held.letGo(this.#held)
        this.#held.clear()
    }

    #hold(): void {
        for (const tag of this.#tags) {
            if (this.#held.has(tag)) continue
            this.#held.add(tag)
            this.#writer.held.hold(tag)
        }
    }
}
