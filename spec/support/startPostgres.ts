import { dirname, join } from "node:path"
import { Client } from "pg"
import { findProgram } from "./server/findProgram"
import { ServerProcess, type StartedServer } from "./server/ServerProcess"
import { unprivilegedUser } from "./server/unprivilegedUser"

/** Settings that give durability for speed: the data are thrown away. */
export const POSTGRES_SETTINGS = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=100",
    "shared_buffers=64MB",
    "max_wal_size=2GB",
    "autovacuum=off",
].flatMap((setting) => ["-c", setting])

/** Where the server program is, if it is installed with `initdb`. */
export function findPostgres(): string | undefined {
    return findProgram("initdb") && findProgram("postgres")
}

/**
 * Starts a PostgreSQL of the caller's own, for specs that kill or stop it.
 *
 * @param options.settings more settings, such as `["max_prepared_transactions=5"]`
 * @throws Error with the server's log when it does not come up
 */
export async function startPostgres(options: { settings?: readonly string[] } = {}): Promise<StartedServer> {
    const program = findPostgres()
    const initdb = findProgram("initdb")
    if (program === undefined || initdb === undefined) throw new Error("PostgreSQL's server programs are not installed")
    const settings = (options.settings ?? []).flatMap((setting) => ["-c", setting])
    return ServerProcess.start({
        name: "postgres",
        user: unprivilegedUser("postgres"),
        // An immediate shutdown. SIGKILL would leave its shared memory behind.
        stopSignal: "SIGQUIT",
        prepare: (folder) => [
            [
                initdb,
                ...["-D", join(folder, "data"), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale"],
                "--no-sync",
            ],
        ],
        command: (folder, port) => [
            program,
            ...["-D", join(folder, "data"), "-p", String(port), "-k", folder],
            ...["-c", "listen_addresses=127.0.0.1", ...POSTGRES_SETTINGS, ...settings],
        ],
        url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
        ping: pingPostgres,
    })
}

/**
 * Starts PGlite, PostgreSQL compiled to WebAssembly, behind a socket of its own. It has one database and one session, so
 * that one transaction holds up everybody else.
 *
 * @throws Error with the log when it does not come up
 */
export async function startPglite(): Promise<StartedServer> {
    const script = join(dirname(require.resolve("@electric-sql/pglite-socket")), "scripts", "server.js")
    return ServerProcess.start({
        name: "pglite",
        user: undefined,
        stopSignal: "SIGKILL",
        command: (_, port) => [process.execPath, script, `--port=${port}`, "--host=127.0.0.1", "--max-connections=100"],
        url: (port) => `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
        ping: pingPostgres,
    })
}

/** Resolves when the server answers, rejects when it does not. */
export async function pingPostgres(url: string): Promise<void> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    client.on("error", () => undefined)
    try {
        await client.connect()
        await client.query("SELECT 1")
    } finally {
        await client.end().catch(() => undefined)
    }
}
