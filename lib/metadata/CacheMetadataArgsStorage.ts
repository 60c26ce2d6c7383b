import type { CachedOptions } from "./CachedOptions"
import type { CachedRelationOptions } from "./CachedRelationOptions"

/** What one `@Cached` said, as written. */
export interface CachedArgs {
    readonly target: Function | string
    readonly options: CachedOptions
}

/** What one `@CachedRelation` said, as written. */
export interface CachedRelationArgs {
    readonly target: Function | string
    readonly propertyName: string
    readonly options: CachedRelationOptions
}

/**
 * Everything that the decorators said, before TypeORM's metadata is known. One per process.
 */
export class CacheMetadataArgsStorage {
    readonly #entities = new Map<Function | string, CachedArgs>()
    readonly #relations = new Map<Function | string, Map<string, CachedRelationArgs>>()

    addEntity(args: CachedArgs): void {
        this.#entities.set(args.target, args)
    }

    addRelation(args: CachedRelationArgs): void {
        let ofTarget = this.#relations.get(args.target)
        if (ofTarget === undefined) this.#relations.set(args.target, (ofTarget = new Map<string, CachedRelationArgs>()))
        ofTarget.set(args.propertyName, args)
    }

    /** The options of an entity: its own over those of its parents, option by option; `undefined` when nobody in the line is decorated. */
    findEntity(target: Function | string): CachedOptions | undefined {
        let found: CachedOptions | undefined
        for (const link of lineOf(target)) {
            const own = this.#entities.get(link)?.options
            if (own !== undefined) found = found === undefined ? own : { ...own, ...found }
        }
        return found
    }

    /** The options of a relation: the nearest class in the line that decorates the property. */
    findRelation(target: Function | string, propertyName: string): CachedRelationOptions | undefined {
        for (const link of lineOf(target)) {
            const own = this.#relations.get(link)?.get(propertyName)
            if (own !== undefined) return own.options
        }
        return undefined
    }

    /** The properties that the line of a class decorates as relations. */
    relationNames(target: Function | string): readonly string[] {
        return [...lineOf(target)].flatMap((link) => [...(this.#relations.get(link)?.keys() ?? [])])
    }
}

function* lineOf(target: Function | string): Generator<Function | string> {
    if (typeof target === "string") {
        yield target
        return
    }
    for (
        let link: unknown = target;
        typeof link === "function" && link !== Function.prototype;
        link = Object.getPrototypeOf(link)
    )
        yield link
}

const STORAGE = Symbol.for("typeorm-second-level-cache.metadata-args")

/** The process's storage. It lives on the global scope, so that two copies of this package in one process agree. */
export function getCacheMetadataArgsStorage(): CacheMetadataArgsStorage {
    const scope = globalThis as { [STORAGE]?: CacheMetadataArgsStorage }
    return (scope[STORAGE] ??= new CacheMetadataArgsStorage())
}
