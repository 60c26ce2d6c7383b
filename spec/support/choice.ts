/** Milliseconds that a server may take to start: a container's image may have to come over the network first. */
export const START_TIMEOUT = 300_000

/** True unless the environment variable lists names and this one is not among them. */
export function chosen(variable: string, name: string): boolean {
    const list = process.env[variable]
    return !list || list.split(",").includes(name)
}

/** A pending spec in place of a suite, with the reason in its title. */
export function leaveOut(what: string, reason: string): void {
    it(`${what} cannot be had: ${reason}`)
}
