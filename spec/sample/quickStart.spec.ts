import { expect } from "chai"
import { join } from "node:path"
import { Client } from "pg"
import { START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { Secret } from "../support/entity/Secret"
import { describeRedis } from "../support/stores"
import { TypeScriptProcess } from "../support/TypeScriptProcess"

const SAMPLE = join(__dirname, "..", "..", "samples", "01-quick-start", "main.ts")

/** What the sample has to print: each read, its result, its statements with the cache and without. */
const READS = [
    "author 1 | Ada | 1 1",
    "author 1, again | Ada | 0 1",
    "author 2 | Grace | 1 1",
    "all authors | Ada, Grace | 1 1",
    "all authors, again | Ada, Grace | 0 1",
    "-- author 1 was renamed, and the transaction committed",
    "author 1 | Ada Lovelace | 1 1",
    "author 1, again | Ada Lovelace | 0 1",
    "author 2 | Grace | 0 1",
    "all authors | Ada Lovelace, Grace | 1 1",
    "-- author 2 was renamed, and the transaction rolled back",
    "author 2 | Grace | 1 1",
    "author 2, again | Grace | 0 1",
    "SQL of all reads: 6 with the cache, 11 without. 5 saved.",
]

describe("the quick start", function () {
    this.timeout(START_TIMEOUT)

    it("needs no server, ends by itself, and saves the statements that it says", async () => {
        const { servers, reads } = await runSample({ DATABASE_URL: "", REDIS_URL: "" })
        expect(servers).to.equal("PostgreSQL: PGlite, in this process. Store: memory.")
        expect(reads).to.deep.equal(READS)
    })
})

forEachDatabase("the quick start", (database) => {
    if (database.name !== "postgres") return
    describeRedis("with Redis", (redis) => {
        it("does the same there, and leaves nothing behind", async function () {
            this.timeout(START_TIMEOUT)
            const dataSource = await database.createDataSource({ entities: [Secret] })
            const url = urlOf({ ...database.optionsOf(dataSource) })
            const { servers, reads } = await runSample({ DATABASE_URL: url, REDIS_URL: redis.url })

            expect(servers).to.equal("PostgreSQL: DATABASE_URL. Store: redis.")
            expect(reads).to.deep.equal(READS)
            expect(await tablesAt(url)).to.deep.equal(["secret"])
            expect(await redis.client().keys("slc_quick_start_*")).to.deep.equal([])
        })
    })
})

function urlOf({ username, password, host, port, database }: Record<string, unknown>): string {
    const user = [username, password].map((it) => encodeURIComponent(String(it ?? ""))).join(":")
    return `postgres://${user}@${host}:${port}/${database}`
}

async function runSample(env: NodeJS.ProcessEnv): Promise<{ servers: string; reads: string[] }> {
    const child = TypeScriptProcess.start(SAMPLE, { env })
    const { code } = await child.exited
    expect(code, child.output).to.equal(0)
    const [servers = "", ...lines] = child.output.split("\n").map((line) => line.trim())
    const reads = lines
        .filter((line) => /SQL|--/.test(line) && !line.includes("trace-deprecation"))
        .map((line) =>
            line.replace(/ {2,}/, " | ").replace(/ {2,}SQL: (\d+) with the cache, (\d+) without$/, " | $1 $2"),
        )
    return { servers, reads }
}

async function tablesAt(connectionString: string): Promise<unknown[]> {
    const client = new Client({ connectionString })
    await client.connect()
    try {
        const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return rows.map(({ tablename }: { tablename: string }) => tablename)
    } finally {
        await client.end()
    }
}
