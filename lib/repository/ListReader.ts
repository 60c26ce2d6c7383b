import type { EntityMetadata, FindManyOptions, FindOneOptions, ObjectLiteral } from "typeorm"
import { hasLoadListeners } from "../hydration/loadListener"
import { graphFingerprint } from "../hydration/schemaFingerprint"
import { planFind, type FindPlan } from "../key/findKey"
import { pinnedId } from "../key/rowLookup"
import { Memo } from "../util/Memo"
import type { EntityContext } from "./EntityContext"
import { Bypass, type ScalarCall } from "./FindCall"
import type { ResultCodec } from "./ResultCodec"

/** Lists whose keys are remembered. */
const KEYS = 2_000
/** Characters of a text beyond which its key is not. */
const LONG_TEXT = 500

/** A read that becomes a list entry. */
export interface ListCall<T> extends ScalarCall<T> {
    readonly codec: ResultCodec<T>
}

/** Reads anything that is no lookup by key as one entry, which depends on every table that its SQL names. */
export class ListReader<Entity extends ObjectLiteral> {
    readonly #context: EntityContext<Entity>
    readonly #fingerprint: string
    readonly #keys: Memo<string, string> | undefined
    /** By the set of tables: a read that joins nothing comes with the same set each time. */
    readonly #tags = new WeakMap<ReadonlySet<EntityMetadata>, readonly string[]>()

    constructor(context: EntityContext<Entity>) {
        this.#context = context
        this.#keys = context.parts.keys.isFixed ? new Memo(KEYS) : undefined
        this.#fingerprint = `${graphFingerprint(context.entity)}.${context.metadata.version}`
    }

    /** The result, before its listeners run. */
    read<T>(find: ListCall<T>): Promise<T> | Bypass {
        const { entity, metadata, parts } = this.#context
        if (!metadata.lists && !find.call.asked) return new Bypass("lists: false")
        const plan = planFind(entity, find.method, find.options, find.extra, parts.dependsOn)
        if ("bypass" in plan) return new Bypass(plan.bypass)
        if (plan.tables.size > 1 && this.#runsListenersInLoad(find.options, plan))
            return new Bypass(`relationLoadStrategy "query" with afterLoad listeners`)
        return this.#read(find, plan)
    }

    #read<T>(find: ListCall<T>, plan: FindPlan): Promise<T> | Bypass {
        const { entity, metadata, parts } = this.#context
        const { codec, call } = find
        const pinned = this.#pinned(plan, find.options?.where)
        const own = pinned ?? this.#tagsOf(plan)
        const tags = call.id === undefined ? own : [parts.keys.user(call.id), ...own]
        const touched = this.#context.touched(call, tags)
        if (touched !== undefined) return touched
        const result = parts.cache.read<T>({
            key: this.#keyOf(plan, tags, call.id),
            tags,
            ...(pinned !== undefined && { covering: tags.slice(-1) }),
            stats: parts.listStats,
            subject: entity.name,
            source: call.source,
            freshness: metadata.freshness,
            alone: this.#context.isAlone(call),
            decode: codec.decode,
            load: async () => {
                const { result, shareable } = await parts.loader.load(call.within, (manager) =>
                    find.run(manager, this.#context.ownOptions(find.options)),
                )
                const isEmpty = codec.isEmpty(result)
                return {
                    result,
                    value:
                        codec.entities(result).length > parts.maxSize ? undefined : this.#context.encode(codec, result),
                    ttl: this.#context.ttl(call, isEmpty ? metadata.negativeTtl : metadata.listTtl),
                    tagCount: pinned !== undefined && !isEmpty ? tags.length - 1 : tags.length,
                    shareable,
                }
            },
        })
        return Promise.resolve(result)
    }

    /** Tags of a read that is about one row only: a write to another row leaves it alone. */
    #pinned(plan: FindPlan, where: unknown): readonly string[] | undefined {
        if (plan.joins || plan.tables.size !== 1 || !this.#context.hasRows) return undefined
        const id = pinnedId(this.#context.entity, where)
        return id === undefined ? undefined : [this.#context.rowTag(id), ...this.#context.wideTags()]
    }

    /**
     * Spells the tags as well: an entry holds stamps without the names of their tags, and two tags may have one stamp, so
     * what is stored under one set of tags must not be found under another (a name that a call gives, newer code).
     * Most texts are too long for a key, and their digests cost as much as all the rest.
     */
    #keyOf({ text }: FindPlan, tags: readonly string[], name: string | undefined): string {
        const known = name === undefined ? this.#keys?.get(text) : undefined
        if (known !== undefined) return known
        const { entity, parts } = this.#context
        const key = parts.keys.entry("list", entity.name, this.#fingerprint, [text, ...tags].join("\n"))
        if (name === undefined && text.length <= LONG_TEXT) this.#keys?.set(text, key)
        return key
    }

    #tagsOf({ tables }: FindPlan): readonly string[] {
        const known = this.#context.parts.keys.isFixed ? this.#tags.get(tables) : undefined
        if (known !== undefined) return known
        const list = this.#context.tableTags(tables)
        this.#tags.set(tables, list)
        return list
    }

    /** Related rows of the strategy "query" come with their listeners already run. */
    #runsListenersInLoad(options: FindManyOptions | FindOneOptions | undefined, { tables }: FindPlan): boolean {
        const { entity, parts } = this.#context
        const { dataSource } = parts
        const strategy = options?.relationLoadStrategy ?? dataSource.options.relationLoadStrategy
        return strategy === "query" && [...tables].some((it) => it !== entity && hasLoadListeners(it, dataSource))
    }
}
