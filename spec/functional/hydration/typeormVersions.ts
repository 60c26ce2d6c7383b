import type { DataSource, DataSourceOptions } from "typeorm"

export type Typeorm = typeof import("typeorm")

/** Releases of TypeORM that the package supports, newest first. */
const VERSIONS = ["typeorm", "typeorm-0.3.31", "typeorm-0.3.20"]

interface Scope {
    typeormMetadataArgsStorage?: unknown
}

/**
 * Describes the same rules for every release. All releases keep what decorators say in one global variable, which is why each is
 * given a variable of its own while it defines or connects.
 */
export function forEachTypeorm(run: (typeorm: Typeorm, within: <T>(work: () => T) => T) => void): void {
    for (const version of VERSIONS) {
        const scope = globalThis as Scope
        let own: unknown
        const within = <T>(work: () => T): T => {
            const outer = scope.typeormMetadataArgsStorage
            scope.typeormMetadataArgsStorage = own
            const restore = (): void => {
                own = scope.typeormMetadataArgsStorage
                scope.typeormMetadataArgsStorage = outer
            }
            const result = work()
            if (result instanceof Promise) return result.finally(restore) as T
            restore()
            return result
        }

        const typeorm = within(() => require(version) as Typeorm)
        describe(version, () => run(typeorm, within))
    }
}

export function sqljs(entities: readonly unknown[], more: object = {}): DataSourceOptions {
    return { type: "sqljs", synchronize: true, entities, ...more } as unknown as DataSourceOptions
}

/** The metadata of an entity, as the library is given it. */
export function metadataOf(dataSource: DataSource, target: Function | string): DataSource["entityMetadatas"][number] {
    return dataSource.getMetadata(target as Function)
}
