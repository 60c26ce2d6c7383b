import { expect } from "chai"
import Redis from "ioredis"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { interleave, waitingForServer } from "../race/interleave"
import { RaceLab } from "../race/RaceLab"
import { type Race, RACES } from "../race/races"
import { leaveOut, START_TIMEOUT } from "../support/choice"
import { forEachDatabase } from "../support/databases"
import type { StartedServer } from "../support/server/ServerProcess"
import { whyNotStartable } from "../support/servers"
import { startRedis } from "../support/startRedis"

type Loss = (redis: Redis, prefix: string) => Promise<unknown>

async function evict(redis: Redis, pattern: string): Promise<void> {
    const keys = await redis.keys(pattern)
    if (keys.length > 0) await redis.del(...keys)
}

const LOSSES: Readonly<Record<string, Loss>> = {
    "all it has": (redis) => redis.flushall(),
    "its stamps and fences": (redis, prefix) => evict(redis, `${prefix}:t:*`),
    "its entries": (redis, prefix) => evict(redis, `${prefix}:v:*`),
    "the tags of whole tables": (redis, prefix) => evict(redis, `${prefix}:t:[tr]*able*`),
}

const KINDS = { "a row": RACES["a row"], "a list": RACES["a list"] } satisfies Record<string, Race>

forEachDatabase("a Redis that loses", (database) => {
    if (database.name !== "postgres" || !database.isConcurrent) return
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)
    let server: StartedServer
    let lab: RaceLab
    const clients: Redis[] = []
    const client = (): Redis => clients[clients.push(new Redis(server.url)) - 1]!

    before(async function () {
        this.timeout(START_TIMEOUT)
        server = await startRedis()
        let count = 0
        const store = {
            name: "redis",
            create: () => new RedisStore({ client: client() }),
            prefix: () => `lost-${++count}`,
        } as const
        lab = await RaceLab.open(database, store, { processes: 2 })
    })
    after(async () => {
        await lab.close()
        for (const it of clients) it.disconnect()
        await server.stop()
    })

    for (const [title, lose] of Object.entries(LOSSES))
        for (const [kind, race] of Object.entries(KINDS))
            it(`${title}, at any moment, never gives ${kind} older than what was acknowledged`, async function () {
                this.timeout(60_000)
                const redis = client()
                const [reading, writing] = lab.processes
                const orders = await interleave(async () => {
                    const [ids, kindOf] = await lab.newRows(1)
                    const at = { ids, kind: kindOf, next: lab.newId() }
                    const { prefix } = lab
                    await race.read(writing!, at)
                    let acknowledged = 0
                    const read = async (): Promise<void> => {
                        const due = acknowledged
                        expect(await race.read(reading!, at)).to.be.at.least(due)
                    }
                    return {
                        actors: {
                            writer: async () => {
                                await race.write(writing!, at, 0)
                                acknowledged = 1
                            },
                            reader: read,
                            loss: () => waitingForServer(async () => void (await lose(redis, prefix))),
                        },
                        check: async () => {
                            for (let i = 0; i < 2; i++)
                                for (const it of lab.processes) expect(await race.read(it, at)).to.equal(1)
                        },
                    }
                })
                expect(orders).to.be.greaterThan(15)
            })
})
