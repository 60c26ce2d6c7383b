import {
    EntityNotFoundError,
    Repository,
    type EntityManager,
    type EntityTarget,
    type FindManyOptions,
    type FindOneOptions,
    type FindOptionsWhere,
    type ObjectLiteral,
    type QueryRunner,
} from "typeorm"
import { warm, type WarmOptions, type WarmReport } from "../util/warm"
import { anyOf } from "./anyOf"
import { callCacheOf, type CallCache } from "./CallCache"
import type { EntityReader } from "./EntityReader"
import { Bypass } from "./FindCall"
import { readersOf, type Access } from "./EntityReaders"
import { clearRelationCache, loadRelation } from "./loadRelation"

/** Rows that one query of {@link CachedRepository.warm} reads. */
const ROWS_IN_A_TASK = 100

type Where<Entity> = FindOptionsWhere<Entity>[] | FindOptionsWhere<Entity>
type NumericColumn<Entity extends ObjectLiteral> = Parameters<Repository<Entity>["sum"]>[0]

type CachedRead<Entity extends ObjectLiteral, T> = (
    reader: EntityReader<Entity>,
    call: CallCache,
) => Promise<T> | Bypass

/**
 * A TypeORM repository that reads through the second-level cache. Constructed like `Repository`, so that `extends`,
 * `withRepository()` and `extend()` work; writes go to the database as ever and are followed by `cache.subscriber`.
 *
 * Reads inside a transaction, with a lock, or with `cache: false` go straight to the database. Results are entity
 * instances of the caller's own.
 *
 * @throws CacheError `E_NO_SUBSCRIBER` when the DataSource has no `cache.subscriber`, `E_NOT_CACHEABLE` for an entity
 * whose `@Cached` cannot be kept
 *
 * @example
 * class AuthorRepository extends CachedRepository<Author> {}
 * const authors = new AuthorRepository(Author, dataSource.manager)
 * await authors.findOneBy({ id: 1 })
 */
export class CachedRepository<Entity extends ObjectLiteral> extends Repository<Entity> {
    constructor(target: EntityTarget<Entity>, manager: EntityManager, queryRunner?: QueryRunner) {
        super(target, manager, queryRunner)
        // a mistake in the wiring shows when the application starts, not with the first request
        if (manager.connection.isInitialized) readersOf(manager.connection).check(this.metadata)
    }

    override find(options?: FindManyOptions<Entity>): Promise<Entity[]> {
        return readMany(this, options, () => super.find(options))
    }

    override findBy(where: Where<Entity>): Promise<Entity[]> {
        return readMany(this, { where }, () => super.findBy(where))
    }

    override findAndCount(options?: FindManyOptions<Entity>): Promise<[Entity[], number]> {
        return readPage(this, options, () => super.findAndCount(options))
    }

    override findAndCountBy(where: Where<Entity>): Promise<[Entity[], number]> {
        return readPage(this, { where }, () => super.findAndCountBy(where))
    }

    override findOne(options: FindOneOptions<Entity>): Promise<Entity | null> {
        return readOne(this, "findOne", options, () => super.findOne(options))
    }

    override findOneBy(where: Where<Entity>): Promise<Entity | null> {
        return readOne(this, "findOneBy", { where }, () => super.findOneBy(where))
    }

    override async findOneOrFail(options: FindOneOptions<Entity>): Promise<Entity> {
        return (await this.findOne(options)) ?? notFound(this, options)
    }

    override async findOneByOrFail(where: Where<Entity>): Promise<Entity> {
        return (await this.findOneBy(where)) ?? notFound(this, where)
    }

    override count(options?: FindManyOptions<Entity>): Promise<number> {
        return readScalar(this, "count", options, () => super.count(options))
    }

    override countBy(where: Where<Entity>): Promise<number> {
        return readScalar(this, "count", { where }, () => super.countBy(where))
    }

    override exists(options?: FindManyOptions<Entity>): Promise<boolean> {
        return readScalar(this, "exists", options, () => super.exists(options))
    }

