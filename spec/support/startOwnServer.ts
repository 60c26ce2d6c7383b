import { startRedis } from "./startRedis"

// Run by self.spec.ts in a process of its own, which is killed while its server runs.

async function main(): Promise<void> {
    const { pid, folder } = await startRedis()
    process.send?.({ pid, folder })
    process.on("message", () => undefined)
}

void main()
