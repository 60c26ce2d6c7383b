"use strict"

const { fork } = require("node:child_process")
const { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } = require("node:fs")
const { tmpdir } = require("node:os")
const { join } = require("node:path")

/** Milliseconds in which a spec or a hook must begin or end: more than a server may take to start. */
const PATIENCE = 360_000

const running = new Set()
process.on("exit", () => running.forEach(kill))

/**
 * Runs mocha in a process of its own, and ends it when nothing happens there any more.
 *
 * @param options.args for mocha
 * @param options.isShown whether its output is that of this process; else it is part of the answer
 * @returns the numbers, the reasons for which specs failed, and the output. A run that broke off has failed, with a reason
 *     that says in which spec.
 */
exports.perform = async function perform({ title, args, env, isShown = false, patience = PATIENCE }) {
    const folder = mkdtempSync(join(tmpdir(), "second-level-cache-lane-"))
    const [summary, log] = [join(folder, "summary"), join(folder, "log")]
    try {
        const file = isShown ? "inherit" : openSync(log, "w")
        const child = fork(require.resolve("mocha/bin/mocha.js"), args, {
            stdio: ["ignore", file, file, "ipc"],
            env: { ...process.env, ...env, SPEC_SUMMARY: summary },
            // a group, so that its end is that of the processes it has started
            detached: true,
        })
        if (!isShown) closeSync(file)
        const { seen, last, how } = await watch(child, patience)
        const hasEnded = existsSync(summary)
        const result = hasEnded ? JSON.parse(readFileSync(summary, "utf8")) : seen
        if (!hasEnded || how.startsWith("nothing")) result.reasons.push(`${title}: broke off in "${last}": ${how}`)
        // pending specs that FAIL_ON_PENDING refuses are reasons, and mocha does not count them
        result.failed = Math.max(result.failed, result.reasons.length, how === "0" ? 0 : 1)
        return { ...result, output: isShown ? "" : readFileSync(log, "utf8") }
    } finally {
        rmSync(folder, { recursive: true, force: true })
    }
}

/** What is known of a run from what it tells, where it was last, and how it ended: with which code, signal, or not at all. */
async function watch(child, patience) {
    const seen = { passed: 0, failed: 0, skipped: 0, reasons: [] }
    let last = "the start"
    let isStuck = false
    let timer
    const wait = () => {
        clearTimeout(timer)
        timer = setTimeout(() => {
            isStuck = true
            kill(child)
        }, patience)
    }
    running.add(child)
    wait()
    child.on("message", ({ spec, passed, reason }) => {
        wait()
        last = spec
        seen.passed = passed
        if (reason) seen.reasons.push(reason)
    })
    const how = await new Promise((resolve) => {
        child.once("error", (error) => resolve(error.message))
        child.once("close", (code, signal) => resolve(String(signal ?? code)))
    })
    clearTimeout(timer)
    running.delete(child)
    return { seen, last, how: isStuck ? `nothing happened for ${patience / 1000} s` : how }
}

function kill({ pid }) {
    try {
        process.kill(-pid, "SIGKILL")
    } catch {
        // it is gone
    }
}
