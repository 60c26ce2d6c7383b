import { CacheError } from "../error/CacheError"
import type { TagState } from "../store/CacheStore"
import type { CacheLog } from "../telemetry/CacheLogger"
import { isCurrent, lateTagsOf } from "./Entry"
import type { HeldTags } from "./HeldTags"
import type { Miss } from "./Miss"
import { noteEntry, type Covered } from "./noteRead"
import type { ReadManyRequest } from "./ReadRequest"
import type { StoreGate } from "./StoreGate"

/** What is left when a load fails or takes too long: entries long behind their ttl, which no commit has invalidated. */
export class SpareAnswers {
    readonly #gate: StoreGate
    readonly #held: HeldTags
    readonly #log: CacheLog

    constructor(gate: StoreGate, held: HeldTags, log: CacheLog) {
        this.#gate = gate
        this.#held = held
        this.#log = log
    }

    /**
     * Puts them in the places of the misses. False when one has none, or one that is not current any more.
     *
     * @param why an error, or a reason in words
     */
    async answer<T>(
        request: Covered & Pick<ReadManyRequest<T>, "stats" | "subject">,
        misses: readonly Miss[],
        results: T[],
        why: unknown,
    ): Promise<boolean> {
        if (!(await this.#areStillCurrent(misses))) return false
        request.stats.staleHits += misses.length
        for (const { position, spare, tags, states } of misses) {
            results[position] = spare!.result as T
            noteEntry(this.#gate, request, spare!.entry, tags, states)
        }
        const reason = typeof why === "string" ? { reason: why } : { error: why }
        this.#log.write("read", { level: "warn", action: "stale", subject: request.subject, ...reason })
        return true
    }

    async #areStillCurrent(misses: readonly Miss[]): Promise<boolean> {
        if (misses.some(({ spare }) => spare === undefined)) return false
        const tags = [...new Set(misses.flatMap(({ tags: own, spare }) => [...own, ...lateTagsOf(spare!.entry)]))]
        const held = this.#held.among(tags)
        const read = await this.#gate.read([], tags)
        if (read instanceof CacheError) return false
        const states = this.#held.cover(tags, read.tags, held)
        const stateOf = (tag: string): TagState => states[tags.indexOf(tag)]
        return misses.every(({ tags: own, spare }) =>
            isCurrent(spare!.entry, own.map(stateOf), lateTagsOf(spare!.entry).map(stateOf)),
        )
    }
}
