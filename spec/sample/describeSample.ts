import { expect } from "chai"
import { START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { Secret } from "../support/entity/Secret"
import { describeRedis } from "../support/stores"
import { runSample, tablesAt, urlOf } from "./runSample"

/**
 * Specs of a sample that prints steps: without servers, and with them.
 *
 * @param prefix of its tables and keys
 * @param expected lines behind the first, columns parted by ` | `
 * @param missing why it cannot be shown with the TypeORM of the run
 */
export function describeSample(folder: string, prefix: string, expected: readonly string[], missing?: string): void {
    const title = `the sample ${folder}${missing === undefined ? "" : ` (left out: ${missing})`}`
    if (missing !== undefined) {
        describe(title, () => void it("prints what it saves"))
        return
    }
    const run = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
        const lines = await runSample(folder, env)
        return lines.map((line) => line.replace(/ {2,}/g, " | "))
    }

    describe(title, function () {
        this.timeout(START_TIMEOUT)

        it("needs no server, ends by itself, and saves the statements that it says", async () => {
            const lines = await run({ DATABASE_URL: "", REDIS_URL: "" })
            expect(lines).to.deep.equal(["PostgreSQL: PGlite, in this process. Store: memory.", ...expected])
        })
    })

    forEachDatabase(title, (database) => {
        if (database.name !== "postgres") return
        describeRedis("with Redis", (redis) => {
            it("does the same there, and leaves nothing behind", async function () {
                this.timeout(START_TIMEOUT)
                const dataSource = await database.createDataSource({ entities: [Secret] })
                const url = urlOf({ ...database.optionsOf(dataSource) })
                const lines = await run({ DATABASE_URL: url, REDIS_URL: redis.url })

                expect(lines).to.deep.equal(["PostgreSQL: DATABASE_URL. Store: redis.", ...expected])
                expect(await tablesAt(url)).to.deep.equal(["secret"])
                expect(await redis.client().keys(`${prefix}_*`)).to.deep.equal([])
            })
        })
    })
}
