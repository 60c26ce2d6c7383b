import { readFileSync } from "node:fs"

/** Who a server runs as. */
export interface User {
    readonly name: string
    readonly uid: number
    readonly gid: number
}

/**
 * The user that servers run as when the suite runs as root, which PostgreSQL and MariaDB refuse: the first of the given
 * names in /etc/passwd. `undefined` when the suite is not root, and no change of user is needed.
 *
 * @throws Error when the suite is root and there is none of them
 */
export function unprivilegedUser(...names: string[]): User | undefined {
    if (process.getuid?.() !== 0) return undefined
    const lines = readFileSync("/etc/passwd", "utf8").split("\n")
    for (const wanted of [...names, "nobody"])
        for (const line of lines) {
            const [name, , uid, gid] = line.split(":")
            if (name === wanted && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) }
        }
    throw new Error("the suite runs as root, and there is no unprivileged user to run a server as")
}
