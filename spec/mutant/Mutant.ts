import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const ROOT = join(__dirname, "..", "..")

/** The library with one guard taken away, and the specs that must notice. */
export interface Mutant {
    /** The guard. */
    readonly guard: string
    /** A file under the root. */
    readonly file: string
    /** Exact texts, each there once, and what stands in their place. */
    readonly edits: readonly (readonly [from: string, to: string])[]
    readonly spec: string
    /** Which of the file's specs. */
    readonly grep: string
    /** Default PostgreSQL and memory. */
    readonly databases?: string
    readonly stores?: string
}

/** How a run against a mutant ended. */
export interface MutantRun {
    readonly failed: number
    readonly passed: number
    readonly output: string
}

/** What is wrong with the texts of a mutant, or `undefined`: it must follow the source that it changes. */
export function whyNotApplicable({ file, edits }: Mutant): string | undefined {
    const source = readFileSync(join(ROOT, file), "utf8")
    const lost = edits.find(([from]) => source.split(from).length !== 2)
    return lost && `${file} has the text to be replaced ${source.split(lost[0]).length - 1} times:\n${lost[0]}`
}

/**
 * Runs the mutant's specs in a process of their own.
 *
 * @throws Error when no spec was run
 */
export async function runMutant(mutant: Mutant, env: NodeJS.ProcessEnv): Promise<MutantRun> {
    const folder = mkdtempSync(join(tmpdir(), "second-level-cache-mutant-"))
    const summary = join(folder, "summary")
    try {
        const child = spawn(
            process.execPath,
            [
                require.resolve("mocha/bin/mocha.js"),
                ...["--require", join(__dirname, "patch.cjs"), "--bail", "--timeout", "15000"],
                ...["--grep", mutant.grep, mutant.spec],
            ],
            {
                cwd: ROOT,
                stdio: ["ignore", "pipe", "pipe"],
                env: {
                    ...process.env,
                    ...env,
                    MUTANT: JSON.stringify({ file: mutant.file, edits: mutant.edits }),
                    DATABASES: mutant.databases ?? "postgres",
                    STORES: mutant.stores ?? "memory",
                    SPEC_SUMMARY: summary,
                    FAIL_ON_PENDING: "",
                },
            },
        )
        let output = ""
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (chunk: Buffer) => (output += String(chunk)))
        const code = await new Promise<number | null>((resolve) => child.once("close", resolve))
        if (code === 98) throw new Error(`the text to be replaced is not in ${mutant.file}`)
        if (code === 99) throw new Error(`${mutant.file} was never read`)
        const { passed, failed } = JSON.parse(readFileSync(summary, "utf8")) as { passed: number; failed: number }
        if (passed + failed === 0) throw new Error(`no spec of ${mutant.spec} is named ${mutant.grep}:\n${output}`)
        return { passed, failed, output }
    } finally {
        rmSync(folder, { recursive: true, force: true })
    }
}
