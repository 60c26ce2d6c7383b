import type { TieredStore } from "../../lib/store/TieredStore"

/** Resolves when the near tier of a store is on. */
export async function untilNear(store: TieredStore): Promise<void> {
    while (!store.isNearOn) await new Promise((resolve) => setImmediate(resolve))
}
