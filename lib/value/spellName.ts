import { digestPart } from "../key/keyPart"

/** Longer names are digests, which no pattern finds. */
const LONGEST = 400

/** A value's name as the end of a key: readable, so that patterns find it, and without anything that a store may take amiss. */
export function spellName(name: string): string {
    if (name.length > LONGEST) return digestPart(name)
    try {
        const spelt = encodeURIComponent(name).replace(/~/g, "%7E")
        return spelt.length > LONGEST ? digestPart(name) : spelt
    } catch {
        // a lone surrogate has no spelling
        return digestPart(name)
    }
}

/** The name behind a spelling; `undefined` for a digest and for what is none. */
export function nameOf(spelt: string): string | undefined {
    if (spelt.startsWith("~")) return undefined
    try {
        return decodeURIComponent(spelt)
    } catch {
        return undefined
    }
}
