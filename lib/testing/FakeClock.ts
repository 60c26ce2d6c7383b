import type { Clock } from "../util/Clock"

interface Task {
    readonly at: number
    readonly run: () => void
}

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
    #now: number
    readonly #tasks = new Set<Task>()

    /** @param start milliseconds; default 1 000 */
    constructor(start = 1_000) {
        this.#now = start
    }

    /** How many scheduled tasks are yet to run. */
    get pending(): number {
        return this.#tasks.size
    }

    now(): number {
        return this.#now
    }

    /** The same as {@link now}. */
    date(): number {
        return this.#now
    }

    schedule(delay: number, task: () => void): () => void {
        const entry = { at: this.#now + Math.max(0, delay), run: task }
        this.#tasks.add(entry)
        return () => void this.#tasks.delete(entry)
    }

    /**
     * Lets milliseconds pass. Tasks that fall due run at once, the earliest first, each seeing the time it was scheduled
     * for; what they schedule runs as well when it falls due in time.
     *
     * @throws RangeError for less than none: the clock never runs backwards
     */
    advance(milliseconds: number): void {
        if (!(milliseconds >= 0)) throw new RangeError(`A clock cannot advance by ${milliseconds} ms.`)
        const end = this.#now + milliseconds
        for (let task = this.#nextUntil(end); task !== undefined; task = this.#nextUntil(end)) {
            this.#tasks.delete(task)
            this.#now = Math.max(this.#now, task.at)
            task.run()
        }
        this.#now = end
    }

    #nextUntil(end: number): Task | undefined {
        let next: Task | undefined
        for (const task of this.#tasks) if (task.at <= end && (next === undefined || task.at < next.at)) next = task
        return next
    }
}
