import { expect } from "chai"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { Barrier } from "./Barrier"
import { leaveOut } from "./choice"
import { forEachDatabase } from "./databases"
import { QueryRecorder } from "./QueryRecorder"
import type { StartedServer } from "./server/ServerProcess"
import { type ServerName, whyNotStartable } from "./servers"
import { pingMariadb, startMariadb } from "./startMariadb"
import { pingPostgres, startPostgres } from "./startPostgres"
import { pingRedis, startRedis } from "./startRedis"
import { describeRedis } from "./stores"
import { TcpProxy } from "./TcpProxy"
import { TypeScriptProcess } from "./TypeScriptProcess"

@Entity()
class Sample {
    @PrimaryGeneratedColumn()
    id: number

    @Column()
    name: string
}

forEachDatabase("the harness", (database) => {
    it("gives an empty database to each DataSource", async () => {
        const first = await database.createDataSource({ entities: [Sample] })
        const second = await database.createDataSource({ entities: [Sample] })
        await first.getRepository(Sample).save({ name: "one" })

        expect(await first.getRepository(Sample).count()).to.equal(1)
        expect(await second.getRepository(Sample).count()).to.equal(0)
    })

    it("destroys the DataSources and their data when it cleans up", async () => {
        const dataSource = await database.createDataSource({ entities: [Sample] })
        await dataSource.getRepository(Sample).save({ name: "one" })
        await database.cleanUp()
        const again = await database.createDataSource({ entities: [Sample] })

        expect(dataSource.isInitialized).to.equal(false)
        expect(await again.getRepository(Sample).count()).to.equal(0)
    })

    if (database.isConcurrent)
        it("drops the databases when it cleans up", async () => {
            const gone = await database.createDataSource({ entities: [Sample] })
            const { database: name } = database.optionsOf(gone)
            await database.cleanUp()

            const dataSource = await database.createDataSource({ entities: [Sample] })
            const rows: unknown = await dataSource.query(
                database.name === "postgres"
                    ? `SELECT count(*) AS count FROM pg_database WHERE datname = '${String(name)}'`
                    : `SELECT count(*) AS count FROM information_schema.schemata WHERE schema_name = '${String(name)}'`,
            )
            expect(Number((rows as [{ count: unknown }])[0].count)).to.equal(0)
        })

    it("records the SQL of a DataSource", async () => {
        const logger = new QueryRecorder()
        const dataSource = await database.createDataSource({ entities: [Sample], logger })
        const samples = dataSource.getRepository(Sample)

        logger.clear()
        await logger.expectQueries(1, () => samples.find())
        expect(logger.selects).to.have.length(1)
        const all = await logger.during(() => samples.save({ name: "one" }))
        const bare = await logger.during(() => samples.save({ name: "two" }), { transactionControl: false })
        expect(bare).to.have.length(all.length - 2)
        expect(await logger.expectQueries(0, () => 7)).to.equal(7)
        const refusal = await logger.expectQueries(0, () => samples.count()).catch((error: unknown) => String(error))
        expect(refusal).to.match(/0 statements expected, 1 sent[^]*SELECT/)
    })
})

describeRedis("a shared Redis", (redis) => {
    it("removes the keys of the suite when it cleans up, and no others", async () => {
        const url = redis.url
        await redis.client().set(`${redis.prefix()}:mine`, "1")
        await redis.client().set("other-specs-key", "1")
        expect(await redis.keys()).to.have.length(1)
        await redis.cleanUp()

        expect(redis.url).to.equal(url)
        expect(await redis.keys()).to.deep.equal([])
        expect(await redis.client().del("other-specs-key")).to.equal(1)
    })
})

const OWN: [ServerName, () => Promise<StartedServer>, (url: string) => Promise<void>][] = [
    ["redis", startRedis, pingRedis],
    ["postgres", startPostgres, pingPostgres],
    ["mariadb", startMariadb, pingMariadb],
]
for (const [name, start, ping] of OWN)
    describe(`a ${name} of a spec's own`, () => {
        const reason = whyNotStartable(name)
        if (reason !== undefined) return leaveOut(name, reason)

        it("can be killed and restarted, and leaves nothing behind", async () => {
            const server = await start()
            const { pid, url, folder } = server
            await ping(url)

            await server.kill()
            expect(await isRefused(ping(url))).to.equal(true)
            expect(isAlive(pid)).to.equal(false)

            await server.restart()
            expect(server.url).to.equal(url)
            await ping(url)

            const { pid: second } = server
            await server.stop()
            expect(isAlive(second)).to.equal(false)
            expect(existsSync(folder)).to.equal(false)
        })
    })

describe("a suite that is killed", () => {
    const reason = whyNotStartable("redis")
    if (reason !== undefined) return leaveOut("redis", reason)

    it("takes its servers with it", async () => {
        const suite = TypeScriptProcess.start(join(__dirname, "startOwnServer.ts"))
        const { folder, pid } = await suite.next<{ folder: string; pid: number }>()
        expect(isAlive(pid)).to.equal(true)
        await suite.kill("SIGKILL")

        while (existsSync(folder)) await sleep(20)
        expect(isAlive(pid)).to.equal(false)
    })
})

describeRedis("a proxy", (redis) => {
    let proxy: TcpProxy
    beforeEach(async () => (proxy = await TcpProxy.start(redis.url)))
    afterEach(() => proxy.stop())

    it("passes everything on", async () => {
        await pingRedis(proxy.through(redis.url))
        expect(proxy.bytes.clientToServer).to.be.greaterThan(0)
    })

    it("refuses connections while it is cut", async () => {
        proxy.cut()
        expect(await isRefused(pingRedis(proxy.through(redis.url)))).to.equal(true)
        proxy.restore()
        await pingRedis(proxy.through(redis.url))
    })

    it("holds everything back while it is paused", async () => {
        proxy.pause()
        const answer = pingRedis(proxy.through(redis.url)).then(() => "answered")
        while (proxy.bytes.clientToServer === 0) await sleep(1)
        expect(await Promise.race([answer, sleep(20, "silent")])).to.equal("silent")
        proxy.resume()
        expect(await answer).to.equal("answered")
    })

    it("swallows the answers of a server that has done its work", async () => {
        const client = redis.createClient()
        const cut = redis.createClient({ url: proxy.through(redis.url), maxRetriesPerRequest: 0 })
        cut.on("error", () => undefined)
        await cut.ping()
        const key = `${redis.prefix()}:swallowed`
        proxy.dropServerToClient()
        const refused = isRefused(cut.set(key, "1"))
        while ((await client.get(key)) === null) await sleep(1)
        proxy.cut()
        expect(await refused).to.equal(true)
    })
})

describe("a barrier", () => {
    it("holds the actors until it is opened", async () => {
        const gate = new Barrier(2)
        const order: string[] = []
        const actors = [1, 2].map((actor) => gate.pass().then(() => order.push(`actor ${actor}`)))
        await gate.arrived
        order.push("spec")
        gate.open()
        await Promise.all(actors)
        expect(order).to.deep.equal(["spec", "actor 1", "actor 2"])
    })
})

const isRefused = (promise: Promise<unknown>): Promise<boolean> =>
    promise.then(
        () => false,
        () => true,
    )

/** A process that has ended and waits for its parent to notice is not alive. */
function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0)
    } catch {
        return false
    }
    return !isZombie(pid)
}

function isZombie(pid: number): boolean {
    try {
        return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") ?? false
    } catch {
        return false
    }
}
