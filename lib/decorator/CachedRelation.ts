import type { CachedRelationOptions } from "../metadata/CachedRelationOptions"
import { getCacheMetadataArgsStorage } from "../metadata/CacheMetadataArgsStorage"
import { checkCachedRelationOptions } from "../metadata/checkCachedOptions"

/**
 * Marks a relation for the second-level cache: the related rows of each owner are an entry of their own. Goes on any
 * kind of relation, eager, lazy or plain. It only writes metadata.
 *
 * @throws CacheError `E_OPTION` for an unknown or ill-typed option
 *
 * @example
 * @OneToMany(() => Book, (book) => book.author)
 * @CachedRelation({ ttl: "1m", maxSize: 500 })
 * books: Book[]
 */
export function CachedRelation(options: CachedRelationOptions = {}): PropertyDecorator {
    return (prototype, propertyName) => {
        const target = prototype.constructor
        checkCachedRelationOptions(options, `${target.name}.${String(propertyName)}`)
        getCacheMetadataArgsStorage().addRelation({ target, propertyName: String(propertyName), options })
    }
}
