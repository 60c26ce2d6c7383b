import { expect } from "chai"
import { join } from "node:path"
import { DataSource } from "typeorm"
import { CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Item } from "../race/Item"
import { START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import { QueryRecorder } from "../support/QueryRecorder"
import { describeRedis } from "../support/stores"
import { TypeScriptProcess } from "../support/TypeScriptProcess"
import type { KillPoint, WriterOrder } from "./writer.process"

const FENCE = "1500ms"

/** What the database holds after the kill, and whether a fence is left on the row. */
const POINTS: Readonly<Record<KillPoint, { readonly isCommitted: boolean; readonly isFenced: boolean }>> = {
    "before the fence": { isCommitted: false, isFenced: false },
    "before COMMIT": { isCommitted: false, isFenced: true },
    "after COMMIT": { isCommitted: true, isFenced: true },
    "after the release": { isCommitted: true, isFenced: false },
}

forEachDatabase("a writer that is killed", (database) => {
    if (!database.isConcurrent) return
    describeRedis("with Redis", (redis) => {
        const points = Object.keys(POINTS) as KillPoint[]
        const prefixes = new Map<KillPoint, string>()
        const writers = new Map<KillPoint, TypeScriptProcess>()
        let truth: DataSource

        before(async function () {
            this.timeout(START_TIMEOUT)
            truth = await database.createDataSource({ entities: [Item] })
            const rows = points.map((_, id) => ({ id, code: `code-${id}`, kind: "kind", state: 0 }))
            await truth.manager.insert(Item, rows)
            for (const at of points) {
                const writer = TypeScriptProcess.start(join(__dirname, "writer.process.ts"))
                writers.set(at, writer)
                prefixes.set(at, redis.prefix())
                writer.send({
                    database: database.optionsOf(truth),
                    redis: redis.url,
                    prefix: prefixes.get(at)!,
                    ...{ fence: FENCE, at, id: points.indexOf(at), state: 1 },
                } satisfies WriterOrder)
            }
            for (const writer of writers.values()) await writer.next((it) => it === "ready")
        })
        after(() => Promise.all([...writers.values()].map((writer) => writer.kill())))

        for (const [id, at] of points.entries())
            it(`${at} leaves no old value behind and no row uncached for ever`, async () => {
                const { isCommitted, isFenced } = POINTS[at]
                const logger = new QueryRecorder()
                const cache = new SecondLevelCache({
                    store: new RedisStore({ client: redis.client() }),
                    prefix: prefixes.get(at)!,
                    storeTimeout: "30s",
                })
                const dataSource = await new DataSource({
                    ...database.optionsOf(truth),
                    entities: [Item],
                    subscribers: [cache.subscriber],
                    logger,
                }).initialize()
                const items = new CachedRepository(Item, dataSource.manager)
                const read = async (): Promise<{ state: number; isHit: boolean }> => {
                    const { length } = logger.selects
                    const { state } = await items.findOneByOrFail({ id })
                    return { state, isHit: logger.selects.length === length }
                }
                try {
                    await read()
                    expect(await read()).to.deep.equal({ state: 0, isHit: true })
                    const writer = writers.get(at)!
                    writer.send("go")
                    await writer.next((it) => it === "there")
                    const committed = (await truth.manager.findOneByOrFail(Item, { id })).state
                    expect(committed).to.equal(isCommitted ? 1 : 0)
                    expect((await read()).state).to.equal(committed)
                    await writer.kill("SIGKILL")

                    let reads = 0
                    for (let isHit = false; !isHit; reads++) {
                        const due = (await truth.manager.findOneByOrFail(Item, { id })).state
                        const found = await read()
                        expect(found.state, `read ${reads}`).to.be.at.least(due)
                        isHit = found.isHit
                    }
                    // behind a fence nothing is cached until it falls
                    expect(reads > 5, `${reads} reads`).to.equal(isFenced)
                    expect(await read()).to.deep.equal({ state: committed, isHit: true })
                } finally {
                    await dataSource.destroy()
                    await cache.close()
                }
            })
    })
})
