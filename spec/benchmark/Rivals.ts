import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { createCache, type Cache } from "cache-manager"

/** Caches that people put in front of TypeORM by hand, in this process, with their usual settings. */
export class Rivals {
    private constructor(
        /** Copies by JSON: what comes back is plain data, dates are strings. */
        readonly bento: BentoCache<{ memory: ReturnType<typeof bentostore> }>,
        /** Hands out the same object to everybody. */
        readonly bentoShared: BentoCache<{ memory: ReturnType<typeof bentostore> }>,
        /** Hands out the same object to everybody. */
        readonly cacheManager: Cache,
    ) {}

    static create(): Rivals {
        const bento = (serialize: boolean) =>
            new BentoCache({
                default: "memory",
                ttl: "5m",
                stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 100_000, serialize })) },
            })
        return new Rivals(bento(true), bento(false), createCache({ ttl: 300_000 }))
    }

    async close(): Promise<void> {
        await this.bento.disconnectAll()
        await this.bentoShared.disconnectAll()
        await this.cacheManager.disconnect()
    }
}
