import type { DataSource, EntityMetadata } from "typeorm"

/** The DataSource of an entity: TypeORM 0.3 calls it `connection`. */
export function dataSourceOf(metadata: EntityMetadata): DataSource {
    const either = metadata as unknown as { dataSource?: DataSource; connection?: DataSource }
    return (either.dataSource ?? either.connection) as DataSource
}
