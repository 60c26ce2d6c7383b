import { CacheError } from "../error/CacheError"
import { checkOptions, isCount } from "./checkOptions"
import { describe } from "./describe"

/** How far a warming is. */
export interface WarmProgress {
    readonly done: number
    readonly failed: number
    readonly total: number
}

/** Options of `warm`. */
export interface WarmOptions {
    /** How many tasks run at a time. Default 4. */
    concurrency?: number
    /** Called after each task; what it throws ends nothing. */
    onProgress?: (progress: WarmProgress) => void
}

/** What became of a warming. */
export interface WarmReport extends WarmProgress {
    /** The position of each task that failed and what it threw. */
    readonly errors: readonly { readonly task: number; readonly error: unknown }[]
    /** Milliseconds. */
    readonly duration: number
}

/**
 * Runs tasks that read through the cache, some at a time; one that fails stops no other.
 *
 * @throws CacheError `E_OPTION`
 */
export async function warm(tasks: Iterable<() => unknown>, options: WarmOptions = {}): Promise<WarmReport> {
    checkOptions(
        options,
        { concurrency: isCount, onProgress: (value) => (typeof value === "function" ? undefined : "takes a function") },
        "warm",
    )
    const list =
        typeof (tasks as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === "function" ? [...tasks] : undefined
    if (list === undefined || !list.every((task) => typeof task === "function"))
        throw new CacheError("E_OPTION", `warm takes a list of functions, not ${describe(tasks)}.`, {
            advice: "Write warm([() => authors.find()]): a promise has begun already.",
        })
    const start = performance.now()
    const errors: { task: number; error: unknown }[] = []
    let next = 0
    let done = 0
    const work = async (): Promise<void> => {
        while (next < list.length) {
            const task = next++
            try {
                await list[task]!()
            } catch (error) {
                errors.push({ task, error })
            }
            done++
            try {
                options.onProgress?.({ done, failed: errors.length, total: list.length })
            } catch {
                // whoever watches must not end what he watches
            }
        }
    }
    await Promise.all(Array.from({ length: Math.min(options.concurrency ?? 4, list.length) }, work))
    errors.sort((a, b) => a.task - b.task)
    return { done, failed: errors.length, total: list.length, errors, duration: performance.now() - start }
}
