import Module from "node:module"

// As if ioredis were not installed.
const internals = Module as unknown as { _resolveFilename(request: string, ...rest: unknown[]): string }
const resolve = internals._resolveFilename
internals._resolveFilename = function (this: unknown, request: string, ...rest: unknown[]) {
    if (request === "ioredis" || request.startsWith("ioredis/"))
        throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" })
    return resolve.call(this, request, ...rest)
}

async function main(): Promise<void> {
    // the root needs no peer
    require("typeorm-second-level-cache")
    const { RedisStore } =
        require("typeorm-second-level-cache/redis") as typeof import("typeorm-second-level-cache/redis")
    try {
        const store = new RedisStore({ url: "redis://localhost:1" })
        await store.read(["key"], [])
        process.send?.({ code: "none", message: "it worked" })
    } catch (error) {
        process.send?.({ code: (error as { code?: string }).code, message: (error as Error).message })
    }
    process.disconnect()
}

void main()
