import { median, ratio, type Samples } from "./measure"

/** A ratio that the library means to keep. */
export interface Goal {
    readonly above: string
    readonly below: string
    readonly atMost?: number
    readonly atLeast?: number
}

/** Prints a table of Markdown. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const all = [head, ...rows]
    const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
    const line = (row: readonly string[]): string =>
        `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`
    console.log(line(head))
    console.log(
        `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`,
    )
    for (const row of rows) console.log(line(row))
    console.log()
}

/** Prints the arms of a group with the ratio of each to the first, then what became of the goals. */
export function printGroup(title: string, samples: Samples, goals: readonly Goal[] = []): void {
    console.log(`### ${title}\n`)
    const [baseline] = samples.keys()
    printTable(
        ["arm", "median", "min – max", `against ${baseline}`],
        [...samples].map(([name, times]) => [
            name,
            time(median(times)),
            `${time(Math.min(...times))} – ${time(Math.max(...times))}`,
            name === baseline ? "" : against(ratio(samples, name, baseline!)),
        ]),
    )
    if (goals.length === 0) return
    for (const goal of goals) {
        const value = ratio(samples, goal.above, goal.below)
        const bound = goal.atMost === undefined ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`
        const kept = goal.atMost === undefined ? value >= (goal.atLeast ?? 0) : value <= goal.atMost
        console.log(`- ${goal.above} / ${goal.below}: ${number(value)} (goal ${bound}: ${kept ? "kept" : "MISSED"})`)
    }
    console.log()
}

/** Microseconds, for people. */
export function time(microseconds: number): string {
    if (microseconds >= 10_000) return `${number(microseconds / 1000)} ms`
    return `${number(microseconds)} µs`
}

/** Three figures at most, unless they stand before the point. */
export function number(value: number): string {
    return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)
}

function against(value: number): string {
    return value >= 1 ? `${number(value)} × slower` : `${number(1 / value)} × faster`
}
