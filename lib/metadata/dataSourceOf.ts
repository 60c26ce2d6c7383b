import type { DataSource, EntityMetadata } from "typeorm"

/** The DataSource of an entity: TypeORM 0.3 calls it `connection`, which TypeORM 1 keeps as a deprecated name. */
export function dataSourceOf(metadata: EntityMetadata): DataSource {
    const either = metadata as { dataSource?: DataSource; connection?: DataSource }
    return (either.dataSource ?? either.connection)!
}
