import { expect } from "chai"
import type { Redis } from "ioredis"
import { CacheError } from "../../../lib/error/CacheError"
import { RedisStore } from "../../../lib/redis"
import { RedisScript } from "../../../lib/redis/RedisScript"
import { FENCED } from "../../../lib/store/CacheStore"
import { leaveOut } from "../../support/choice"
import type { StartedServer } from "../../support/server/ServerProcess"
import { findRedis, startRedis } from "../../support/startRedis"
import { openClient, type ClientVersion } from "./openClient"
import { tap } from "./wiretap"

const LONG = 60_000
const many = (prefix: string, count = 1_000) => Array.from({ length: count }, (_, i) => `${prefix}:${i}`)
const entry = (key: string, stamps: [string, string][] = []) => ({ key, payload: "{}", ttl: LONG, stamps, size: 2 })

for (const version of [5, 6] as ClientVersion[])
    describe(`RedisStore on ioredis ${version}`, function () {
        if (findRedis() === undefined) return leaveOut("redis", "redis-server is not installed")

        let server: StartedServer
        let client: Redis
        let store: RedisStore

        before(async () => {
            server = await startRedis()
        })
        beforeEach(async () => {
            client = await openClient(version, server.url)
            await client.flushall()
            await client.script("FLUSH")
            store = new RedisStore({ client })
        })
        afterEach(() => client.disconnect())
        after(() => server.stop())

        describe("trips", () => {
            it("reads values and stamps with one MGET", async () => {
                const seen = await tap(client, async () => store.read(["k1", "k2"], ["t1", "t2", "t3"]))
                expect(seen.commands).to.deep.equal([["mget", "k1", "k2", "t1", "t2", "t3"]])
                expect(seen.writes).to.equal(1)
            })

            it("reads lives before what lives, in one trip", async () => {
                const seen = await tap(client, async () => store.readWithLives(["k1", "k2"], ["t1"]))
                expect(seen.commands).to.deep.equal([
                    ["pttl", "k1"],
                    ["pttl", "k2"],
                    ["mget", "k1", "k2", "t1"],
                ])
                expect(seen.writes).to.equal(1)
            })

            it("sends nothing when nothing is asked", async () => {
                const seen = await tap(client, async () => {
                    await store.read([], [])
                    await store.stamp([], "token", 1)
                    await store.write([])
                    await store.fence([], "owner", 1)
                    await store.release([], "owner", 1)
                    await store.delete([])
                })
                expect(seen.names).to.deep.equal([])
            })

            it("stamps with SET NX and one MGET in one trip", async () => {
                const seen = await tap(client, async () => store.stamp(["t1", "t2"], "token", 500))
                expect(seen.commands).to.deep.equal([
                    ["set", "t1", "token", "PX", "500", "NX"],
                    ["set", "t2", "token", "PX", "500", "NX"],
                    ["mget", "t1", "t2"],
                ])
                expect(seen.writes).to.equal(1)
            })

            for (const act of ["fence", "release"] as const)
                it(`makes one trip to ${act} a thousand tags, and sends the script's text once`, async () => {
                    const first = await tap(client, async () => store[act](many("t"), "owner", LONG))
                    expect(first.writes).to.equal(1)
                    expect(first.names.filter((name) => name === "eval")).to.have.length(1)
                    const second = await tap(client, async () => store[act](many("t"), "owner", LONG))
                    expect(second.writes).to.equal(1)
                    expect(second.names).to.deep.equal([...Array<string>(1_000).fill("evalsha"), "publish"])
                })

            it("writes entries and touches each stamp once in one trip", async () => {
                await store.stamp(["t1", "t2"], "token", 1_000)
                const entries = many("k", 50).map((key) => entry(key, [["t1", "token"], ["t2", "token"]])) // prettier-ignore
                const seen = await tap(client, async () => store.write(entries))
                expect(seen.names.filter((name) => name === "set")).to.have.length(50)
                expect(seen.names.filter((name) => name.startsWith("eval"))).to.have.length(2)
                expect(seen.writes).to.equal(1)
            })

            it("walks with SCAN to clear, and never with KEYS or FLUSHDB", async () => {
                await store.write(many("c:k", 5_000).map((key) => entry(key)))
                const seen = await tap(client, async () => store.clear("c:"))
                expect(new Set(seen.names)).to.deep.equal(new Set(["scan", "eval", "evalsha", "publish"]))
                expect(await client.dbsize()).to.equal(0)
            })
        })

        describe("what it tells of invalidations", () => {
            const told = async (
                options: { announce?: boolean | string },
                act: (store: RedisStore) => Promise<void>,
            ) => {
                const quiet = new RedisStore({ client, ...options })
                const { commands } = await tap(client, () => act(quiet))
                return commands.filter(([name]) => name === "publish").map(([, ...args]) => args)
            }
            const TAGS = JSON.stringify(["tags", ["a", "b"]])

            it("is sent behind the fence and behind the release", async () => {
                expect(await told({}, (it) => it.fence(["a", "b"], "owner", LONG))).to.deep.equal([
                    ["second-level-cache", TAGS],
                ])
                expect(await told({}, (it) => it.release(["a", "b"], "owner", LONG))).to.deep.equal([
                    ["second-level-cache", TAGS],
                ])
            })

            it("is sent behind a clear", async () => {
                expect(await told({}, (it) => it.clear("p:"))).to.deep.equal([["second-level-cache", `["clear","p:"]`]])
            })

            it("goes to the channel of one's own", async () => {
                expect(await told({ announce: "mine" }, (it) => it.fence(["a", "b"], "owner", LONG))).to.deep.equal([
                    ["mine", TAGS],
                ])
            })

            it("is nothing where it is switched off", async () => {
                const quiet = async (it: RedisStore) => {
                    await it.fence(["a"], "owner", LONG)
                    await it.release(["a"], "owner", LONG)
                    await it.clear("p:")
                }
                expect(await told({ announce: false }, quiet)).to.deep.equal([])
            })

            it("fails the write when it may not have arrived, so that all of it is repeated", async () => {
                const { pipeline } = client
                const cut = (...args: Parameters<typeof pipeline>) => {
                    const made = pipeline.apply(client, args)
                    const exec = made.exec.bind(made)
                    const lost = async () => [
                        ...(await exec())!.slice(0, -1),
                        [new Error("Connection is closed."), undefined],
                    ]
                    return Object.assign(made, { exec: lost })
                }
                Object.assign(client, { pipeline: cut })
                const acts: ((it: RedisStore) => Promise<void>)[] = [
                    (it) => it.fence(["a"], "owner", LONG),
                    (it) => it.release(["a"], "owner", LONG),
                    (it) => it.clear("p:"),
                ]
                for (const act of acts)
                    expect(await act(store).catch((reason: unknown) => reason)).to.include({ code: "E_STORE" })
            })

            it("does not fail the write when Redis refuses to send it", async () => {
                await client.call("ACL", "SETUSER", "mute", "on", ">secret", "~*", "+@all", "resetchannels")
                const url = new URL(server.url)
                url.username = "mute"
                url.password = "secret"
                const mute = await openClient(version, url.href)
                try {
                    const quiet = new RedisStore({ client: mute })
                    await quiet.fence(["a"], "owner", LONG)
                    expect((await quiet.read([], ["a"])).tags).to.deep.equal([FENCED])
                    await quiet.release(["a"], "owner", LONG)
                    await quiet.clear("p:")
                } finally {
                    mute.disconnect()
                }
            })
        })

        describe("waitForReplicas", () => {
            it("counts what changes tags as failed while too few have it, and as made once they do", async () => {
                const waiting = new RedisStore({ client, waitForReplicas: { count: 1, timeout: 20 } })
                const seen = await tap(client, async () => {
                    for (const act of ["fence", "release"] as const) {
                        const error = await waiting[act](["a", "b"], "owner", LONG).catch((it: unknown) => it)
                        expect(error).to.include({ code: "E_STORE" })
                        expect((error as Error).message).to.match(/0 replicas have it, and 1/)
                    }
                })
                expect(seen.commands.filter(([name]) => name === "wait")).to.deep.equal([
                    ["wait", "1", "20"],
                    ["wait", "1", "20"],
                ])
                const replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(server.port)] })
                try {
                    while (!/online/.test(await client.info("replication")))
                        await new Promise((resolve) => setTimeout(resolve, 10))
                    const patient = new RedisStore({ client, waitForReplicas: { count: 1, timeout: "5s" } })
                    await patient.fence(["a"], "owner", LONG)
                    const other = await openClient(version, replica.url)
                    expect(await other.get("a")).to.match(/^!owner/)
                    other.disconnect()
                    await patient.release(["a"], "owner", LONG)
                    await patient.fence([], "owner", LONG)
                } finally {
                    await replica.stop()
                }
            })

            it("waits for nothing where nobody asks for it", async () => {
                const seen = await tap(client, async () => store.release(["a"], "owner", LONG))
                expect(seen.names).to.not.include("wait")
            })
        })

        describe("scripts", () => {
            it("tells Redis a script again after it forgot it, and repeats only what failed", async () => {
                await store.fence(["warm"], "owner", LONG)
                await client.script("FLUSH")
                const seen = await tap(client, async () => store.fence(["a", "b", "c"], "owner", LONG))
                expect(seen.writes).to.equal(2)
                const tries = [["evalsha", "evalsha", "evalsha"], ["eval", "evalsha", "evalsha"]] // prettier-ignore
                // told again as well: what was told the first time had not been done yet
                expect(seen.names).to.deep.equal(tries.flatMap((names) => [...names, "publish"]))
                expect((await store.read([], ["a", "b", "c"])).tags).to.deep.equal([FENCED, FENCED, FENCED])
            })

            it("repeats only the touches when entries and touches go together", async () => {
                await store.stamp(["t"], "token", 1_000)
                await store.write([entry("warm", [["t", "token"]])])
                await client.script("FLUSH")
                const seen = await tap(client, async () => store.write([entry("k", [["t", "token"]])]))
                expect(seen.names).to.deep.equal(["set", "evalsha", "eval"])
            })

            it("works on after a restart of Redis", async () => {
                await store.fence(["a"], "owner", LONG)
                await server.restart()
                await store.fence(["a"], "owner", LONG)
                expect((await store.read([], ["a"])).tags).to.deep.equal([FENCED])
            })

            it("makes another stamp when a client sends the same release twice", async () => {
                const { source } = new RedisScript("release-1")
                await client.eval(source, 1, "tag", "owner", "token", LONG)
                const first = await client.get("tag")
                await client.eval(source, 1, "tag", "owner", "token", LONG)
                expect(await client.get("tag")).to.not.equal(first)
            })
        })

        describe("layout", () => {
            it("keeps the owners of a fence with their deadlines, and lets the key expire with the last", async () => {
                await store.fence(["t"], "long", 50_000)
                await store.fence(["t"], "short", 10_000)
                expect(await client.get("t")).to.match(/^!long:\d+,short:\d+$/)
                expect(await client.pttl("t")).to.be.within(40_000, 50_000)
                await store.release(["t"], "long", LONG)
                expect(await client.get("t")).to.match(/^!short:\d+$/)
                expect(await client.pttl("t")).to.be.within(1, 10_000)
            })

            it("names each owner once, and no dead ones", async () => {
                const later = Date.now() + 3_600_000
                await client.set("t", `!dead:1000,live:${later},mine:${later},late:2000`)
                await store.fence(["t"], "mine", 10_000)
                expect(await client.get("t")).to.equal(`!live:${later},mine:${later}`)
                await client.set("t", `!dead:1000,live:${later},mine:${later},late:2000`)
                await store.release(["t"], "mine", LONG)
                expect(await client.get("t")).to.equal(`!live:${later}`)
            })

            it("lets everything expire that has a ttl", async () => {
                await store.stamp(["t"], "token", 1_000)
                await store.write([entry("k", [["t", "token"]])])
                await store.release(["r"], "owner", LONG)
                for (const key of ["t", "k", "r"]) expect(await client.pttl(key), key).to.be.within(50_000, LONG)
            })

            it("leaves what is no string alone when it clears", async () => {
                await client.hset("p:hash", "field", "value")
                await store.write([entry("p:entry"), { ...entry("p:odd"), payload: "!looks:1" }])
                await store.fence(["p:fence"], "owner", LONG)
                await store.clear("p:")
                expect((await client.keys("*")).sort()).to.deep.equal(["p:fence", "p:hash"])
            })

            it("clears below the client's own key prefix, and nowhere else", async () => {
                const prefixed = await openClient(version, server.url, { keyPrefix: "own:" })
                try {
                    const inside = new RedisStore({ client: prefixed })
                    await inside.write([entry("p:k")])
                    await store.write([entry("p:k")])
                    await inside.clear("p:")
                    expect(await client.keys("*")).to.deep.equal(["p:k"])
                } finally {
                    prefixed.disconnect()
                }
            })
        })

        describe("failures", () => {
            it("rejects with the first error of a pipeline, and does the rest", async () => {
                await client.hset("hash", "field", "value")
                const error = await store.fence(["a", "hash", "b"], "owner", LONG).catch((reason: unknown) => reason)
                expect(error).to.be.instanceOf(CacheError)
                expect(error).to.include({ code: "E_STORE" })
                expect((error as CacheError).message)
                    .to.contain("fence-1")
                    .and.to.contain("WRONGTYPE")
                expect((error as CacheError).cause).to.be.instanceOf(Error)
                expect((await store.read([], ["a", "b"])).tags).to.deep.equal([FENCED, FENCED])
            })

            it("rejects a stamp or an owner that would be read as a fence", async () => {
                for (const text of ["!", "", "a:b", "a,b", "a\n"]) {
                    const calls = [
                        () => store.stamp(["t"], text, LONG),
                        () => store.fence(["t"], text, LONG),
                        () => store.release(["t"], text, LONG),
                    ]
                    for (const call of calls) {
                        const error = await call().catch((reason: unknown) => reason)
                        expect(error, JSON.stringify(text)).to.include({ code: "E_STORE" })
                    }
                }
                expect(await client.dbsize()).to.equal(0)
            })

            it("rejects a payload that is no string, and names its key", async () => {
                const error = await store.write([{ ...entry("k"), payload: {} }]).catch((reason: unknown) => reason)
                expect(error).to.include({ code: "E_STORE", key: "k" })
            })

            it("rejects every call with E_STORE when the connection is gone", async () => {
                client.disconnect()
                const calls = [
                    () => store.read(["k"], ["t"]),
                    () => store.stamp(["t"], "token", LONG),
                    () => store.write([entry("k")]),
                    () => store.fence(["t"], "owner", LONG),
                    () => store.release(["t"], "owner", LONG),
                    () => store.delete(["k"]),
                    () => store.clear("k"),
                ]
                for (const call of calls)
                    expect(await call().catch((reason: unknown) => reason)).to.include({ code: "E_STORE" })
            })
        })

        it("leaves a client open that it did not make", async () => {
            await store.close()
            expect(await client.ping()).to.equal("PONG")
        })

        it("lets one of many proposals from two connections win", async () => {
            const other = await openClient(version, server.url)
            try {
                const stores = [store, new RedisStore({ client: other })]
                const answers = await Promise.all(
                    many("p").map(async (_, i) => (await stores[i % 2]!.stamp(["t"], `proposal-${i}`, LONG))[0]),
                )
                expect(new Set(answers)).to.deep.equal(new Set([await client.get("t")]))
            } finally {
                other.disconnect()
            }
        })
    })
