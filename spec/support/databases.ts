import type { Backend } from "./database/Backend"
import { mariadbBackend } from "./database/mariadbBackend"
import { postgresBackend } from "./database/postgresBackend"
import { sqliteBackend } from "./database/sqliteBackend"
import { chosen, leaveOut, START_TIMEOUT } from "./choice"
import { eachStore, type TestStore } from "./stores"
import { TestDatabase } from "./TestDatabase"

export { TestDatabase, type TestDataSourceOptions } from "./TestDatabase"
export { forEachStore, type TestStore } from "./stores"

const BACKENDS: readonly Backend[] = [postgresBackend, mariadbBackend, sqliteBackend]

/**
 * Describes the same rules for PostgreSQL, MariaDB and SQLite. One that cannot be had is a pending spec that says why.
 * `DATABASES=postgres,sqlite` narrows the run.
 */
export function forEachDatabase(title: string, body: (database: TestDatabase) => void): void {
    for (const backend of BACKENDS) {
        if (!chosen("DATABASES", backend.name)) continue
        describe(`${backend.name}: ${title}`, () => {
            const reason = backend.whyMissing()
            if (reason !== undefined) return leaveOut(backend.name, reason)
            const database = new TestDatabase(backend)
            before(async function () {
                this.timeout(START_TIMEOUT)
                await database.start()
            })
            body(database)
            // After the body, so that the hooks of the body still find everything in place.
            after(() => database.cleanUp())
        })
    }
}

/** Describes the same rules for every database with every store: {@link forEachDatabase} times `forEachStore`. */
export function forEachDatabaseAndStore(title: string, body: (database: TestDatabase, store: TestStore) => void): void {
    forEachDatabase(title, (database) =>
        eachStore(
            (name) => name,
            (store) => body(database, store),
        ),
    )
}
