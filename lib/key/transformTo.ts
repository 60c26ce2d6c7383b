import type { EntityMetadata } from "typeorm"

/** TypeORM's own column metadata, which its root does not export. */
export type Column = EntityMetadata["columns"][number]

/** The transformers of a column. */
export type Transformer = Column["transformer"]

/** The value as the database gets it. */
export function transformTo(transformer: Transformer, value: unknown): unknown {
    if (transformer === undefined) return value
    if (!Array.isArray(transformer)) return transformer.to(value)
    return transformer.reduce((transformed: unknown, one) => one.to(transformed), value)
}
