/** One way to do what the others in its group do. */
export interface Arm {
    readonly name: string
    /** Does it once. */
    run(): unknown
    /** Brings back the state that every round begins with. Not timed. */
    prepare?(): unknown
    /** Fixed number of runs in a round, for what cannot be repeated without {@link prepare}. */
    readonly runs?: number
}

/** Microseconds of one run, one number for each round. */
export type Samples = ReadonlyMap<string, readonly number[]>

/** Milliseconds that an arm takes in a round. */
const ROUND = 40
/** Parts of a round. */
const BATCHES = 10

/**
 * Runs the arms in turn, round after round, so that whatever else the machine does hits all of them alike. Each round
 * begins with another arm.
 *
 * @param warmUp how often each arm runs before the first round: often enough to fill the caches
 */
export async function measure(arms: readonly Arm[], rounds: number, warmUp = 0): Promise<Samples> {
    const samples = new Map<string, number[]>(arms.map(({ name }) => [name, []]))
    const runs = new Map<Arm, number>()
    for (const arm of arms) {
        for (let run = 0; run < warmUp; run++) await arm.run()
        runs.set(arm, arm.runs ?? (await calibrate(arm)))
    }
    for (let round = -1; round < rounds; round++)
        for (let turn = 0; turn < arms.length; turn++) {
            const arm = arms[(turn + round + 1) % arms.length]!
            await arm.prepare?.()
            const time = await timeOf(arm, runs.get(arm)!)
            // the first round warms up
            if (round >= 0) samples.get(arm.name)!.push(time)
        }
    return samples
}

/** As many runs as fill a round. */
async function calibrate(arm: Arm): Promise<number> {
    let runs = 1
    for (;;) {
        await arm.prepare?.()
        const time = await timeOf(arm, runs)
        if (time * runs >= ROUND * 500) return Math.max(1, Math.round((ROUND * 1000) / time))
        runs *= 2
    }
}

/** Microseconds of a run in the best of the batches: a busy machine takes the processor away in the others. */
async function timeOf(arm: Arm, runs: number): Promise<number> {
    const size = Math.ceil(runs / BATCHES)
    let best = Infinity
    for (let done = 0; done < runs; done += size) {
        const start = performance.now()
        for (let run = 0; run < size; run++) await arm.run()
        best = Math.min(best, ((performance.now() - start) * 1000) / size)
    }
    return best
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
    const sorted = [...numbers].sort((a, b) => a - b)
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of the ratios of the same rounds. */
export function ratio(samples: Samples, above: string, below: string): number {
    const denominators = samples.get(below)!
    return median(samples.get(above)!.map((it, round) => it / denominators[round]!))
}
