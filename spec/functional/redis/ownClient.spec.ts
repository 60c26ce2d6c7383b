import { expect } from "chai"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import Module from "node:module"
import { resolve } from "node:path"
import { Redis } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore } from "../../../lib/redis"
import type { RedisClient } from "../../../lib/redis"
import { describeRedis } from "../../support/stores"

const failure = (call: () => unknown) => {
    try {
        return call()
    } catch (error) {
        return error
    }
}

describe("RedisStore's options", () => {
    // Types are checked by the compiler: both versions fit the shape.
    const fits: RedisClient[] = [
        new Redis({ lazyConnect: true }),
        new Redis6({ lazyConnect: true }),
        new Redis.Cluster([], { lazyConnect: true }),
        new Redis6.Cluster([], { lazyConnect: true }),
    ]

    it("take any client of ioredis 5 and 6", () => {
        for (const client of fits) expect(new RedisStore({ client }).name).to.equal("redis")
    })

    it("promise ordered reads on a single Redis and not on a cluster", () => {
        expect(fits.map((client) => new RedisStore({ client }).orderedReads)).to.deep.equal([true, true, false, false])
    })

    it("take exactly one of client and url, and only for url options", () => {
        const client = fits[0]!
        const wrong = [
            {},
            { client, url: "redis://h" },
            { client, options: {} },
            { url: "" },
            { url: 7 },
            null,
            undefined,
        ]
        for (const options of wrong)
            expect(
                failure(() => new RedisStore(options as never)),
                JSON.stringify(options),
            ).to.include({ code: "E_OPTION" })
    })

    it("refuse replicas that cannot be waited for", () => {
        const [client, , cluster] = fits as [RedisClient, RedisClient, RedisClient]
        const wrong = [{}, 1, null, { count: 0 }, { count: 1, timeout: "soon" }, { count: 1, time: 5 }]
        for (const waitForReplicas of wrong)
            expect(
                failure(() => new RedisStore({ client, waitForReplicas } as never)),
                JSON.stringify(waitForReplicas),
            ).to.include({ code: "E_OPTION" })
        expect(failure(() => new RedisStore({ client: cluster, waitForReplicas: { count: 1 } }))).to.include({
            code: "E_OPTION",
        })
    })

    it("refuse an option that there is not", () => {
        const error = failure(() => new RedisStore({ uri: "redis://h" } as never))
        expect(error).to.include({ code: "E_OPTION" })
        expect((error as Error).message).to.contain('"uri"')
    })

    it("refuse a client of another library", () => {
        for (const client of [{}, null, "redis://h", { mGet: () => {}, get: () => {} }, new Map()])
            expect(failure(() => new RedisStore({ client } as never))).to.include({ code: "E_OPTION" })
    })

    it("refuse a cluster that reads from replicas, which lag", () => {
        const client = new Redis.Cluster([], { lazyConnect: true, scaleReads: "slave" })
        const error = failure(() => new RedisStore({ client }))
        expect(error).to.include({ code: "E_OPTION" })
        expect((error as Error).message).to.contain("scaleReads")
    })

    it("name the package to install when ioredis is missing", () => {
        const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown }
        const load = loader._load
        loader._load = (request, ...rest) => {
            if (request === "ioredis")
                throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" })
            return load.call(loader, request, ...rest)
        }
        try {
            const error = failure(() => new RedisStore({ url: "redis://127.0.0.1:1" }))
            expect(error).to.include({ code: "E_MISSING_PEER" })
            expect((error as Error).message).to.contain("npm install ioredis")
        } finally {
            loader._load = load
        }
    })
})

describe("RedisStore's own client", () => {
    it("connects at its first command and not to be closed", async () => {
        let connections = 0
        const server = createServer(() => void connections++).listen(0, "127.0.0.1")
        await once(server, "listening")
        const store = new RedisStore({ url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` })
        await store.close()
        server.close()
        await once(server, "close")
        expect(connections).to.equal(0)
    })

    it("rejects soon, and crashes and prints nothing, when nobody listens at the url", async () => {
        // A port that was free a moment ago.
        const server = createServer().listen(0, "127.0.0.1")
        await once(server, "listening")
        const { port } = server.address() as AddressInfo
        server.close()
        const store = new RedisStore({ url: `redis://127.0.0.1:${port}` })
        const printed: unknown[][] = []
        const print = console.error
        console.error = (...line: unknown[]) => void printed.push(line)
        try {
            const before = performance.now()
            const errors = await Promise.all([
                Promise.resolve(store.read(["k"], [])).catch((error: unknown) => error),
                Promise.resolve(store.fence(["t"], "owner", 1_000)).catch((error: unknown) => error),
            ])
            for (const error of errors) {
                expect(error).to.include({ code: "E_STORE" })
                expect((error as Error).message).to.include("no connection")
            }
            expect(performance.now() - before).to.be.below(5_000)
            expect(printed).to.deep.equal([])
        } finally {
            console.error = print
            await store.close()
        }
    })

    it("is closed at once while commands wait for a connection, and rejects them", async () => {
        const server = createServer((socket) => void socket.destroy()).listen(0, "127.0.0.1")
        await once(server, "listening")
        const { port } = server.address() as AddressInfo
        const store = new RedisStore({
            url: `redis://127.0.0.1:${port}`,
            options: { commandTimeout: 600_000, maxRetriesPerRequest: null, retryStrategy: () => 600_000 },
        })
        const waiting = store.read(["k"], []).catch((error: unknown) => error)
        await once(server, "connection")
        await store.close()
        expect(await waiting).to.include({ code: "E_STORE" })
        server.close()
    })

    it("gives up on a server that takes the connection and never answers", async () => {
        const server = createServer(() => {}).listen(0, "127.0.0.1")
        await once(server, "listening")
        const { port } = server.address() as AddressInfo
        const store = new RedisStore({ url: `redis://127.0.0.1:${port}`, options: { commandTimeout: 50 } })
        try {
            expect(await store.read(["k"], []).catch((error: unknown) => error)).to.include({ code: "E_STORE" })
        } finally {
            await store.close()
            server.close()
        }
    })
})

describeRedis("RedisStore's own client", (redis) => {
    it("rejects after close, closed twice or not", async () => {
        const store = new RedisStore({ url: redis.url })
        await store.read(["k"], [])
        await store.close()
        await store.close()
        expect(await store.read(["k"], []).catch((error: unknown) => error)).to.include({ code: "E_STORE" })
    })

    it("is closed without ever having connected", async () => {
        const store = new RedisStore({ url: redis.url })
        await store.close()
        expect(await store.read(["k"], []).catch((error: unknown) => error)).to.include({ code: "E_STORE" })
    })

    it("lets the process end after close", async () => {
        const script = `
            const { RedisStore } = require(${JSON.stringify(resolve("lib/redis"))})
            const store = new RedisStore({ url: ${JSON.stringify(redis.url)} })
            store.read(["k"], []).then(() => store.close())`
        const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", "-e", script], {
            stdio: ["ignore", "inherit", "inherit"],
            timeout: 15_000,
        })
        expect(await once(child, "exit")).to.deep.equal([0, null])
    }).timeout(20_000)
})
