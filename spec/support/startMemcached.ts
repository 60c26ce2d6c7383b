import { connect } from "node:net"
import { findProgram } from "./server/findProgram"
import { ServerProcess, type StartedServer } from "./server/ServerProcess"
import { unprivilegedUser } from "./server/unprivilegedUser"

/** Where the server program is, if it is installed. */
export const findMemcached = (): string | undefined => findProgram("memcached")

/**
 * Starts a memcached of the caller's own.
 *
 * @throws Error with the server's log when it does not come up
 */
export async function startMemcached(): Promise<StartedServer> {
    const program = findMemcached()
    if (program === undefined) throw new Error("memcached is not installed")
    return ServerProcess.start({
        name: "memcached",
        user: unprivilegedUser("memcache", "nobody"),
        stopSignal: "SIGKILL",
        command: (_folder, port) => [program, "-p", String(port), "-l", "127.0.0.1", "-U", "0"],
        url: (port) => `memcached://127.0.0.1:${port}`,
        ping: pingMemcached,
    })
}

/** Resolves when the server answers, rejects when it does not. */
function pingMemcached(url: string): Promise<void> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.write("version\r\n"))
        socket.setTimeout(2_000, () => socket.destroy(new Error("no answer")))
        socket.once("error", reject)
        socket.once("data", () => {
            socket.destroy()
            resolve()
        })
    })
}
