import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import Module from "node:module"
import { join } from "node:path"

/**
 * The library as it is published, compiled into a folder of this run's own. From here on, requests for the package by its
 * name lead to it. Import this before anything that imports the package.
 */

const ROOT = join(__dirname, "..", "..")
const PACKAGE = "typeorm-second-level-cache"

/** Where the compiled library lies; gone when the process ends. */
export const builtLibrary = build()

type Resolve = (this: unknown, request: string, ...rest: unknown[]) => string
const internals = Module as unknown as { _resolveFilename: Resolve }
const original = internals._resolveFilename

internals._resolveFilename = function resolve(request, ...rest) {
    if (request === PACKAGE || request.startsWith(`${PACKAGE}/`))
        return join(builtLibrary, request.slice(PACKAGE.length), "index.js")
    return original.call(this, request, ...rest)
}

function build(): string {
    // under node_modules, so that what the library requires is found
    const cache = join(ROOT, "node_modules", ".cache")
    mkdirSync(cache, { recursive: true })
    const folder = mkdtempSync(join(cache, "benchmark-"))
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
    const compiler = require.resolve("typescript/bin/tsc")
    const options = ["-p", join(ROOT, "tsconfig.build.json"), "--noCheck", "--declaration", "false"]
    const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, "--outDir", folder], {
        encoding: "utf8",
    })
    if (status !== 0) throw new Error(`the library does not compile:\n${stdout}`)
    cpSync(join(ROOT, "lib", "redis", "script"), join(folder, "redis", "script"), { recursive: true })
    return folder
}
