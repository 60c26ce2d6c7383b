import type { Clock } from "./Clock"

/**
 * Whether something takes longer than this. It goes on then; that it fails later is not heard of here.
 *
 * @param milliseconds `Infinity` waits as long as it takes
 * @throws whatever it rejects with in time
 */
export async function isLate(clock: Clock, task: Promise<unknown>, milliseconds: number): Promise<boolean> {
    const done = task.then(() => false)
    if (milliseconds === Infinity) return done
    let cancel!: () => void
    const late = new Promise<boolean>((resolve) => {
        cancel = clock.schedule(Math.max(0, milliseconds), () => resolve(true))
    })
    try {
        return await Promise.race([done, late])
    } finally {
        cancel()
    }
}
