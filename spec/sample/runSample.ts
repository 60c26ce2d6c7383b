import { expect } from "chai"
import { join } from "node:path"
import { Client } from "pg"
import { TypeScriptProcess } from "../support/TypeScriptProcess"

/** Runs the program of a sample to its end: its lines, trimmed, without those of other programs. */
export async function runSample(sample: string, env: NodeJS.ProcessEnv): Promise<string[]> {
    const child = TypeScriptProcess.start(join(__dirname, "..", "..", "samples", sample, "main.ts"), { env })
    const { code } = await child.exited
    expect(code, child.output).to.equal(0)
    return child.output
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.includes("trace-deprecation"))
}

/** The URL of what a DataSource for PostgreSQL is connected to. */
export function urlOf({ username, password, host, port, database }: Record<string, unknown>): string {
    const user = [username, password].map((it) => encodeURIComponent(String(it ?? ""))).join(":")
    return `postgres://${user}@${host}:${port}/${database}`
}

export async function tablesAt(connectionString: string): Promise<unknown[]> {
    const client = new Client({ connectionString })
    await client.connect()
    try {
        const { rows } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return rows.map(({ tablename }: { tablename: string }) => tablename)
    } finally {
        await client.end()
    }
}
