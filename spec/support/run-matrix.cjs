"use strict"

// Runs the suite on each TypeORM, or on those named as arguments, and adds the numbers up. An argument is a TypeORM, and
// behind it what it is to be run on if that is not everything: 0.3.20, 0.3.20:memory, 0.3.20:memory:postgres,sqlite.
//
// Some runs go on at a time, each with servers of its own, and each is shown when it has ended. LANES says how many;
// with LANES=1 one goes on after the other, and is shown at once.

const { appendFileSync } = require("node:fs")
const { availableParallelism } = require("node:os")
const { perform } = require("./lane.cjs")

/** What TypeORM has a part in; the rest does not change with it, or takes each version by itself. */
const ON_TYPEORM = ["functional", "race", "fault", "fuzz", "sample"]
const NOT_ON_TYPEORM = ["functional/redis", "functional/keyv"]
/** The suite in parts that take about as long as each other; what is in none of them is one more. */
const PARTS = [["functional"], ["race", "conformance"]]

// A run and its servers wait for each other: that is why there is one more than there are cores.
const lanes = Number(process.env.LANES || availableParallelism() + 1)
const total = { passed: 0, failed: 0, skipped: 0 }
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1))

void main()

async function main() {
    const named = process.argv.slice(2)
    const queue = (named.length > 0 ? named : ["1", "0.3.31", "0.3.20"]).flatMap(runsOf)
    await Promise.all(
        Array.from({ length: lanes }, async () => {
            for (let run = queue.shift(); run !== undefined; run = queue.shift()) await take(run)
        }),
    )
    console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
    process.exitCode = total.failed > 0 ? 1 : 0
}

function runsOf(argument) {
    const [version, stores, databases] = argument.split(":")
    const env = { TYPEORM: version, ...(stores && { STORES: stores }), ...(databases && { DATABASES: databases }) }
    const run = (part, specs, ignored = []) => ({
        title: [`TypeORM ${version}`, stores, databases, part].filter(Boolean).join(", "),
        args: [...specs, ...ignored.flatMap((it) => ["--ignore", it])],
        env,
    })
    if (version !== "1") return [run("", globsOf(ON_TYPEORM), globsOf(NOT_ON_TYPEORM))]
    if (lanes === 1) return [run("", ["spec/**/*.spec.ts"])]
    const globs = PARTS.map(globsOf)
    return [
        ...PARTS.map((part, i) => run(part.join(", "), globs[i])),
        run("everything else", ["spec/**/*.spec.ts"], globs.flat()),
    ]
}

function globsOf(folders) {
    return folders.map((it) => `spec/${it}/**/*.spec.ts`)
}

async function take(run) {
    const isShown = lanes === 1
    const start = performance.now()
    console.log(`\n== ${run.title}${isShown ? "" : ": begins"}`)
    const { output, ...result } = await perform({ ...run, isShown })
    const seconds = Math.round((performance.now() - start) / 1000)
    if (!isShown) console.log(`\n== ${run.title}\n${output.trimEnd()}`)
    const broken = result.reasons.filter((reason) => reason.startsWith(run.title))
    for (const reason of broken) console.log(reason)
    console.log(`== ${run.title}: ${result.passed} passed, ${result.failed} failed, ${seconds} s`)
    for (const name of Object.keys(total)) total[name] += result[name]
    // for whoever runs the matrix
    if (process.env.SPEC_SUMMARY) appendFileSync(process.env.SPEC_SUMMARY, `${JSON.stringify(result)}\n`)
}
