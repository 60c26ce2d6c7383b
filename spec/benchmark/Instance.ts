import Redis from "ioredis"
import { DataSource, type DataSourceOptions, type Repository } from "typeorm"
import {
    CachedRepository,
    JsonSerializer,
    MemoryStore,
    SecondLevelCache,
    TieredStore,
} from "typeorm-second-level-cache"
import type { AnySerializer, CacheStore } from "typeorm-second-level-cache"
import { RedisStore } from "typeorm-second-level-cache/redis"
import { Article } from "./Article"
import { Shelf, Volume } from "./Shelf"

/** Where a run has its data. */
export interface Site {
    /** Options of the database, without entities. */
    readonly database: DataSourceOptions
    readonly redis: string
}

/** What the groups read. */
export const ENTITIES = [Article, Shelf, Volume]

/** One application: its DataSource, and the repository that it reads through. */
export class Instance {
    readonly dataSource: DataSource
    readonly cache: SecondLevelCache | undefined
    /** What the application reads through. */
    readonly repository: Repository<Article>
    readonly #redis: Redis | undefined

    private constructor(dataSource: DataSource, cache?: SecondLevelCache, redis?: Redis) {
        this.dataSource = dataSource
        this.cache = cache
        this.#redis = redis
        const { manager } = dataSource
        this.repository = cache === undefined ? manager.getRepository(Article) : new CachedRepository(Article, manager)
    }

    /** TypeORM without a cache, or with its own. */
    static async plain(site: Site, { ownCache = false }: { ownCache?: boolean } = {}): Promise<Instance> {
        const { hostname, port, username, password } = new URL(site.redis)
        const options = { host: hostname, port: Number(port || 6379), username, password }
        return new Instance(
            await open(site, ownCache ? { cache: { type: "ioredis", duration: 300_000, options } } : {}),
        )
    }

    /** Ours in this process. */
    static async memory(site: Site, wrap: (store: CacheStore) => CacheStore = same): Promise<Instance> {
        const cache = new SecondLevelCache({ store: wrap(new MemoryStore({ maxEntries: 100_000 })) })
        return new Instance(await open(site, { subscribers: [cache.subscriber] }), cache)
    }

    /** Ours in Redis, on a connection of its own. */
    static async redis(
        site: Site,
        prefix: string,
        wrap: (store: CacheStore) => CacheStore = same,
        serializer: AnySerializer = new JsonSerializer(),
    ): Promise<Instance> {
        const client = new Redis(site.redis)
        const cache = new SecondLevelCache({ store: wrap(new RedisStore({ client })), prefix, serializer })
        return new Instance(await open(site, { subscribers: [cache.subscriber] }), cache, client)
    }

    /** Ours in Redis, with a near tier in front of it that is on. */
    static async tiered(site: Site, prefix: string): Promise<Instance> {
        let store!: TieredStore
        const instance = await Instance.redis(
            site,
            prefix,
            (far) => (store = new TieredStore({ far: far as RedisStore, near: { ttl: "1h" } })),
        )
        while (!store.isNearOn) await new Promise(setImmediate)
        return instance
    }

    async close(): Promise<void> {
        await this.dataSource.destroy()
        await this.cache?.clear()
        await this.cache?.close()
        this.#redis?.disconnect()
    }
}

function same(store: CacheStore): CacheStore {
    return store
}

function open(site: Site, options: object): Promise<DataSource> {
    return new DataSource({ ...site.database, entities: ENTITIES, ...options }).initialize()
}
