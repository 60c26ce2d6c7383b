import Module from "node:module"

/** What needs each of the packages that need not be there. */
const USES: Readonly<Record<string, () => unknown>> = {
    ioredis: () => {
        const { RedisStore } =
            require("typeorm-second-level-cache/redis") as typeof import("typeorm-second-level-cache/redis")
        return new RedisStore({ url: "redis://localhost:1" }).read(["key"], [])
    },
    msgpackr: () => {
        const { MsgpackSerializer } =
            require("typeorm-second-level-cache") as typeof import("typeorm-second-level-cache")
        return new MsgpackSerializer()
    },
}

const peer = process.argv[2]!

// As if it were not installed.
const internals = Module as unknown as { _resolveFilename(request: string, ...rest: unknown[]): string }
const resolve = internals._resolveFilename
internals._resolveFilename = function (this: unknown, request: string, ...rest: unknown[]) {
    if (request === peer || request.startsWith(`${peer}/`))
        throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" })
    return resolve.call(this, request, ...rest)
}

async function main(): Promise<void> {
    // the root needs no peer
    require("typeorm-second-level-cache")
    try {
        await USES[peer]!()
        process.send?.({ code: "none", message: "it worked" })
    } catch (error) {
        process.send?.({ code: (error as { code?: string }).code, message: (error as Error).message })
    }
    process.disconnect()
}

void main()
