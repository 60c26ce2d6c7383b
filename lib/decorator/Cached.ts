import type { EntitySchema } from "typeorm"
import type { CachedOptions } from "../metadata/CachedOptions"
import { getCacheMetadataArgsStorage } from "../metadata/CacheMetadataArgsStorage"
import { checkCachedOptions } from "../metadata/checkCachedOptions"

/**
 * Marks an entity for the second-level cache: rows by primary key, lists, counts and aggregates that a
 * `CachedRepository` reads are served from the cache and invalidated by writes, after commit. Inherited by child
 * entities, which may override single options.
 *
 * It only writes metadata; nothing happens before a `SecondLevelCache` is wired to the DataSource.
 *
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 *
 * @example
 * @Entity()
 * @Cached({ ttl: "5m", uniqueKeys: [["email"]] })
 * class Author {
 *     @PrimaryGeneratedColumn() id: number
 *     @Column({ unique: true }) email: string
 * }
 */
export function Cached(options: CachedOptions = {}): ClassDecorator {
    return (target) => {
        checkCachedOptions(options, target.name)
        getCacheMetadataArgsStorage().addEntity({ target, options })
    }
}

/**
 * {@link Cached} for those who define entities with `EntitySchema`. Answers the schema itself.
 *
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 *
 * @example
 * const AuthorSchema = cached(new EntitySchema<Author>({ name: "Author", columns: { … } }), { ttl: "5m" })
 */
export function cached<Schema extends EntitySchema<never> | EntitySchema>(
    schema: Schema,
    options: CachedOptions = {},
): Schema {
    const { target, name } = schema.options
    checkCachedOptions(options, name)
    getCacheMetadataArgsStorage().addEntity({ target: target ?? name, options })
    return schema
}
