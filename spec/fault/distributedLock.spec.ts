import { expect } from "chai"
import { join } from "node:path"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { START_TIMEOUT } from "../support/choice"
import { describeRedis } from "../support/stores"
import { TypeScriptProcess } from "../support/TypeScriptProcess"
import type { LoaderOrder, LoaderRound } from "./loader.process"

const PROCESSES = 4

describeRedis("distributedLock, in several processes", (redis) => {
    const loaders: TypeScriptProcess[] = []
    let prefix: string
    let writer: SecondLevelCache

    before(async function () {
        this.timeout(START_TIMEOUT)
        prefix = redis.prefix()
        writer = new SecondLevelCache({ store: new RedisStore({ client: redis.createClient() }), prefix })
        for (let i = 0; i < PROCESSES; i++) loaders.push(TypeScriptProcess.start(join(__dirname, "loader.process.ts")))
        for (const loader of loaders) {
            loader.send({ redis: redis.url, prefix } satisfies LoaderOrder)
            await loader.next((it) => it === "ready")
        }
    })
    after(async () => {
        await Promise.all(loaders.map((loader) => loader.kill()))
        await writer.close()
    })

    const isAnswer = (message: unknown): boolean => typeof message === "object"

    it("loads a value once, however many ask at once, and once more after each invalidation", async () => {
        for (let round = 1; round <= 5; round++) {
            for (const loader of loaders) loader.send({ name: "value", times: 20 } satisfies LoaderRound)
            for (const loader of loaders)
                expect(await loader.next(isAnswer)).to.deep.equal({ answers: Array<number>(20).fill(round) })
            await writer.invalidateTags(["round"])
        }
        expect(await redis.client().get(`${prefix}:loads:value`)).to.equal("5")
    })

    it("goes on when the process that loads is killed", async () => {
        const [doomed, ...others] = loaders as [TypeScriptProcess, ...TypeScriptProcess[]]
        doomed.send({ name: "doomed", times: 1, stops: true } satisfies LoaderRound)
        await doomed.next((it) => it === "loading")
        for (const loader of others) loader.send({ name: "doomed", times: 20 } satisfies LoaderRound)
        await doomed.kill()
        for (const loader of others) {
            const { answers } = await loader.next<{ answers: number[] }>(isAnswer)
            expect(answers).to.have.length(20)
            expect(Math.min(...answers)).to.be.greaterThan(1)
        }
        // each of the others itself, once
        expect(Number(await redis.client().get(`${prefix}:loads:doomed`))).to.be.at.most(PROCESSES)
    })
})
