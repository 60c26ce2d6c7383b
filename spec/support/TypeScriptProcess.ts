import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"

const children = new Set<ChildProcess>()
process.once("exit", () => {
    for (const child of children) child.kill("SIGKILL")
})

/** A TypeScript file that runs in a Node process of its own, on the same TypeORM as the suite. */
export class TypeScriptProcess {
    /** Everything it has sent so far. */
    readonly messages: unknown[] = []
    /** Resolves when it is gone. */
    readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
    readonly #child: ChildProcess
    readonly #waiting = new Set<() => void>()
    #read = 0
    #isGone = false
    #output = ""

    /**
     * Starts a file. It reads messages with `process.on("message")` and writes them with `process.send`.
     *
     * @param file absolute path
     * @param options.env variables on top of the suite's own
     */
    static start(file: string, options: { args?: string[]; env?: NodeJS.ProcessEnv } = {}): TypeScriptProcess {
        return new TypeScriptProcess(
            fork(file, options.args ?? [], {
                execArgv: ["-r", "ts-node/register/transpile-only", "-r", join(__dirname, "register.ts")],
                env: { ...process.env, TS_NODE_PROJECT: join(__dirname, "..", "..", "tsconfig.json"), ...options.env },
                cwd: join(__dirname, "..", ".."),
                serialization: "advanced",
                stdio: ["ignore", "pipe", "pipe", "ipc"],
            }),
        )
    }

    private constructor(child: ChildProcess) {
        this.#child = child
        children.add(child)
        child.stdout?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()))
        child.stderr?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()))
        child.on("message", (message) => {
            this.messages.push(message)
            this.#wake()
        })
        child.on("error", (error) => (this.#output += String(error)))
        this.exited = new Promise((resolve) =>
            child.once("close", (code, signal) => {
                children.delete(child)
                this.#isGone = true
                this.#wake()
                resolve({ code, signal })
            }),
        )
    }

    get pid(): number {
        return this.#child.pid ?? 0
    }

    /** What it has printed. */
    get output(): string {
        return this.#output
    }

    send(message: unknown): void {
        this.#child.send(message as object)
    }

    /**
     * The next message that has not been taken yet, or the next one that the predicate accepts (others are passed over).
     *
     * @throws Error with its output when the process ends first
     */
    async next<T = unknown>(accepts: (message: unknown) => boolean = () => true): Promise<T> {
        for (;;) {
            while (this.#read < this.messages.length) {
                const message = this.messages[this.#read++]
                if (accepts(message)) return message as T
            }
            if (this.#isGone) throw new Error(`the process ended without the message waited for:\n${this.#output}`)
            await new Promise<void>((resolve) => this.#waiting.add(resolve))
        }
    }

    /** Ends it and waits until it is gone. Default SIGKILL. */
    async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
        if (!this.#isGone) this.#child.kill(signal)
        await this.exited
    }

    #wake(): void {
        for (const resolve of this.#waiting) resolve()
        this.#waiting.clear()
    }
}
