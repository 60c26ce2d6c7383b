import { CacheError } from "../error/CacheError"
import { isCluster, type RedisArg, type RedisClient } from "./RedisClient"
import { RedisScript } from "./RedisScript"

/** A command by its name (with `Buffer` behind it, as ioredis has it, for an answer in bytes), or a script with its one key first. */
export type RedisCommand = readonly [command: string | RedisScript, ...args: RedisArg[]]

const BYTES = "Buffer"

/** Sends many commands in one trip and sees to it that the scripts among them are known to Redis. */
export class RedisPipeline {
    readonly #client: RedisClient
    readonly #isCluster: boolean
    /** Scripts that this client has run. Redis may forget them (restart, SCRIPT FLUSH, failover). */
    readonly #known = new Set<RedisScript>()

    constructor(client: RedisClient) {
        this.#client = client
        this.#isCluster = isCluster(client)
    }

    /**
     * The replies, in order. A script that Redis does not know is sent again with its text, that one command alone.
     *
     * @param notice a command that must run behind all others. That Redis refuses it (an ACL) is let pass.
     * @throws CacheError `E_STORE` with the first command that failed; the others may have been run
     */
    async run(commands: readonly RedisCommand[], notice?: RedisCommand): Promise<readonly unknown[]> {
        if (commands.length === 0) return []
        const replies = await this.#sendBefore(notice, commands, false)
        const unknown = indexesOf(replies, isUnknownScript)
        if (unknown.length > 0) {
            const again = await this.#sendBefore(
                notice,
                unknown.map((index) => commands[index]!),
                true,
            )
            unknown.forEach((index, i) => (replies[index] = again[i]))
        }
        for (let i = 0; i < replies.length; i++)
            if (replies[i] instanceof Error) throw storeError(nameOf(commands[i]!), replies[i])
        for (const [command] of commands) if (command instanceof RedisScript) this.#known.add(command)
        return replies
    }

    /** Sends a notice by itself. @throws CacheError `E_STORE` when it may not have arrived */
    async tell(notice: RedisCommand): Promise<void> {
        const [reply] = await this.#send([notice], false)
        checkNotice(notice, reply)
    }

    /** One trip with the notice behind; on a cluster two, since its nodes run their commands in no common order. */
    async #sendBefore(
        notice: RedisCommand | undefined,
        commands: readonly RedisCommand[],
        withText: boolean,
    ): Promise<unknown[]> {
        if (notice === undefined) return this.#send(commands, withText)
        if (!this.#isCluster) {
            const replies = await this.#send([...commands, notice], withText)
            checkNotice(notice, replies.pop())
            return replies
        }
        const replies = await this.#send(commands, withText)
        await this.tell(notice)
        return replies
    }

    /** One trip. An error that Redis answers with stands at the place of its command. */
    async #send(commands: readonly RedisCommand[], withText: boolean): Promise<unknown[]> {
        const spelled = this.#spell(commands, withText)
        // Several trips at the same time on a cluster: the keys live on different nodes, which no pipeline may span.
        if (this.#isCluster)
            return Promise.all(
                spelled.map(([name, ...args]) =>
                    this.#call(name as string, args).catch((reason: unknown) =>
                        isElsewhere(reason) ? this.#sendAlone([name!, ...args]) : toError(reason),
                    ),
                ),
            )
        let replies
        try {
            replies = await this.#client.pipeline(spelled).exec()
        } catch (cause) {
            throw storeError(nameOf(commands[0]!), cause)
        }
        if (replies?.length !== commands.length)
            throw storeError(nameOf(commands[0]!), new Error("The pipeline came back without its replies."))
        return replies.map(([error, result]) => error ?? result)
    }

    #call(name: string, args: RedisArg[]): Promise<unknown> {
        if (!name.endsWith(BYTES)) return this.#client.call(name, args)
        return this.#client.callBuffer(name.slice(0, -BYTES.length), args)
    }

    /**
     * ioredis follows a slot that moves, except where it makes pipelines by itself (`enableAutoPipelining`): a command in
     * one with others is told where to go and left there, and the client goes on asking the wrong node.
     */
    async #sendAlone(command: RedisArg[]): Promise<unknown> {
        const replies = await this.#client.pipeline([command]).exec().catch(toError)
        if (replies instanceof Error) return replies
        const [error, result] = replies?.[0] ?? [new Error("The pipeline came back without its reply."), undefined]
        return error ?? result
    }

    /**
     * Scripts go by their hash. Where Redis may not know one yet, its first call carries the text, which makes it known to
     * the calls behind it; on a cluster each call may go to another node, so there all of them carry it the second time.
     */
    #spell(commands: readonly RedisCommand[], withText: boolean): RedisArg[][] {
        const told = withText ? new Set<RedisScript>() : new Set(this.#known)
        return commands.map(([command, ...args]) => {
            if (typeof command === "string") return [command, ...args]
            if (told.has(command)) return ["evalsha", command.sha, 1, ...args]
            if (!(withText && this.#isCluster)) told.add(command)
            return ["eval", command.source, 1, ...args]
        })
    }
}

/** What Redis refuses it would refuse again; without an answer nobody may have been told, and the caller must repeat all. */
function checkNotice(notice: RedisCommand, reply: unknown): void {
    if (reply instanceof Error && reply.name !== "ReplyError") throw storeError(nameOf(notice), reply)
}

/** The error of a command that could not be run. */
export function storeError(command: string, cause: unknown): CacheError {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
    // What ioredis says of it is about its options.
    if (name === "MaxRetriesPerRequestError")
        return new CacheError("E_STORE", `Redis did not run ${command}: there is no connection to it.`, {
            cause,
            advice: "See whether it runs, and at this address.",
        })
    return new CacheError("E_STORE", `Redis did not run ${command}: ${message}`, { cause })
}

function nameOf([command]: RedisCommand): string {
    return typeof command === "string" ? command.replace(/Buffer$/, "").toUpperCase() : `the script ${command.name}`
}

function isUnknownScript(reply: unknown): boolean {
    return reply instanceof Error && reply.message.startsWith("NOSCRIPT")
}

/** Whether a node of a cluster has not run the command, since its key is on another, or the client has not sent it. */
function isElsewhere(reason: unknown): boolean {
    return reason instanceof Error && /^(MOVED|ASK|All keys in the pipeline should) /.test(reason.message)
}

function toError(reason: unknown): Error {
    return reason instanceof Error ? reason : new Error(String(reason))
}

function indexesOf(replies: readonly unknown[], is: (reply: unknown) => boolean): number[] {
    const found: number[] = []
    for (let i = 0; i < replies.length; i++) if (is(replies[i])) found.push(i)
    return found
}