    override existsBy(where: Where<Entity>): Promise<boolean> {
        return readScalar(this, "exists", { where }, () => super.existsBy(where))
    }

    override sum(column: NumericColumn<Entity>, where?: Where<Entity>): Promise<number | null> {
        return readAggregate(this, "sum", column, where, () => super.sum(column, where))
    }

    override average(column: NumericColumn<Entity>, where?: Where<Entity>): Promise<number | null> {
        return readAggregate(this, "average", column, where, () => super.average(column, where))
    }

    override minimum(column: NumericColumn<Entity>, where?: Where<Entity>): Promise<number | null> {
        return readAggregate(this, "minimum", column, where, () => super.minimum(column, where))
    }

    /**
     * Reads rows into the cache, a hundred in a query and some queries at a time.
     *
     * @param ids values, or maps of a composite key
     * @returns how many queries there were, and which failed
     * @throws CacheError `E_OPTION`
     */
    warm(ids: readonly unknown[], options?: WarmOptions): Promise<WarmReport> {
        const tasks: (() => Promise<unknown>)[] = []
        for (let at = 0; at < ids.length; at += ROWS_IN_A_TASK) {
            const part = ids.slice(at, at + ROWS_IN_A_TASK)
            tasks.push(() =>
                this.find({ where: anyOf(part.map((id) => this.metadata.ensureEntityIdMap(id))) as Where<Entity> }),
            )
        }
        return warm(tasks, options)
    }

    /**
     * Reads a relation into entities that are there already: all of them in one round trip, the missing ones in one query.
     * A relation without `@CachedRelation` comes from the database, in one query as well.
     *
     * @param relation the path of its property
     * @returns what was given
     * @throws CacheError `E_UNKNOWN_RELATION`, `E_NO_OWNER` for what is no entity of the repository or has no id
     *
     * @example
     * const list = await authors.find()
     * await authors.loadRelation(list, "books")
     */
    async loadRelation<Owners extends Entity | readonly Entity[]>(owners: Owners, relation: string): Promise<Owners> {
        await loadRelation(this, asList<Entity>(owners), relation)
        return owners
    }

    /**
     * Invalidates what the cache has of a relation of an entity, or of all its relations: for what was changed past the
     * DataSource.
     *
     * @throws CacheError `E_UNKNOWN_RELATION`, `E_NO_OWNER`
     */
    async clearRelationCache(owners: Entity | readonly Entity[], relation?: string): Promise<void> {
        await clearRelationCache(this, asList<Entity>(owners), relation)
    }

    override maximum(column: NumericColumn<Entity>, where?: Where<Entity>): Promise<number | null> {
        return readAggregate(this, "maximum", column, where, () => super.maximum(column, where))
    }
}

// Functions, no private methods: those would fail on a repository behind a Proxy, as mocking and tracing put it.

/** The cache's answer, or TypeORM's own where the cache has none to give. Whatever is wrong is a rejection. */
function read<Entity extends ObjectLiteral, T>(
    { metadata, manager }: Repository<Entity>,
    options: { cache?: unknown } | undefined,
    cached: CachedRead<Entity, T>,
    plain: () => Promise<T>,
): Promise<T> {
    try {
        const readers = readersOf(manager.connection)
        const reader = readers.readerOf<Entity>(metadata)
        const access = readers.accessOf(manager)
        return access instanceof Promise
            ? access.then((found) => answer(reader, found, options, cached, plain))
            : answer(reader, access, options, cached, plain)
    } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what was thrown, whatever it is
        return Promise.reject(error)
    }
}

function answer<Entity extends ObjectLiteral, T>(
    reader: EntityReader<Entity>,
    access: Access,
    options: { cache?: unknown } | undefined,
    cached: CachedRead<Entity, T>,
    plain: () => Promise<T>,
): Promise<T> {
    let reason: string
    if (typeof access === "string") reason = access
    else {
        const call = callCacheOf(options?.cache, access)
        const found = call === undefined ? undefined : cached(reader, call)
        if (found !== undefined && !(found instanceof Bypass)) return found
        reason = found?.reason ?? "cache: false"
    }
    reader.bypassed(reason)
    return plain()
}

