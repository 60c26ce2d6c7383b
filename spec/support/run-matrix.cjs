"use strict"

// Runs the suite on each TypeORM in turn, or on those named as arguments, and adds the numbers up.

const { spawnSync } = require("node:child_process")
const { mkdtempSync, appendFileSync, readFileSync, rmSync } = require("node:fs")
const { tmpdir } = require("node:os")
const { join } = require("node:path")

/** What TypeORM has a part in; the rest does not change with it, or takes each version by itself. */
const ON_TYPEORM = ["functional", "race", "fault", "fuzz", "sample"]
const NOT_ON_TYPEORM = ["functional/redis", "functional/keyv"]

const versions = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ["1", "0.3.31", "0.3.20"]
const folder = mkdtempSync(join(tmpdir(), "second-level-cache-matrix-"))
// The file of whoever runs the matrix, or one of its own.
const summary = process.env.SPEC_SUMMARY || join(folder, "summary")
const total = { passed: 0, failed: 0, skipped: 0 }
appendFileSync(summary, "")
try {
    for (const version of versions) {
        console.log(`\n== TypeORM ${version}`)
        const before = lines().length
        const specs = version === "1" ? "spec/**/*.spec.ts" : `spec/{${ON_TYPEORM.join(",")}}/**/*.spec.ts`
        const ignored = version === "1" ? [] : NOT_ON_TYPEORM.flatMap((name) => ["--ignore", `spec/${name}/**`])
        const { status } = spawnSync(process.execPath, [require.resolve("mocha/bin/mocha.js"), ...ignored, specs], {
            stdio: ["ignore", "inherit", "inherit"],
            env: { ...process.env, TYPEORM: version, SPEC_SUMMARY: summary },
        })
        const results = lines().slice(before)
        for (const result of results) for (const name of Object.keys(total)) total[name] += result[name]
        // A run that broke off, or that FAIL_ON_PENDING refused, has failed whatever it had counted.
        if (status !== 0 && !results.some((result) => result.failed > 0)) total.failed++
    }
} finally {
    rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0

function lines() {
    return readFileSync(summary, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
}
