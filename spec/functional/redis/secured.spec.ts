import { expect } from "chai"
import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis, type RedisOptions } from "ioredis"
import { Redis as Redis6 } from "ioredis-6"
import { RedisStore } from "../../../lib/redis"
import { TieredStore } from "../../../lib/store/TieredStore"
import { describeCacheStore } from "../../../lib/testing/describeCacheStore"
import { leaveOut, START_TIMEOUT } from "../../support/choice"
import { findProgram } from "../../support/server/findProgram"
import { freePort } from "../../support/server/freePort"
import type { StartedServer } from "../../support/server/ServerProcess"
import { findRedis, startRedis } from "../../support/startRedis"
import { untilNear } from "../../support/untilNear"
import { ROOT } from "../../architecture/packageExports"

/** The rights that the documentation tells users to give, with the prefix of the suite in place of theirs. */
function documentedRights(): string[] {
    const page = readFileSync(join(ROOT, "docs", "redis-layout.md"), "utf8")
    const command = /^ACL SETUSER cache on >\S+ (.*)$/m.exec(page)?.[1]
    if (command === undefined) throw new Error("docs/redis-layout.md has no ACL SETUSER")
    return command.replace("~shop:*", "~conformance:*").split(" ")
}

describe("RedisStore behind TLS, with no more rights than it needs", () => {
    const openssl = findProgram("openssl")
    if (findRedis() === undefined) return leaveOut("redis", "redis-server is not installed")
    if (openssl === undefined) return leaveOut("a certificate", "openssl is not installed")

    let folder: string
    let server: StartedServer
    let port: number
    const clients: { disconnect(): void }[] = []

    before(async function () {
        this.timeout(START_TIMEOUT)
        folder = mkdtempSync(join(tmpdir(), "second-level-cache-tls-"))
        // the server may run as another user
        chmodSync(folder, 0o755)
        const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")]
        const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject]
        execFileSync(openssl, [...request, "-keyout", key, "-out", cert], { stdio: "pipe" })
        chmodSync(key, 0o644)
        port = await freePort()
        const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert]
        server = await startRedis({ args: ["--tls-port", String(port), "--tls-auth-clients", "no", ...files] })
        const admin = new Redis(server.url)
        await admin.call("ACL", "SETUSER", "cache", "on", ">secret", ...documentedRights())
        await admin.call("ACL", "SETUSER", "default", "off")
        admin.disconnect()
    })
    after(async () => {
        for (const client of clients) client.disconnect()
        await server.stop()
        rmSync(folder, { recursive: true })
    })

    const options = (): RedisOptions => ({
        ...{ host: "127.0.0.1", port, username: "cache", password: "secret" },
        tls: { ca: readFileSync(join(folder, "cert.pem")) },
    })
    const keep = <T extends { disconnect(): void }>(client: T): T => (clients.push(client), client)

    describeCacheStore(
        "ioredis 5",
        () => new RedisStore({ client: keep(new Redis(options())), distributedLock: "300ms" }),
        { locks: true },
    )
    describeCacheStore(
        "ioredis 6, with bytes",
        () => new RedisStore({ client: keep(new Redis6(options() as never)) }),
        {
            bytes: true,
        },
    )
    describeCacheStore("a near tier", async () => {
        const store = new TieredStore({ far: new RedisStore({ client: keep(new Redis(options())) }) })
        await untilNear(store)
        return store
    })

    it("is reached by a url, too", async () => {
        const store = new RedisStore({
            url: `rediss://cache:secret@127.0.0.1:${port}`,
            options: { tls: options().tls! },
        })
        expect(await store.stamp(["conformance:t:url"], "stamp", 1_000)).to.deep.equal(["stamp"])
        await store.close()
    })

    it("may touch nothing but its own keys", async () => {
        const store = new RedisStore({ client: keep(new Redis(options())) })
        const error = await store.read(["other:key"], []).catch((reason: unknown) => reason)
        expect(error).to.include({ code: "E_STORE" })
        expect(String(error)).to.match(/NOPERM/)
    })
})
