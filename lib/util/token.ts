import { randomFillSync } from "node:crypto"

const BYTES = 8
const pool = Buffer.allocUnsafeSlow(BYTES * 512)
let next = pool.length

/**
 * A random 64-bit token, for stamps and the owners of fences: 11 characters of base64url (letters, digits, `-`, `_`).
 * Never a counter or a clock: those start again, and could match once more.
 */
export function newToken(): string {
    if (next === pool.length) {
        // One call into the kernel for many tokens: a call costs more than the bytes.
        randomFillSync(pool)
        next = 0
    }
    const from = next
    next += BYTES
    return pool.toString("base64url", from, next)
}
