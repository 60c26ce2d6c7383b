import type { DataSource, ObjectLiteral, QueryRunner } from "typeorm"
import { DependencyScope } from "../cache/DependencyScope"
import { isSharedRunner } from "../metadata/isSharedRunner"
import type { RelationMetadata } from "../metadata/CachedRelationMetadata"
import { callCacheOf } from "./CallCache"
import { relatedItems } from "./RelatedCodec"
import type { CachedRelations } from "./RelationBranches"
import type { RelationReader } from "./RelationReader"

type Load = (
    relation: RelationMetadata,
    owners: ObjectLiteral | ObjectLiteral[],
    runner?: QueryRunner,
    ...rest: unknown[]
) => Promise<ObjectLiteral[]>

/** A lazy relation of one owner that somebody awaits. */
interface Waiting {
    readonly owner: ObjectLiteral
    /** As TypeORM does it, one owner by one. */
    load(): Promise<ObjectLiteral[]>
    resolve(related: ObjectLiteral[]): void
    reject(error: unknown): void
}

/** Lazy relations that are read together, in the context of who asked first. */
interface Batch {
    readonly reader: RelationReader
    /** The prefix of the moment: a batch stays with its tenant. */
    readonly prefix: string
    /** The function that asks, where its reads are noted. */
    readonly scope: DependencyScope | undefined
    readonly waiting: Waiting[]
}

const standing = new WeakMap<object, LazyRelations>()

/**
 * Stands in front of TypeORM's loader of lazy relations: those that are cached come from the cache, all that are asked
 * for in one tick together. Everything else about a lazy relation stays TypeORM's own.
 */
export class LazyRelations {
    readonly #relationOf: CachedRelations
    readonly #isEnabled: () => boolean
    readonly #batches = new Set<Batch>()

    private constructor(relationOf: CachedRelations, isEnabled: () => boolean) {
        this.#relationOf = relationOf
        this.#isEnabled = isEnabled
    }

    /** From now on lazy relations of the DataSource are read like this. */
    static install(dataSource: DataSource, relationOf: CachedRelations, isEnabled: () => boolean): void {
        const loader = dataSource.relationLoader as unknown as { load: Load }
        const isKnown = standing.has(loader)
        standing.set(loader, new LazyRelations(relationOf, isEnabled))
        if (isKnown) return
        const load = loader.load.bind(loader)
        loader.load = (relation, owners, runner, ...rest) => {
            const plain = (): Promise<ObjectLiteral[]> => load(relation, owners, runner, ...rest)
            return standing.get(loader)!.#load(relation, owners, runner, rest, plain) ?? plain()
        }
    }

    /** `undefined` for what TypeORM has to load itself. */
    #load(
        relation: RelationMetadata,
        owner: ObjectLiteral | ObjectLiteral[],
        runner: QueryRunner | undefined,
        rest: readonly unknown[],
        plain: () => Promise<ObjectLiteral[]>,
    ): Promise<ObjectLiteral[]> | undefined {
        // with a query of its own, or on a runner of somebody's
        if (Array.isArray(owner) || rest.some((it) => it !== undefined)) return undefined
        if (isOwnRunner(runner) || !this.#isEnabled()) return undefined
        const reader = this.#relationOf(relation.entityMetadata, relation)
        if (reader === undefined || reader.owner.getEntityIdMap(owner) === undefined) return undefined
        return new Promise((resolve, reject) => {
            this.#enqueue(reader, { owner, load: plain, resolve, reject })
        })
    }

    #enqueue(reader: RelationReader, waiting: Waiting): void {
        const { prefix } = reader
        const scope = DependencyScope.current
        for (const batch of this.#batches)
            if (batch.reader === reader && batch.prefix === prefix && batch.scope === scope) {
                batch.waiting.push(waiting)
                return
            }
        const batch: Batch = { reader, prefix, scope, waiting: [waiting] }
        this.#batches.add(batch)
        // behind the promises that are settled already: whoever awaits in a loop of them asks in the same tick
        void Promise.resolve().then(() => process.nextTick(() => this.#flush(batch)))
    }

    #flush(batch: Batch): void {
        this.#batches.delete(batch)
        answer(batch.reader, batch.waiting).catch((error: unknown) => {
            for (const { reject } of batch.waiting) reject(error)
        })
    }
}

/** A runner that somebody holds, maybe in a transaction. That of a driver with one connection was nobody's choice. */
function isOwnRunner(runner: QueryRunner | undefined): boolean {
    if (runner === undefined || runner.isReleased) return false
    return runner.isTransactionActive || !isSharedRunner(runner)
}

async function answer(reader: RelationReader, batch: readonly Waiting[]): Promise<void> {
    const related = await reader.read(
        batch.map(({ owner }) => owner),
        callCacheOf(undefined)!,
    )
    await reader.announce(related)
    batch.forEach(({ load, resolve, reject }, i) => {
        // rows may name an owner that is not there
        if (related[i] === undefined) load().then(resolve, reject)
        else resolve(relatedItems(related[i]))
    })
}
