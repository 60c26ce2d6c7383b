import type { DataSource, EntityMetadata } from "typeorm"

/** The DataSource of an entity. TypeORM 0.3 calls it `connection`, 1.0 `dataSource`. */
export function dataSourceOf(metadata: EntityMetadata): DataSource {
    const either = metadata as { dataSource?: DataSource; connection?: DataSource }
    return (either.dataSource ?? either.connection)!
}

/** Whether the metadata was built by TypeORM 1 or later. */
export function isTypeormOne(metadata: EntityMetadata): boolean {
    return Object.hasOwn(metadata, "dataSource")
}
