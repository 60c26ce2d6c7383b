import { expect } from "chai"
import { Deferred } from "../support/Barrier"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { type ServerName, sharedServer, waysTo, whyMissing } from "../support/servers"
import { type Mutant, type MutantRun, runMutant, whyNotApplicable } from "./Mutant"
import { MUTANTS } from "./mutants"

/** In an ordinary run these few show that the machinery works; `npm run test:mutants` takes them all. */
const SAMPLE = new Set(["stamps are compared", "tags are held while an invalidation waits for the store"])
const VARIABLES: Readonly<Record<ServerName, string>> = {
    postgres: "POSTGRES_URL",
    mariadb: "MARIADB_URL",
    redis: "REDIS_URL",
}

/** Why a mutant's specs would not run here, or `undefined`: races need a database with several connections. */
function whyNotRunnable({ databases, stores }: Mutant): string | undefined {
    if (stores === "redis" && whyMissing("redis") !== undefined) return whyMissing("redis")
    if (databases === "sqlite") return undefined
    return waysTo("postgres")[0] === "pglite" ? "PGlite has one connection" : whyMissing("postgres")
}

/** Runs at a time; the machine has little else to do meanwhile. */
const AT_ONCE = 2

describe("a mutant", () => {
    const env: NodeJS.ProcessEnv = {}
    const chosen = MUTANTS.filter(({ guard }) => process.env.MUTANTS === "all" || SAMPLE.has(guard))
    const runs = new Map(chosen.map((mutant) => [mutant, new Deferred<MutantRun>()]))
    async function work(queue: Mutant[]): Promise<void> {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift())
            await runMutant(mutant, env).then(runs.get(mutant)!.resolve, runs.get(mutant)!.reject)
    }
    before(async function () {
        this.timeout(START_TIMEOUT)
        for (const name of ["postgres", "redis"] as const)
            if (whyMissing(name) === undefined) {
                const { url, way } = await sharedServer(name)
                // PGlite is one session, which the run has of its own
                if (way !== "pglite") env[VARIABLES[name]] = url
            }
        const queue = chosen.filter((mutant) => whyNotRunnable(mutant) === undefined)
        for (let i = 0; i < AT_ONCE; i++) void work(queue)
    })

    for (const mutant of MUTANTS) {
        it(`can be made where ${mutant.guard}`, () => {
            expect(whyNotApplicable(mutant)).to.equal(undefined)
        })
        const run = runs.get(mutant)
        if (run === undefined) continue
        const reason = whyNotRunnable(mutant)
        if (reason !== undefined) {
            leaveOut(`a mutant where ${mutant.guard}`, reason)
            continue
        }
        it(`does not survive where ${mutant.guard}`, async function () {
            this.timeout(120_000)
            const { failed, output } = await run.promise
            expect(failed, `the specs do not see that this guard is gone:\n${output}`).to.be.greaterThan(0)
        })
    }

    it("that changes nothing survives", async function () {
        this.timeout(120_000)
        const unchanged = MUTANTS.find(({ databases }) => databases === "sqlite")!
        const { failed, passed, output } = await runMutant({ ...unchanged, edits: [] }, env)
        expect(failed, output).to.equal(0)
        expect(passed).to.be.greaterThan(0)
    })
})
