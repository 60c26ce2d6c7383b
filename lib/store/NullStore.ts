import type { CacheStore, StoreRead, TagState } from "./CacheStore"

/**
 * A store that keeps nothing: every read is a miss, and no tag ever has a stamp, so that nothing is filled either. For
 * switching the cache off while everything stays wired.
 */
export class NullStore implements CacheStore {
    readonly name = "null"
    readonly keeps = "objects"

    read(keys: readonly string[], tags: readonly string[]): StoreRead {
        return { payloads: nothing(keys.length), tags: nothing(tags.length) }
    }

    stamp(tags: readonly string[]): readonly TagState[] {
        return nothing(tags.length)
    }

    write(): void {}

    fence(): void {}

    release(): void {}

    delete(): number {
        return 0
    }

    clear(): void {}

    keys(): Iterable<readonly string[]> {
        return []
    }

    close(): void {}
}

function nothing(length: number): undefined[] {
    return new Array<undefined>(length).fill(undefined)
}
