import Module from "node:module"
import { join } from "node:path"

/**
 * Sends requests for the package by its name to its sources, and requests for TypeORM to the version that the
 * environment variable `TYPEORM` names: `1` (default), `0.3.31` or `0.3.20`. It reaches `require` in lib/, spec/ and
 * samples/ alike, so that the library and its specs always hold the same TypeORM.
 */

const ROOT = join(__dirname, "..", "..")
const PACKAGE = "typeorm-second-level-cache"
const ALIASES: Record<string, string> = { "1": "typeorm", "0.3.31": "typeorm-0.3.31", "0.3.20": "typeorm-0.3.20" }

/** The TypeORM that this process runs on: `1`, `0.3.31` or `0.3.20`. */
export const typeormVersion = process.env.TYPEORM || "1"

const alias = ALIASES[typeormVersion]
if (alias === undefined)
    throw new Error(`TYPEORM=${typeormVersion} is not known: choose from ${Object.keys(ALIASES).join(", ")}`)

type Resolve = (this: unknown, request: string, ...rest: unknown[]) => string
const internals = Module as unknown as { _resolveFilename: Resolve }
const original = internals._resolveFilename

internals._resolveFilename = function resolve(request, ...rest) {
    return original.call(this, rename(request), ...rest)
}

function rename(request: string): string {
    if (request === "typeorm" || request.startsWith("typeorm/")) return `${alias}${request.slice("typeorm".length)}`
    if (request === PACKAGE) return join(ROOT, "lib", "index.ts")
    if (request.startsWith(`${PACKAGE}/`) && request !== `${PACKAGE}/package.json`)
        return join(ROOT, "lib", request.slice(PACKAGE.length + 1), "index.ts")
    return request
}
