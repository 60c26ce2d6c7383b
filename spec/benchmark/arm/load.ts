import { spawnSync } from "node:child_process"
import { builtLibrary } from "../builtLibrary"
import { median } from "../measure"
import { number, printTable } from "../report"

const SCRIPT = `
    const [first, ...rest] = process.argv.slice(1)
    require(first)
    const start = performance.now()
    for (const it of rest) require(it)
    console.log(performance.now() - start)`

/** How long the entries take to load when TypeORM is there already, each time in a process of its own. */
export async function benchLoad(_site: unknown, rounds: number): Promise<void> {
    const entries: Record<string, string[]> = { "root entry": [builtLibrary], "redis entry": [`${builtLibrary}/redis`] }
    const samples = new Map(Object.keys(entries).map((name) => [name, [] as number[]]))
    for (let round = 0; round < rounds; round++)
        for (const [name, paths] of Object.entries(entries)) {
            const typeorm = require.resolve("typeorm")
            const { stdout } = spawnSync(process.execPath, ["-e", SCRIPT, typeorm, ...paths], { encoding: "utf8" })
            samples.get(name)!.push(Number(stdout))
        }
    console.log("### Loading the library, TypeORM loaded\n")
    printTable(
        ["entry", "median", "min – max"],
        [...samples].map(([name, times]) => [
            name,
            `${number(median(times))} ms`,
            `${number(Math.min(...times))} – ${number(Math.max(...times))} ms`,
        ]),
    )
    const kept = median(samples.get("root entry")!) <= 50
    console.log(`- root entry: goal at most 50 ms: ${kept ? "kept" : "MISSED"}\n`)
}
