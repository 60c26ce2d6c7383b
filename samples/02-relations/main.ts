import { openServers } from "../openServers"
import { Report } from "./Report"
import "reflect-metadata"
import { Column, DataSource, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRelation, CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"

// #region declare
@Entity()
@Cached()
class Author {
    @PrimaryGeneratedColumn() id: number
    @Column() name: string
    @OneToMany(() => Book, (book) => book.author)
    @CachedRelation({ ttl: "1m", maxSize: 500 })
    books: Promise<Book[]>
}

@Entity()
@Cached()
class Book {
    @PrimaryGeneratedColumn() id: number
    @Column() title: string
    @ManyToOne(() => Author, (author) => author.books)
    @CachedRelation()
    author: Author
}
// #endregion

async function main(): Promise<void> {
    const { url, store, prefix, ownTables, sql, close } = await openServers("relations")
    const report = new Report(store, sql)
    const cache = new SecondLevelCache({ store: report.store, prefix })
    const dataSource = new DataSource({
        type: "postgres",
        url,
        entities: [Author, Book],
        subscribers: [cache.subscriber],
        ...ownTables,
    })
    await dataSource.initialize()
    const authors = new CachedRepository(Author, dataSource.manager)
    await dataSource.manager.insert(Author, [{ name: "Ada" }, { name: "Grace" }, { name: "Edith" }])
    await dataSource.manager.insert(Book, [
        { title: "Notes", author: { id: 1 } },
        { title: "Engines", author: { id: 1 } },
        { title: "Compilers", author: { id: 2 } },
        { title: "Hulls", author: { id: 3 } },
    ])

    // #region pages
    const joined = () => authors.find({ relations: { books: true }, order: { id: "ASC" } })
    const oneByOne = async () => {
        const list = await authors.find({ order: { id: "ASC" } })
        for (const author of list) await author.books
        return list
    }
    const allAtOnce = async () => {
        const list = await authors.find({ order: { id: "ASC" } })
        await Promise.all(list.map((author) => author.books)) // what one tick asks for is one query
        return list
    }
    const byHand = async () => authors.loadRelation(await authors.find({ order: { id: "ASC" } }), "books")
    // #endregion
    const pages = {
        "find({ relations })": joined,
        "lazy, one by one": oneByOne,
        "lazy, all at once": allAtOnce,
        "loadRelation()": byHand,
    }
    report.head()
    for (const [title, page] of Object.entries(pages)) {
        cache.enabled = false
        await report.page(title, "no cache", page)
        cache.enabled = true
        await cache.clear()
        await report.page(title, "cold", page)
        await report.page(title, "warm", page)
    }

    /** Asks the cache alone. */
    const cached = async (): Promise<string> => {
        const kept: string[] = []
        for (const { id, name } of await dataSource.manager.find(Author, { order: { id: "ASC" } }))
            if ((await cache.relation(Author, "books").get(id)) !== undefined) kept.push(name)
        return kept.join(", ") || "nobody"
    }
    report.say(`books are cached of ${await cached()}`)
    // #region move
    await dataSource.transaction((manager) => manager.update(Book, { id: 2 }, { author: { id: 2 } }))
    // #endregion
    report.say(`"Engines" moved from Ada to Grace: books are cached of ${await cached()}`)
    await report.page("find({ relations })", "then", joined)
    await report.page("find({ relations })", "warm", joined)

    // #region byHand
    const [ada] = await authors.findBy({ name: "Ada" })
    await authors.clearRelationCache(ada!, "books") // for a change that no DataSource has made
    // #endregion
    report.say(`Ada was cleared by hand: books are cached of ${await cached()}`)
    cache.stats.reset()
    await report.page("find({ relations })", "then", joined)
    // #region stats
    const { hits, misses } = cache.stats.relation(Author, "books") // each owner counts
    // #endregion
    report.say(`in this page the books of ${hits} authors were found, of ${misses} not`)
    await close(dataSource, cache)
}

void main()
