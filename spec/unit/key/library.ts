import "reflect-metadata"
import type { DataSource, EntityMetadata, EntityTarget } from "typeorm"

export type TypeOrm = typeof import("typeorm")

/** The TypeORM versions that these specs run on. */
export const VERSIONS = ["typeorm", "typeorm-0.3.31", "typeorm-0.3.20"] as const

export class Money {
    constructor(readonly cents: number) {}
}

/** A little library on sql.js, its entities defined with one version's own decorators. */
export interface Library {
    readonly t: TypeOrm
    readonly dataSource: DataSource
    /** Every statement that was sent. */
    readonly sent: string[]
    readonly entities: Readonly<Record<string, new () => object>>
    metadata(name: string): EntityMetadata
}

const STORAGE = "typeormMetadataArgsStorage"
const storages = new Map<string, unknown>()

/**
 * Runs something with a version's own storage of decorators: all copies of TypeORM in a process share one global, and
 * do not understand each other's.
 */
export async function withVersion<T>(version: string, run: (t: TypeOrm) => T | Promise<T>): Promise<T> {
    const scope = globalThis as Record<string, unknown>
    const before = scope[STORAGE]
    scope[STORAGE] = storages.get(version)
    try {
        return await run(require(version) as TypeOrm)
    } finally {
        storages.set(version, scope[STORAGE])
        if (before === undefined) delete scope[STORAGE]
        else scope[STORAGE] = before
    }
}

const opened = new Map<string, Promise<Library>>()

/** Opens a version's library once for all specs. */
export function openLibrary(version: string): Promise<Library> {
    let library = opened.get(version)
    if (library === undefined) opened.set(version, (library = withVersion(version, open)))
    return library
}

async function open(t: TypeOrm): Promise<Library> {
    const entities = defineEntities(t)
    const sent: string[] = []
    const ignore = (): void => {}
    const dataSource = new t.DataSource({
        type: "sqljs",
        entities: Object.values(entities),
        synchronize: true,
        logging: true,
        logger: {
            logQuery: (query: string) => void sent.push(query),
            logQueryError: ignore,
            logQuerySlow: ignore,
            logSchemaBuild: ignore,
            logMigration: ignore,
            log: ignore,
        },
    })
    await dataSource.initialize()
    const metadata = (name: string): EntityMetadata =>
        dataSource.entityMetadatas.find((one) => one.name === name) as EntityMetadata
    return { t, dataSource, sent, entities, metadata }
}

/** The metadata of an entity that no database needs to know: its DataSource, of the given type, is never opened. */
export function metadataFor(
    version: string,
    type: string,
    define: (t: TypeOrm) => readonly EntityTarget<object>[],
): Promise<EntityMetadata> {
    return withVersion(version, async (t) => {
        const entities = [...define(t)]
        const dataSource = new t.DataSource({ type, entities, database: "x" } as never)
        await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas()
        return dataSource.getMetadata(entities[0] as EntityTarget<object>)
    })
}

