import { LRUCache } from "lru-cache"
import type { RowLookup } from "../key/rowLookup"

/**
 * Which row was last seen under a unique key, remembered in this process: it saves the trip that asks the store. A hint
 * may be wrong; the row's own entry tells.
 */
export class UniqueHints extends LRUCache<string, RowLookup> {
    constructor() {
        super({ max: 10_000 })
    }
}
