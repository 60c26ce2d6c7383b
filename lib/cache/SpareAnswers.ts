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
        const stateOf = await this.#statesOfCurrent(misses)
        if (stateOf === undefined) return false
        request.stats.staleHits += misses.length
        for (const { position, spare, tags } of misses) {
            results[position] = spare!.result as T
            // those that it was compared with: the load that goes on may see later ones meanwhile
            noteEntry(this.#gate, request, spare!.entry, tags, tags.map(stateOf))
        }
        const reason = typeof why === "string" ? { reason: why } : { error: why }
        this.#log.write("read", { level: "warn", action: "stale", subject: request.subject, ...reason })
        return true
    }

    /** The states of all tags now, if every one of the spares is current by them. */
    async #statesOfCurrent(misses: readonly Miss[]): Promise<((tag: string) => TagState) | undefined> {
        if (misses.some(({ spare }) => spare === undefined)) return undefined
        const tags = [...new Set(misses.flatMap(({ tags: own, spare }) => [...own, ...lateTagsOf(spare!.entry)]))]
        const held = this.#held.among(tags)
        const read = await this.#gate.read([], tags)
        if (read instanceof CacheError) return undefined
        const states = this.#held.cover(tags, read.tags, held)
        const stateOf = (tag: string): TagState => states[tags.indexOf(tag)]
        const areCurrent = misses.every(({ tags: own, spare }) =>
            isCurrent(spare!.entry, own.map(stateOf), lateTagsOf(spare!.entry).map(stateOf)),
        )
        return areCurrent ? stateOf : undefined
    }
}
