import type { FindOptionsWhere, ObjectLiteral } from "typeorm"
import type { Loaded } from "../cache/ReadRequest"
import { schemaFingerprint } from "../hydration/schemaFingerprint"
import { rowKeyOf } from "../key/rowId"
import type { RowLookup } from "../key/rowLookup"
import type { Awaitable } from "../util/Awaitable"
import { Memo } from "../util/Memo"
import { anyOf } from "./anyOf"
import type { CallCache } from "./CallCache"
import type { EntityContext } from "./EntityContext"
import type { Bypass } from "./FindCall"

const DECIMAL = /^-?\d{1,15}$/
/** Rows whose spelling is remembered. */
const SPELLINGS = 20_000

/** What a row's entry is found by and hangs on. */
interface RowSpelling {
    readonly key: string
    /** Its own tag first, then the wide ones. */
    readonly tags: readonly [own: string, rows: string, table: string]
}

/** Reads rows by primary key: an entry for each, several in one round trip. */
export class RowReader<Entity extends ObjectLiteral> {
    /** Of the layout of rows; entries under another are not read. */
    readonly fingerprint: string
    readonly #context: EntityContext<Entity>
    readonly #spellings: Memo<string, RowSpelling> | undefined

    constructor(context: EntityContext<Entity>) {
        this.#context = context
        this.#spellings = context.parts.keys.isFixed ? new Memo(SPELLINGS) : undefined
        this.fingerprint = `${schemaFingerprint(context.entity)}.${context.metadata.version}`
    }

    /** The row of a lookup with one id, before its listeners run. */
    read(lookup: RowLookup, call: CallCache): Awaitable<Entity | null> | Bypass {
        const { entity, metadata, parts, row } = this.#context
        const { key, tags } = this.#spell(lookup, 0)
        return (
            this.#context.touched(call, tags) ??
            parts.cache.read({
                key,
                tags,
                covering: [tags[2]],
                stats: parts.rowStats,
                subject: entity.name,
                source: call.source,
                freshness: metadata.freshness,
                alone: this.#context.isAlone(call),
                decode: row.decode,
                load: async () => (await this.#load(lookup, [0], call))[0]!,
            })
        )
    }

    /** The rows of a lookup that are there, before their listeners run. */
    readMany(lookup: RowLookup, call: CallCache): Promise<Entity[]> | Bypass {
        return this.#context.touched(call, this.#context.wideTags()) ?? this.#readMany(lookup, call)
    }

    /** The key of a row's entry. */
    keyOf(lookup: RowLookup, position: number): string {
        return this.#spell(lookup, position).key
    }

    /** Strings spelled anew would be put together and hashed anew by every store: half of a hit's time. */
    #spell({ ids, keys, withDeleted }: RowLookup, position: number): RowSpelling {
        const text = keys[position]!
        const known = withDeleted ? undefined : this.#spellings?.get(text)
        if (known !== undefined) return known
        const { entity, parts } = this.#context
        const kind = withDeleted ? "row-deleted" : "row"
        const spelling: RowSpelling = {
            key: parts.keys.entry(kind, entity.name, this.fingerprint, text),
            tags: [this.#context.rowTag(ids[position]!), ...this.#context.wideTags()],
        }
        if (!withDeleted) this.#spellings?.set(text, spelling)
        return spelling
    }

    async #readMany(lookup: RowLookup, call: CallCache): Promise<Entity[]> {
        const { entity, metadata, parts, row } = this.#context
        const ordered = inOrder(lookup)
        const spellings = ordered.keys.map((_, position) => this.#spell(ordered, position))
        const found = await parts.cache.readMany<Entity | null>({
            keys: spellings.map(({ key }) => key),
            ownTags: spellings.map(({ tags }) => tags[0]),
            sharedTags: this.#context.wideTags(),
            covering: [this.#context.wideTags()[1]],
            stats: parts.rowStats,
            subject: entity.name,
            source: call.source,
            freshness: metadata.freshness,
            alone: this.#context.isAlone(call),
            decode: row.decode,
            loadMany: (positions) => this.#load(ordered, positions, call),
        })
        return found.filter((it) => it !== null)
    }

    /** Loads the rows at some positions of a lookup in one query. */
    async #load(
        { keys, wheres, withDeleted }: RowLookup,
        positions: readonly number[],
        call: CallCache,
    ): Promise<Loaded<Entity | null>[]> {
        const where = anyOf(positions.map((position) => wheres[position]!)) as FindOptionsWhere<ObjectLiteral>
        const { entity, metadata, parts, row } = this.#context
        const { result: entities, shareable } = await parts.loader.load(call.within, (manager) =>
            manager.find(entity.target, { where, withDeleted, loadEagerRelations: false }),
        )
        const found = new Map(entities.map((it) => [rowKeyOf(entity, it), it as Entity]))
        // a row that the database finds by a looser rule than ours (a collation) is answered, but has no entry
        const asked = new Set(positions.map((position) => keys[position]))
        const strangers = [...found].filter(([key]) => !asked.has(key)).map(([, stranger]) => stranger)
        const isComplete = strangers.length === 0
        return positions.map((position) => {
            const own = found.get(keys[position]) ?? null
            return {
                result: own ?? strangers.shift() ?? null,
                value: own !== null || isComplete ? this.#context.encode(row, own) : undefined,
                ttl: this.#context.ttl(call, own === null ? metadata.negativeTtl : metadata.ttl),
                tagCount: own === null ? 3 : 2,
                shareable,
            }
        })
    }
}

/** Databases answer rows of a numeric key by that key, as a rule: so do we. Others come in the order asked. */
function inOrder(lookup: RowLookup): RowLookup {
    const { ids, keys, wheres } = lookup
    if (!ids.every((id) => DECIMAL.test(id))) return lookup
    const order = ids.map((_, position) => position).sort((a, b) => Number(ids[a]) - Number(ids[b]))
    const sorted = <T>(list: readonly T[]): T[] => order.map((position) => list[position]!)
    return { ...lookup, ids: sorted(ids), keys: sorted(keys), wheres: sorted(wheres) }
}
