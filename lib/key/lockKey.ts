import { digestPart } from "./keyPart"

/**
 * The name of the lock on loading an entry under these stamps: `<prefix>:l:…` for `<prefix>:v:…`. Who has read other
 * stamps does not wait for this load, which would be of no use to him.
 */
export function lockKey(entryKey: string, stamps: readonly string[]): string {
    return `${entryKey.replace(":v:", ":l:")}:${digestPart(stamps.join(" "))}`
}
