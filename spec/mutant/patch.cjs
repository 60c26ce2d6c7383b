"use strict"

// Loaded into a run of mocha before anything else: one source file of the library is read with some of its text
// replaced. The run ends with a code of its own when the text is not there (exactly once) or the file was never read.

const fs = require("node:fs")
const { join } = require("node:path")

const { file, edits } = JSON.parse(process.env.MUTANT)
const path = join(__dirname, "..", "..", file)
const NO_SUCH_TEXT = 98
const NEVER_READ = 99

const read = fs.readFileSync
let wasRead = false
fs.readFileSync = function readFileSync(name, ...rest) {
    const content = read.call(this, name, ...rest)
    if (name !== path) return content
    wasRead = true
    let text = String(content)
    for (const [from, to] of edits) {
        if (text.split(from).length !== 2) process.exit(NO_SUCH_TEXT)
        text = text.replace(from, () => to)
    }
    return typeof content === "string" ? text : Buffer.from(text)
}

process.on("exit", () => {
    if (!wasRead) process.exitCode = NEVER_READ
})
