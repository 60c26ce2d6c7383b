import { CacheError } from "../error/CacheError"
import type { StoreRead, TagState } from "../store/CacheStore"
import { isPromise, type Awaitable } from "../util/Awaitable"
import type { HeldTags } from "./HeldTags"
import type { ReadSource } from "./ReadRequest"
import type { StoreGate } from "./StoreGate"

/** Keys and tags that a call asked for. */
export interface Asked {
    readonly keys: readonly string[]
    readonly tags: readonly string[]
}

/**
 * One trip for several reads of one call that follow from each other: the first of them takes along what such a call
 * asked for the last time. It lives as long as the call: what was read after its beginning is as new as it has to be.
 */
export class ReadAhead implements ReadSource {
    readonly #gate: StoreGate
    readonly #held: HeldTags
    readonly #before: Asked | undefined
    readonly #payloads = new Map<string, unknown>()
    readonly #states = new Map<string, TagState>()
    #trips = 0
    #isNear = false

    readonly #lateTagsOf: (key: string) => readonly string[]

    constructor(
        gate: StoreGate,
        held: HeldTags,
        before: Asked | undefined,
        lateTagsOf: (key: string) => readonly string[],
    ) {
        this.#gate = gate
        this.#held = held
        this.#before = before
        this.#lateTagsOf = lateTagsOf
    }

    /** What such a call had better ask for at once the next time; `undefined` when one trip was enough. */
    get lesson(): Asked | undefined {
        if (this.#trips < 2) return undefined
        const keys = [...this.#payloads.keys()]
        return { keys, tags: [...new Set([...this.#states.keys(), ...keys.flatMap(this.#lateTagsOf)])] }
    }

    read(keys: readonly string[], tags: readonly string[]): Awaitable<StoreRead | CacheError> {
        const isFirst = this.#trips === 0
        const newKeys = this.#unknown(keys, this.#payloads, isFirst ? this.#before?.keys : undefined)
        const newTags = this.#unknown(tags, this.#states, isFirst ? this.#before?.tags : undefined)
        if (newKeys.length === 0 && newTags.length === 0) return this.#answer(keys, tags)
        this.#trips++
        // looked at on both sides of the read: an invalidation may be delivered while the answer is under way
        const held = this.#held.among(newTags)
        const answer = this.#gate.read(newKeys, newTags)
        const note = (arrived: StoreRead | CacheError): StoreRead | CacheError => {
            if (arrived instanceof CacheError) return arrived
            this.#isNear ||= arrived.isNear === true
            newKeys.forEach((key, i) => this.#payloads.set(key, arrived.payloads[i]))
            this.#held.cover(newTags, arrived.tags, held).forEach((state, i) => this.#states.set(newTags[i]!, state))
            return this.#answer(keys, tags)
        }
        return isPromise(answer) ? answer.then(note) : note(answer)
    }

    #unknown(
        asked: readonly string[],
        known: ReadonlyMap<string, unknown>,
        before: readonly string[] = [],
    ): readonly string[] {
        const names = new Set(asked)
        for (const name of before) names.add(name)
        return [...names].filter((name) => !known.has(name))
    }

    #answer(keys: readonly string[], tags: readonly string[]): StoreRead {
        return {
            payloads: keys.map((key) => this.#payloads.get(key)),
            tags: tags.map((tag) => this.#states.get(tag)),
            ...(this.#isNear && { isNear: true }),
        }
    }
}
