import { ServerProcess, type StartedServer } from "./server/ServerProcess"
import { unprivilegedUser } from "./server/unprivilegedUser"
import { findRedis, pingRedis } from "./startRedis"

/**
 * Starts a Sentinel of the caller's own that watches one master under the name `main`, and puts a replica in its place
 * when it has been away for 300 ms.
 *
 * @throws Error with its log when it does not come up
 */
export async function startSentinel(masterPort: number): Promise<StartedServer> {
    const program = findRedis()
    if (program === undefined) throw new Error("redis-server is not installed")
    const lines = [
        `sentinel monitor main 127.0.0.1 ${masterPort} 1`,
        "sentinel down-after-milliseconds main 300",
        "sentinel failover-timeout main 3000",
    ]
    return ServerProcess.start({
        name: "sentinel",
        user: unprivilegedUser("redis"),
        stopSignal: "SIGKILL",
        // A Sentinel writes into its file what it has found out.
        prepare: (folder) => [["sh", "-c", `printf '%s\\n' "$@" > ${folder}/sentinel.conf`, "sh", ...lines]],
        command: (folder, port) => [
            program,
            `${folder}/sentinel.conf`,
            ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--sentinel"],
        ],
        url: (port) => `redis://127.0.0.1:${port}`,
        ping: pingRedis,
    })
}
