import type { DataSource, QueryRunner } from "typeorm"
import type { QueryCache, QueryCacheOptions } from "./QueryCache"

/** What TypeORM wants of a provider of its query cache; it does not export the type. */
export interface QueryResultCacheProvider {
    connect(): Promise<void>
    disconnect(): Promise<void>
    synchronize(queryRunner?: QueryRunner): Promise<void>
    getFromCache(options: QueryCacheOptions, queryRunner?: QueryRunner): Promise<QueryCacheOptions | undefined>
    storeInCache(
        options: QueryCacheOptions,
        savedCache: QueryCacheOptions | undefined,
        queryRunner?: QueryRunner,
    ): Promise<void>
    isExpired(savedCache: QueryCacheOptions): boolean
    clear(queryRunner?: QueryRunner): Promise<void>
    remove(identifiers: string[], queryRunner?: QueryRunner): Promise<void>
}

/** The provider for a DataSource. @param queriesOf undefined for one that the cache does not serve */
export function queryResultCache(
    dataSource: DataSource,
    queriesOf: (dataSource: DataSource) => QueryCache | undefined,
): QueryResultCacheProvider {
    const nothing = (): Promise<void> => Promise.resolve()
    return {
        connect: nothing,
        disconnect: nothing,
        synchronize: nothing,
        getFromCache: (options, runner) => Promise.resolve(queriesOf(dataSource)?.prepare(options, runner)),
        storeInCache: nothing,
        // what is prepared is never an answer
        isExpired: () => true,
        clear: async () => queriesOf(dataSource)?.clear(),
        remove: async (identifiers) => queriesOf(dataSource)?.remove(identifiers),
    }
}
