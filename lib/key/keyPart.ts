import { hash } from "node:crypto"

const HARMLESS = /^[A-Za-z0-9_.@-]{1,100}$/

/**
 * One part of a key: short harmless text as itself, anything else as `~` and a digest. Different texts never give the
 * same part, and no part contains a separator, a brace or white space.
 */
export function keyPart(text: string): string {
    return HARMLESS.test(text) ? text : digestPart(text)
}

/** `~` and the SHA-256 of the text. */
export function digestPart(text: string): string {
    // UTF-8 would turn every lone surrogate into U+FFFD, and two different texts into one key.
    return "~" + hash("sha256", Buffer.from(text, "utf16le"), "base64url")
}