function readMany<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    options: FindManyOptions<Entity> | undefined,
    plain: () => Promise<Entity[]>,
): Promise<Entity[]> {
    return read<Entity, Entity[]>(
        repository,
        options,
        (reader, call) => reader.find({ method: "find", options: options as FindManyOptions | undefined, call }),
        plain,
    )
}

function readPage<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    options: FindManyOptions<Entity> | undefined,
    plain: () => Promise<[Entity[], number]>,
): Promise<[Entity[], number]> {
    return read<Entity, [Entity[], number]>(
        repository,
        options,
        (reader, call) =>
            reader.findAndCount({ method: "findAndCount", options: options as FindManyOptions | undefined, call }),
        plain,
    )
}

function readOne<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    method: string,
    options: FindOneOptions<Entity>,
    plain: () => Promise<Entity | null>,
): Promise<Entity | null> {
    return read<Entity, Entity | null>(
        repository,
        options,
        (reader, call) => reader.findOne({ method, options: options as FindOneOptions, call }),
        plain,
    )
}

function readScalar<Entity extends ObjectLiteral, T extends number | boolean>(
    repository: Repository<Entity>,
    method: "count" | "exists",
    options: FindManyOptions<Entity> | undefined,
    plain: () => Promise<T>,
): Promise<T> {
    const { target } = repository.metadata
    return read<Entity, T>(
        repository,
        options,
        (reader, call) =>
            reader.scalar({
                method,
                options: options as FindManyOptions | undefined,
                call,
                run: (manager, own) => manager[method](target, own) as Promise<T>,
            }),
        plain,
    )
}

function readAggregate<Entity extends ObjectLiteral>(
    repository: Repository<Entity>,
    method: "sum" | "average" | "minimum" | "maximum",
    column: NumericColumn<Entity>,
    where: Where<Entity> | undefined,
    plain: () => Promise<number | null>,
): Promise<number | null> {
    const { target } = repository.metadata
    const options = where === undefined ? {} : ({ where } as FindManyOptions)
    return read<Entity, number | null>(
        repository,
        undefined,
        (reader, call) =>
            reader.scalar({
                method,
                options,
                call,
                extra: column,
                run: (manager, own) => manager[method](target, column as never, own.where as never),
            }),
        plain,
    )
}

function asList<Entity>(owners: Entity | readonly Entity[]): readonly Entity[] {
    return Array.isArray(owners) ? (owners as readonly Entity[]) : [owners as Entity]
}

function notFound<Entity extends ObjectLiteral>({ metadata }: Repository<Entity>, criteria: unknown): never {
    throw new EntityNotFoundError(metadata.target, criteria)
}

/** What TypeORM 0.3 has beside, under its own names. */
const legacy = {
    exist<Entity extends ObjectLiteral>(
        this: CachedRepository<Entity>,
        options?: FindManyOptions<Entity>,
    ): Promise<boolean> {
        return this.exists(options)
    },
    findByIds<Entity extends ObjectLiteral>(
        this: CachedRepository<Entity>,
        ids: readonly unknown[],
    ): Promise<Entity[]> {
        if (ids.length === 0) return Promise.resolve([])
        const where = ids.map((id) => this.metadata.ensureEntityIdMap(id)) as FindOptionsWhere<Entity>[]
        return this.find({ where, loadEagerRelations: false })
    },
    findOneById<Entity extends ObjectLiteral>(this: CachedRepository<Entity>, id: unknown): Promise<Entity | null> {
        return this.findOneBy(this.metadata.ensureEntityIdMap(id) as FindOptionsWhere<Entity>)
    },
}
for (const [name, method] of Object.entries(legacy))
    if (name in Repository.prototype)
        Object.defineProperty(CachedRepository.prototype, name, { value: method, writable: true, configurable: true })
