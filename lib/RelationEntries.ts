import type { ObjectLiteral } from "typeorm"
import { CacheError } from "./error/CacheError"
import { hydratorOf } from "./hydration/EntityHydrator"
import { asLoaded } from "./repository/asLoaded"
import { callCacheOf } from "./repository/CallCache"
import { ownerFrom } from "./repository/checkOwner"
import { relatedItems } from "./repository/RelatedCodec"
import type { RelationReader } from "./repository/RelationReader"

/**
 * The entries of one relation, by hand. From `cache.relation()`.
 *
 * @example
 * const books = cache.relation(Author, "books")
 * const known = await books.get(author)
 */
export class RelationEntries {
    readonly #reader: RelationReader
    readonly #invalidate: (tags: readonly string[]) => Promise<void>

    /** @internal */
    constructor(reader: RelationReader, invalidate: (tags: readonly string[]) => Promise<void>) {
        this.#reader = reader
        this.#invalidate = invalidate
    }

    /**
     * What the cache has for an owner: a list, one entity or `null`; `undefined` when it has nothing. Never asks the
     * database.
     *
     * @param owner an entity or its id
     * @throws CacheError `E_NO_OWNER`
     */
    async get<Result = ObjectLiteral | ObjectLiteral[] | null>(owner: unknown): Promise<Result | undefined> {
        const reader = this.#reader
        const found = await reader.peek(ownerFrom(reader.owner, owner))
        if (found !== undefined) await reader.announce([found])
        return found as Result | undefined
    }

    /**
     * Stores what an owner has, for those who know it: entities with all of their columns. What else they hold is left
     * out. It lives until a write changes it, as if it had been loaded now. True when it was stored.
     *
     * @param owner an entity or its id
     * @throws CacheError `E_NO_OWNER`, `E_SERIALIZE`
     */
    async set(owner: unknown, related: ObjectLiteral | readonly ObjectLiteral[] | null): Promise<boolean> {
        const reader = this.#reader
        const named = ownerFrom(reader.owner, owner)
        const hydrator = hydratorOf(reader.target)
        const isRight =
            related !== undefined &&
            Array.isArray(related) === reader.isMany &&
            relatedItems(related).every((item) => hydrator.isInstance(item))
        if (!isRight)
            throw new CacheError(
                "E_SERIALIZE",
                `${reader.owner.name}.${reader.relation.propertyPath} holds ${reader.isMany ? "a list of" : "one"} ${reader.target.name}.`,
                { advice: "Give entities of that class, as a repository loads them." },
            )
        const copies = relatedItems(related).map((item) => asLoaded(reader.target, item))
        return reader.put(named, reader.isMany ? copies : (copies[0] ?? null), callCacheOf(undefined)!)
    }

    /** Invalidates what the cache has for an owner. @throws CacheError `E_NO_OWNER` */
    async delete(owner: unknown): Promise<void> {
        const reader = this.#reader
        await this.#invalidate([reader.ownTag(ownerFrom(reader.owner, owner))])
    }
}
