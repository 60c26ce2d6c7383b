import { spawnSync } from "node:child_process"

let answer: string | undefined

/** Why there are no containers, or `undefined` when Docker answers. Asked once, two seconds at most. */
export function dockerProblem(): string | undefined {
    answer ??= ask()
    return answer || undefined
}

function ask(): string {
    const { error, status, stdout } = spawnSync("docker", ["info", "--format", "{{.ServerVersion}}"], {
        timeout: 2000,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
    })
    if (error) return "Docker is not installed or does not answer"
    return status === 0 && stdout.trim() ? "" : "Docker does not answer"
}
