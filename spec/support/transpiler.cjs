"use strict"

// What ts-node makes JavaScript with (tsconfig.json). The suite starts dozens of processes on the same sources, each of
// which would spend seconds on that: what one has made is kept for the others.

const { createHash } = require("node:crypto")
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")
const { version } = require("typescript/package.json")

const FOLDER = join(__dirname, "..", "..", "node_modules", ".cache", "second-level-cache-specs")

exports.create = ({ service: { config } }) => {
    const compilerOptions = { ...config.options, declaration: false, declarationMap: false }
    const settings = `${version} ${JSON.stringify(compilerOptions)}`
    return {
        transpile(code, { fileName }) {
            const key = createHash("sha256").update(`${settings}\n${fileName}\n${code}`).digest("hex")
            const path = join(FOLDER, `${key}.json`)
            const kept = read(path)
            if (kept !== undefined) return kept
            const made = require("typescript").transpileModule(code, {
                fileName,
                compilerOptions,
                reportDiagnostics: true,
            })
            if (!made.diagnostics?.length) keep(path, made)
            return made
        },
    }
}

function read(path) {
    try {
        return JSON.parse(readFileSync(path, "utf8"))
    } catch {
        return undefined
    }
}

/** Another process never reads half of it. */
function keep(path, { outputText, sourceMapText }) {
    const own = `${path}.${process.pid}`
    try {
        mkdirSync(FOLDER, { recursive: true })
        writeFileSync(own, JSON.stringify({ outputText, sourceMapText }))
        renameSync(own, path)
    } catch {
        // it is made anew every time where nothing can be written
    }
}
