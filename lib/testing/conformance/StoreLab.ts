import assert from "node:assert/strict"
import type { BinarySerializer } from "../../serializer/Serializer"
import type { Encoded } from "../../serializer/ValueCodec"
import { FENCED, type CacheStore, type StoreEntry, type TagState } from "../../store/CacheStore"
import type { Awaitable } from "../../util/Awaitable"
import { newToken } from "../../util/token"

/** How often a state is looked at while real time passes, and how late it may come. */
const POLL = 5
const GRACE = 3_000

const BYTES: BinarySerializer = {
    name: "bytes",
    isBinary: true,
    serialize: (tree) => Buffer.from(JSON.stringify(tree)),
    deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Encoded,
}

/** Milliseconds that are long over after a test, and that no test waits for. */
export const LONG = 60_000
/** Milliseconds that a test waits for. Long enough not to be over between two commands. */
export const SHORT = 300

/**
 * A store under test, with names that nobody else uses and the time in hand. It remembers the fences that were put up, so
 * that nothing is left behind.
 */
export class StoreLab {
    readonly prefix = `conformance:${newToken()}:`
    readonly store: CacheStore
    readonly #advance: ((milliseconds: number) => Awaitable<void>) | undefined
    readonly #fences: (readonly [tags: readonly string[], owner: string])[] = []

    /** @param hasBytes whether the payloads are bytes instead of text */
    constructor(
        store: CacheStore,
        advance: ((milliseconds: number) => Awaitable<void>) | undefined,
        readonly hasBytes = false,
    ) {
        this.store = store
        this.#advance = advance
        if (hasBytes) store.useSerializer?.(BYTES)
    }

    /** Keys that no other test has. Entries and tags never share one. */
    keys(...names: string[]): string[] {
        const own = `${this.prefix}v:${newToken()}:`
        return names.map((name) => own + name)
    }

    tags(...names: string[]): string[] {
        const own = `${this.prefix}t:${newToken()}:`
        return names.map((name) => own + name)
    }

    /** A payload that the store takes: a reference, a string or bytes. */
    payload(content: unknown): unknown {
        if (this.store.keeps !== "strings") return content
        const text = JSON.stringify(content)
        return this.hasBytes ? Buffer.from(text) : text
    }

    entry(key: string, payload: unknown, more: Partial<StoreEntry> = {}): StoreEntry {
        return { key, payload, ttl: LONG, stamps: [], size: 100, ...more }
    }

    async write(...entries: StoreEntry[]): Promise<void> {
        await this.store.write(entries)
    }

    async payloads(keys: readonly string[]): Promise<readonly unknown[]> {
        const { payloads } = await this.store.read(keys, [])
        // any Uint8Array will do
        return payloads.map((it) => (it instanceof Uint8Array ? Buffer.from(it) : it))
    }

    async states(tags: readonly string[]): Promise<readonly TagState[]> {
        return (await this.store.read([], tags)).tags
    }

    async state(tag: string): Promise<TagState> {
        return (await this.states([tag]))[0]
    }

    /** Gives the tag a stamp if it has none; what stands there then. */
    async stamp(tag: string, ttl = LONG): Promise<TagState> {
        return (await this.store.stamp([tag], newToken(), ttl))[0]
    }

    async fence(tags: readonly string[], owner: string, duration: number): Promise<void> {
        this.#fences.push([tags, owner])
        await this.store.fence(tags, owner, duration)
    }

    /** Lets the time pass and waits, within bounds, until the condition holds. */
    async passes(milliseconds: number, condition: () => Promise<boolean>, what: string): Promise<void> {
        if (this.#advance !== undefined) {
            await this.#advance(milliseconds)
            assert.ok(await condition(), `${what} within ${milliseconds} ms`)
            return
        }
        const end = performance.now() + milliseconds + GRACE
        while (!(await condition())) {
            assert.ok(performance.now() < end, `${what} within ${milliseconds + GRACE} ms`)
            await new Promise((resolve) => setTimeout(resolve, POLL))
        }
    }

    /** Lets the time pass until an entry of that life, stored now, is gone. */
    async outlive(milliseconds: number): Promise<void> {
        const [key] = this.keys("sandglass") as [string]
        await this.write(this.entry(key, this.payload("sand"), { ttl: milliseconds }))
        await this.passes(milliseconds, async () => (await this.payloads([key]))[0] === undefined, "an entry expires")
    }

    /** Takes away everything that the tests have left. */
    async tidy(): Promise<void> {
        for (const [tags, owner] of this.#fences) await this.store.release(tags, owner, 1)
        await this.store.clear(this.prefix)
    }
}

/** The stamp, or a failure. */
export function stampOf(state: TagState): string {
    assert.equal(typeof state, "string", `a stamp was expected, not ${String(state)}`)
    return state as string
}

export function assertFenced(state: TagState): void {
    assert.equal(state, FENCED, "the tag is fenced")
}

export function assertNone(state: TagState): void {
    assert.equal(state, undefined, "the tag has neither a stamp nor a fence")
}
