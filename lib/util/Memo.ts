/**
 * Remembers what is costly to work out again. Bounded: when half of the bound has been set, the half before it is
 * forgotten, but for what was asked for since.
 *
 * Not lru-cache, which sets aside the room for its bound at once, 430 kB for 20 000 keys: there is a memo for each
 * entity, and most stay small. It also takes twice the time for a get, and a hit asks one.
 */
export class Memo<K, V> {
    readonly #half: number
    #young = new Map<K, V>()
    #old = new Map<K, V>()

    constructor(bound: number) {
        this.#half = Math.max(1, bound >> 1)
    }

    get(key: K): V | undefined {
        const found = this.#young.get(key)
        if (found !== undefined) return found
        const old = this.#old.get(key)
        if (old !== undefined) this.set(key, old)
        return old
    }

    set(key: K, value: V): void {
        if (this.#young.size >= this.#half) {
            this.#old = this.#young
            this.#young = new Map()
        }
        this.#young.set(key, value)
    }

    delete(key: K): void {
        this.#young.delete(key)
        this.#old.delete(key)
    }
}
