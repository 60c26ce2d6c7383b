import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"

/** Who may have to be read again: positions, or all of them. */
export type Positions = readonly number[] | "all"

/** A way of changing what a relation holds. */
export interface Change<Link> {
    readonly title: string
    /** Owners whose lists the change may take out of the cache; of pairs, those on the owning side. */
    readonly lists: Positions
    /** Items whose owner it may take out; of pairs, those on the other side. */
    readonly ones: Positions
    run(manager: EntityManager, link: Link): Promise<unknown>
    /** What comes before the cache is filled. */
    prepare?(manager: EntityManager, link: Link): Promise<unknown>
    /** It changes nothing in the end. */
    readonly isIdle?: boolean
    /** It makes a transaction of its own. */
    readonly alone?: boolean
    /** Why it cannot be run here. */
    missing?(dataSource: DataSource): string | undefined
    /** False where there is no such thing to be changed. */
    suits?(database: string, link: Link): boolean
}

type Row<Link> = readonly [
    title: string,
    lists: Positions,
    ones: Positions,
    run: (manager: EntityManager, link: Link) => Promise<unknown>,
    more?: Partial<Change<Link>>,
]

export function changesOf<Link>(rows: readonly Row<Link>[]): Change<Link>[] {
    return rows.map(([title, lists, ones, run, more]) => ({ title, lists, ones, run, ...more }))
}

/** For methods that came with TypeORM 1. */
export const lacks = (method: string) => (dataSource: DataSource) =>
    method in dataSource.manager ? undefined : `this TypeORM has no ${method}()`

/** save() of an instance: what a plain object says of a lazy relation is not looked at. */
export function saved(
    manager: EntityManager,
    target: EntityTarget<ObjectLiteral>,
    row: ObjectLiteral,
): Promise<unknown> {
    return manager.save(target, manager.create(target, row))
}

const ROLLBACK = new Error("rollback")

/** Runs the work and takes it back: a transaction, or a savepoint in one. */
export async function takenBack(
    manager: EntityManager,
    work: (inner: EntityManager) => Promise<unknown>,
): Promise<void> {
    const error: unknown = await manager
        .transaction(async (inner) => {
            await work(inner)
            throw ROLLBACK
        })
        .catch((it: unknown) => it)
    if (error !== ROLLBACK) throw error
}