function defineEntities(t: TypeOrm): Record<string, new () => object> {
    const money = { to: (value: unknown) => (value as Money).cents, from: (cents: number) => new Money(cents) }

    class Address {
        @t.Column({ type: "varchar", nullable: true }) city: unknown
        @t.Column({ type: "varchar", nullable: true }) zip: unknown
        @t.ManyToOne(() => Country, { nullable: true }) country: unknown
    }

    @t.Entity({ name: "tbl_country" })
    class Country {
        @t.PrimaryGeneratedColumn() id: number
        @t.Column({ type: "varchar" }) code: unknown
    }

    @t.Entity({ name: "tbl_publisher" })
    class Publisher {
        @t.PrimaryGeneratedColumn() id: number
        @t.Column({ type: "varchar" }) name: unknown
        @t.ManyToOne(() => Country, { eager: true, nullable: true }) country: unknown
    }

    @t.Entity({ name: "tbl_author" })
    class Author {
        @t.PrimaryGeneratedColumn() id: number
        @t.Column({ type: "varchar" }) name: unknown
        @t.Column({ type: "varchar", nullable: true }) email: unknown
        @t.Column({ type: "int", nullable: true }) age: unknown
        @t.Column({ type: "bigint", nullable: true }) big: unknown
        @t.Column({ type: "datetime", nullable: true }) born: unknown
        @t.Column({ type: "simple-json", nullable: true }) notes: unknown
        @t.Column(() => Address, { prefix: "at" }) address: Address
        @t.OneToMany(() => Book, (book: { author: unknown }) => book.author) books: unknown
        @t.DeleteDateColumn() gone: unknown
    }

    @t.Entity({ name: "tbl_tag" })
    class Tag {
        @t.PrimaryGeneratedColumn() id: number
        @t.Column({ type: "varchar" }) label: unknown
        @t.ManyToMany(() => Book, (book: { tags: unknown }) => book.tags) books: unknown
    }

    @t.Entity({ name: "tbl_book" })
    class Book {
        @t.PrimaryGeneratedColumn() id: number
        @t.Column({ type: "varchar" }) title: unknown
        @t.Column({ type: "int", nullable: true, transformer: money }) price: unknown
        @t.ManyToOne(() => Author, (author) => author.books, { nullable: true }) author: unknown
        @t.ManyToOne(() => Publisher, { eager: true, nullable: true }) publisher: unknown
        @t.ManyToMany(() => Tag, (tag) => tag.books) @t.JoinTable({ name: "tbl_book_tag" }) tags: unknown
    }

    @t.Entity({ name: "tbl_shelf" })
    class Shelf {
        @t.PrimaryGeneratedColumn() id: number
        @t.ManyToMany(() => Book) @t.JoinTable({ name: "tbl_shelf_book" }) books: unknown
        @t.RelationId((shelf: Shelf) => shelf.books as never) bookIds: unknown
    }

    @t.Entity({ name: "tbl_series" })
    class Series {
        @t.PrimaryGeneratedColumn() id: number
        @t.ManyToMany(() => Tag, { eager: true }) @t.JoinTable({ name: "tbl_series_tag" }) tags: unknown
    }

    @t.Entity({ name: "tbl_pair" })
    class Pair {
        @t.PrimaryColumn({ type: "int" }) a: unknown
        @t.PrimaryColumn({ type: "varchar" }) b: unknown
        @t.Column({ type: "varchar", nullable: true }) note: unknown
    }

    class Place {
        @t.PrimaryColumn({ type: "int" }) row: unknown
        @t.PrimaryColumn({ type: "int" }) seat: unknown
    }

    @t.Entity({ name: "tbl_seat" })
    class Seat {
        @t.Column(() => Place) place: Place
        @t.Column({ type: "varchar", nullable: true }) note: unknown
    }

    @t.Entity({ name: "tbl_profile" })
    class Profile {
        @t.OneToOne(() => Author) @t.JoinColumn() @t.PrimaryColumn({ type: "int", name: "authorId" }) author: unknown
        @t.Column({ type: "varchar", nullable: true }) note: unknown
    }

    @t.Entity({ name: "tbl_virtual" })
    class Counted {
        @t.PrimaryGeneratedColumn() id: number
        @t.VirtualColumn({ query: () => "SELECT COUNT(*) FROM tbl_tag" }) total: number
    }

    @t.ViewEntity({ name: "view_declared", expression: `SELECT id, name FROM "tbl_author"`, dependsOn: [Author] })
    class Declared {
        @t.PrimaryColumn({ type: "int" }) id: number
        @t.ViewColumn() name: string
    }

    @t.ViewEntity({ name: "view_silent", expression: `SELECT id, name FROM "tbl_author"` })
    class Silent {
        @t.ViewColumn() id: number
    }

    const all = { Country, Publisher, Author, Tag, Book, Shelf, Series, Pair, Seat, Profile, Counted, Declared, Silent }
    return all
}
