import type { Redis } from "ioredis"

/** What a client sends: the commands with their arguments, and how often it wrote to the socket. */
export interface Wiretap {
    readonly commands: readonly (readonly string[])[]
    readonly names: readonly string[]
    readonly writes: number
}

/** Listens to a connected client while the action runs. */
export async function tap(client: Redis, action: () => Promise<unknown>): Promise<Wiretap> {
    const commands: string[][] = []
    let writes = 0
    const { stream } = client as unknown as { stream: { write: (...args: unknown[]) => boolean } }
    const send = client.sendCommand
    const write = stream.write
    client.sendCommand = function (this: unknown, ...args: Parameters<typeof send>) {
        const [command] = args
        commands.push([command.name, ...command.args.map(String)])
        return send.apply(client, args)
    }
    stream.write = (...args) => {
        writes++
        return write.apply(stream, args)
    }
    try {
        await action()
    } finally {
        client.sendCommand = send
        stream.write = write
    }
    return { commands, names: commands.map(([name]) => name!.toLowerCase()), writes }
}
