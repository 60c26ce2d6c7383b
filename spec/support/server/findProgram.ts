import { accessSync, constants, readdirSync } from "node:fs"
import { delimiter, join } from "node:path"

const USUAL_PLACES = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/opt/homebrew/bin"]

/** The path of a program on `PATH` or where distributions put it, newest PostgreSQL first; `undefined` if it is nowhere. */
export function findProgram(...names: string[]): string | undefined {
    const folders = [...(process.env.PATH ?? "").split(delimiter), ...USUAL_PLACES, ...postgresFolders()]
    for (const name of names)
        for (const folder of folders) if (folder && isExecutable(join(folder, name))) return join(folder, name)
    return undefined
}

function postgresFolders(): string[] {
    try {
        const versions = readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a))
        return versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
    } catch {
        return []
    }
}

function isExecutable(path: string): boolean {
    try {
        accessSync(path, constants.X_OK)
        return true
    } catch {
        return false
    }
}
