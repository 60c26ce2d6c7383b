/**
 * True when a failed statement or commit certainly changed nothing: the database itself refused it. False when the
 * connection broke, the server went down or the client gave up waiting: then it may still take effect.
 *
 * SQLSTATE classes: PostgreSQL documentation, appendix A (08 connection exception, 40003 statement completion unknown,
 * 57P operator intervention, 58 system error, XX internal error).
 */
export function isRefusal(error: unknown, inProcess: boolean): boolean {
    // SQLite runs in this process: there is no connection to lose
    if (inProcess) return true
    const { code, sqlState, fatal, driverError } = (error ?? {}) as {
        code?: unknown
        sqlState?: unknown
        fatal?: unknown
        driverError?: unknown
    }
    if (driverError !== undefined && driverError !== error) return isRefusal(driverError, inProcess)
    if (fatal === true) return false
    const state = typeof sqlState === "string" ? sqlState : code
    // EPIPE and the like are of the system, and no SQLSTATE begins so
    return typeof state === "string" && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(state) && !/^(08|40003|57P|58|XX)/.test(state)
}
