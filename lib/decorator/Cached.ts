import type { EntitySchema } from "typeorm"
import type { CachedOptions } from "../metadata/CachedOptions"
import { getCacheMetadataArgsStorage } from "../metadata/CacheMetadataArgsStorage"
import type { CachedRelationOptions } from "../metadata/CachedRelationOptions"
import { checkCachedOptions, checkCachedRelationMap } from "../metadata/checkCachedOptions"

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
 * {@link Cached} and `@CachedRelation` for those who define entities with `EntitySchema`. Answers the schema itself.
 *
 * @param relations the options of each relation that is cached, by the name of its property
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 *
 * @example
 * const AuthorSchema = cached(
 *     new EntitySchema<Author>({ name: "Author", columns: { … }, relations: { books: { … } } }),
 *     { ttl: "5m" },
 *     { books: { ttl: "1m", maxSize: 500 } },
 * )
 */
export function cached<Schema extends EntitySchema<never> | EntitySchema>(
    schema: Schema,
    options: CachedOptions = {},
    relations: Readonly<Record<string, CachedRelationOptions>> = {},
): Schema {
    const { target: owner, name } = schema.options
    const target = owner ?? name
    checkCachedOptions(options, name)
    checkCachedRelationMap(relations, name)
    const storage = getCacheMetadataArgsStorage()
    storage.addEntity({ target, options })
    for (const [propertyName, ofRelation] of Object.entries(relations))
        storage.addRelation({ target, propertyName, options: ofRelation })
    return schema
}
