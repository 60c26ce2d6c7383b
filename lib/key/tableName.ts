import type { EntityMetadata } from "typeorm"

/**
 * The name of an entity's table as tags use it: lower case and without schema or database, because raw SQL may leave
 * them out. Two tables of one name in two schemas share their tags, which invalidates too much, never too little.
 */
export function tableName(metadata: EntityMetadata): string {
    return bareTableName(metadata.tableName)
}

/** The same of a name as the user writes it: TypeORM takes `@Entity("schema.table")` apart at the dot. */
export function bareTableName(name: string): string {
    return name.slice(name.lastIndexOf(".") + 1).toLowerCase()
}
