import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import {
    accessSync,
    chmodSync,
    chownSync,
    closeSync,
    constants,
    existsSync,
    mkdtempSync,
    openSync,
    readFileSync,
    rmSync,
    statfsSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { freePort } from "./freePort"
import type { User } from "./unprivilegedUser"

const run = promisify(execFile)

/** A server that runs for the specs, on a port and in a temporary folder of its own. */
export interface StartedServer {
    readonly url: string
    readonly port: number
    /** Of the main process; 0 while it does not run. */
    readonly pid: number
    /** Where its data and its log are. */
    readonly folder: string
    /** Ends the process at once and waits until it is gone; its port and data stay for {@link restart}. Default SIGKILL. */
    kill(signal?: NodeJS.Signals): Promise<void>
    /** Starts the process again on the same port and data, killing it first if it runs. */
    restart(): Promise<void>
    /** Sends a signal such as SIGSTOP or SIGCONT and waits for nothing. */
    signal(signal: NodeJS.Signals): void
    /** Ends the process and removes its folder. */
    stop(): Promise<void>
}

/** How to start one kind of server. */
export interface ServerRecipe {
    readonly name: string
    readonly user: User | undefined
    /** The signal that ends it quickest without leaving anything in the kernel. */
    readonly stopSignal: NodeJS.Signals
    /** Prepares the data folder: commands run one after the other as the user. */
    prepare?(folder: string): readonly (readonly [program: string, ...args: string[]])[]
    command(folder: string, port: number): readonly [program: string, ...args: string[]]
    url(port: number): string
    /** Resolves when the server answers; rejects while it does not. */
    ping(url: string): Promise<void>
}

const START_TIMEOUT = 60_000
/** Bytes that the servers of a run may need together, with much to spare. */
const ROOM = 4 * 1024 ** 3
const PID_FILE = "suite.pid"

const running = new Set<ServerProcess>()

/** Stops every server that still runs. */
export async function stopServers(): Promise<void> {
    await Promise.all([...running].map((server) => server.stop()))
}

/**
 * A server program run as a child process. However the suite ends, a guard (a small shell that waits for the suite's end
 * of a pipe to close) ends the server and removes its folder.
 */
export class ServerProcess implements StartedServer {
    readonly #recipe: ServerRecipe
    readonly #folder: string
    readonly #guard: ChildProcess
    #port = 0
    #child: ChildProcess | undefined
    #gone: Promise<unknown> = Promise.resolve()

    /**
     * Starts a server.
     *
     * @throws Error with the server's log when it does not come up
     */
    static async start(recipe: ServerRecipe): Promise<ServerProcess> {
        const server = new ServerProcess(recipe)
        running.add(server)
        try {
            await server.#prepare()
            await server.#startOnFreePort()
        } catch (error) {
            await server.stop()
            throw error
        }
        return server
    }

    private constructor(recipe: ServerRecipe) {
        this.#recipe = recipe
        this.#folder = mkdtempSync(join(temporaryRoot(), `second-level-cache-${recipe.name}-`))
        if (recipe.user) chownSync(this.#folder, recipe.user.uid, recipe.user.gid)
        this.#guard = guard(this.#folder, recipe.stopSignal)
    }

    get url(): string {
        return this.#recipe.url(this.#port)
    }

    get port(): number {
        return this.#port
    }

    get pid(): number {
        return this.#child?.pid ?? 0
    }

    get folder(): string {
        return this.#folder
    }

    async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
        // Unreferenced, so that it never keeps the suite alive: except for those who wait for its end.
        this.#child?.ref()
        this.#child?.kill(signal)
        await this.#gone
    }

    signal(signal: NodeJS.Signals): void {
        this.#child?.kill(signal)
    }

    async restart(): Promise<void> {
        await this.kill()
        for (let attempt = 1; ; attempt++)
            try {
                return await this.#launch()
            } catch (error) {
                // PostgreSQL does not start before the last child of its killed predecessor has noticed and gone.
                if (attempt === 50 || !/still in use|might be running/i.test(String(error))) throw error
                await sleep(100)
            }
    }

    async stop(): Promise<void> {
        running.delete(this)
        // A stopped process does not act on any signal but this one.
        this.signal("SIGCONT")
        await this.kill(this.#recipe.stopSignal)
        rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
        const { stdin } = this.#guard
        if (this.#guard.exitCode === null) {
            const ended = once(this.#guard, "exit")
            stdin?.end()
            this.#guard.ref()
            await ended
        }
    }

    async #prepare(): Promise<void> {
        for (const [program, ...args] of this.#recipe.prepare?.(this.#folder) ?? [])
            await run(program, args, { ...this.#identity(), cwd: this.#folder, timeout: START_TIMEOUT })
    }

    async #startOnFreePort(): Promise<void> {
        for (let attempt = 1; ; attempt++) {
            this.#port = await freePort()
            try {
                return await this.#launch()
            } catch (error) {
                // Between the choice of the port and the start somebody else may have taken it.
                if (attempt === 3 || !/in use/i.test(String(error))) throw error
            }
        }
    }

    async #launch(): Promise<void> {
        const [program, ...args] = this.#recipe.command(this.#folder, this.#port)
        const log = openSync(join(this.#folder, "log"), "a")
        const child = spawn(program, args, {
            ...this.#identity(),
            cwd: this.#folder,
            detached: true,
            stdio: ["ignore", log, log],
        })
        closeSync(log)
        child.unref()
        this.#child = child
        this.#gone = new Promise((resolve) => {
            const forget = (): void => {
                if (this.#child === child) this.#child = undefined
                // The number may soon belong to another process, which the guard must not end.
                rmSync(join(this.#folder, PID_FILE), { force: true })
                resolve(undefined)
            }
            child.once("exit", forget)
            child.once("error", forget)
        })
        if (child.pid !== undefined) writeFileSync(join(this.#folder, PID_FILE), String(child.pid))
        await this.#untilReady(child)
    }

    async #untilReady(child: ChildProcess): Promise<void> {
        const deadline = Date.now() + START_TIMEOUT
        for (;;) {
            if (this.#child !== child) throw new Error(`${this.#recipe.name} did not start:\n${this.#log()}`)
            try {
                return await this.#recipe.ping(this.url)
            } catch (error) {
                if (Date.now() > deadline)
                    throw new Error(`${this.#recipe.name} does not answer (${String(error)}):\n${this.#log()}`)
                await sleep(20)
            }
        }
    }

    #identity(): { uid?: number; gid?: number; env: NodeJS.ProcessEnv } {
        const { user } = this.#recipe
        const env = { ...process.env, HOME: this.#folder, LC_ALL: "C" }
        return user ? { uid: user.uid, gid: user.gid, env } : { env }
    }

    #log(): string {
        const path = join(this.#folder, "log")
        return existsSync(path) ? readFileSync(path, "utf8").slice(-4000) : "(no log)"
    }
}

/**
 * The folder for the servers' folders. Memory where there is plenty, since a database is made 20 times faster there; else
 * the system's folder for temporary files, unless that lies in root's home, which an unprivileged user may not enter.
 */
function temporaryRoot(): string {
    if (process.env.TMPDIR === undefined && hasRoom("/dev/shm")) return "/dev/shm"
    const root = tmpdir()
    return process.getuid?.() === 0 && root.startsWith("/root") ? "/tmp" : root
}

function hasRoom(folder: string): boolean {
    try {
        accessSync(folder, constants.W_OK)
        const { bavail, bsize } = statfsSync(folder)
        return bavail * bsize > ROOM
    } catch {
        return false
    }
}

function guard(folder: string, stopSignal: NodeJS.Signals): ChildProcess {
    const script = `
        cat >/dev/null
        pid=$(cat "$1/${PID_FILE}" 2>/dev/null)
        if [ -n "$pid" ]; then
            kill -CONT "$pid" 2>/dev/null; kill -${stopSignal.slice(3)} "$pid" 2>/dev/null
            for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
            kill -KILL "$pid" 2>/dev/null
        fi
        rm -rf "$1"`
    const shell = spawn("/bin/sh", ["-c", script, "guard", folder], {
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
    })
    chmodSync(folder, 0o700)
    shell.unref()
    ;(shell.stdin as unknown as { unref?(): void }).unref?.()
    return shell
}
