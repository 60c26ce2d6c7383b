import { dirname, join } from "node:path"
import { createConnection } from "mysql2/promise"
import { findProgram } from "./server/findProgram"
import { ServerProcess, type StartedServer } from "./server/ServerProcess"
import { unprivilegedUser } from "./server/unprivilegedUser"

/** Settings that give durability for speed and memory: the data are thrown away. */
export const MARIADB_SETTINGS = [
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--max-connections=200",
    "--character-set-server=utf8mb4",
]

const findInstaller = (): string | undefined => findProgram("mariadb-install-db", "mysql_install_db")

/** Where the server program is, if it is installed with its installer of system tables. */
export function findMariadb(): string | undefined {
    return findInstaller() && findProgram("mariadbd")
}

/**
 * Starts a MariaDB of the caller's own, for specs that kill or stop it.
 *
 * @param options.args more of the program's options
 * @throws Error with the server's log when it does not come up
 */
export async function startMariadb(options: { args?: readonly string[] } = {}): Promise<StartedServer> {
    const program = findMariadb()
    const installer = findInstaller()
    if (program === undefined || installer === undefined) throw new Error("MariaDB's server programs are not installed")
    const user = unprivilegedUser("mysql")
    return ServerProcess.start({
        name: "mariadb",
        user,
        stopSignal: "SIGKILL",
        prepare: (folder) => [
            [
                installer,
                ...["--no-defaults", `--basedir=${dirname(dirname(installer))}`, `--datadir=${join(folder, "data")}`],
                ...["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
            ],
        ],
        command: (folder, port) => [
            program,
            ...["--no-defaults", `--datadir=${join(folder, "data")}`, `--socket=${join(folder, "mariadb.sock")}`],
            ...[`--pid-file=${join(folder, "mariadb.pid")}`, `--tmpdir=${folder}`],
            ...["--skip-networking=0", "--bind-address=127.0.0.1", `--port=${port}`],
            ...(user ? [`--user=${user.name}`] : []),
            ...MARIADB_SETTINGS,
            ...(options.args ?? []),
        ],
        url: (port) => `mysql://root@127.0.0.1:${port}`,
        ping: pingMariadb,
    })
}

/** Resolves when the server answers, rejects when it does not. */
export async function pingMariadb(url: string): Promise<void> {
    const connection = await createConnection({ uri: url, connectTimeout: 5000 })
    connection.on("error", () => undefined)
    try {
        await connection.query("SELECT 1")
    } finally {
        connection.destroy()
    }
}
