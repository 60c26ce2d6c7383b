/**
 * Remembers what is costly to work out again. Bounded: when half of the bound has been set, the half before it is
 * forgotten, but for what was asked for since.
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
}
