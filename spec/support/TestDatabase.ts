import { DataSource, type DataSourceOptions, type Logger } from "typeorm"
import type { Backend, DatabaseName, OpenDatabase } from "./database/Backend"

/** What a spec says of its DataSource: any of TypeORM's options; where the database is, is not its business. */
export interface TestDataSourceOptions {
    readonly entities: NonNullable<DataSourceOptions["entities"]>
    readonly subscribers?: DataSourceOptions["subscribers"]
    readonly logger?: Logger
    readonly cache?: DataSourceOptions["cache"]
    readonly extra?: unknown
    readonly [option: string]: unknown
}

/** A kind of database for one suite of specs: whatever it hands out ends with the suite. */
export class TestDatabase {
    readonly #backend: Backend
    readonly #opened: { readonly database: OpenDatabase; readonly dataSource: DataSource }[] = []

    constructor(backend: Backend) {
        this.#backend = backend
    }

    get name(): DatabaseName {
        return this.#backend.name
    }

    /** False when one transaction holds up every other reader and writer (SQLite, PGlite): no race can be run there. */
    get isConcurrent(): boolean {
        return this.#backend.isConcurrent()
    }

    /**
     * An initialised DataSource with its tables, on an empty database of its own, which is dropped with the suite. Call it
     * in a hook or in a spec.
     */
    async createDataSource(options: TestDataSourceOptions): Promise<DataSource> {
        const database = await this.#backend.create()
        const dataSource = new DataSource({
            synchronize: true,
            ...options,
            ...database.options,
        } as DataSourceOptions)
        this.#opened.push({ database, dataSource })
        return dataSource.initialize()
    }

    /**
     * How to reach the database of a DataSource made here: plain data that another process can be sent, without entities
     * and without `synchronize`.
     *
     * @throws Error for SQLite, whose database nobody else can reach
     */
    optionsOf(dataSource: DataSource): DataSourceOptions {
        const opened = this.#opened.find((it) => it.dataSource === dataSource)
        if (opened === undefined) throw new Error("this DataSource was not made by this TestDatabase")
        if (this.name === "sqlite")
            throw new Error("a SQLite database is inside its DataSource: nobody else reaches it")
        return { ...opened.database.options }
    }

    /** Starts the server if it does not run. */
    async start(): Promise<void> {
        await this.#backend.start()
    }

    /** Destroys every DataSource and drops its database. */
    async cleanUp(): Promise<void> {
        for (const { dataSource, database } of this.#opened.splice(0)) {
            if (dataSource.isInitialized) await dataSource.destroy()
            await database.drop()
        }
    }
}
