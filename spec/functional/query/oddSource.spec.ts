import { expect } from "chai"
import { ViewColumn, ViewEntity } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, ENTITIES, Tag } from "../../support/entity"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"

@ViewEntity({ name: "author_name", expression: "SELECT id, name FROM author", dependsOn: [Author] })
class AuthorName {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

@ViewEntity({ name: "silent_name", expression: "SELECT id, name FROM author" })
class SilentName {
    @ViewColumn()
    id: number

    @ViewColumn()
    name: string
}

forEachDatabaseAndStore("TypeORM's own query cache, for a query", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, {
            entities: [...ENTITIES, AuthorName, SilentName],
            queryCache: ({ queryResultCache: provider }) => ({ provider, duration: 60_000 }),
        })
        await seedLibrary(open.dataSource)
        await open.dataSource.query("CREATE TABLE loose (id int)")
        await open.settled()
    })
    beforeEach(() => open.reset())
    after(async () => {
        await open.cache.close()
        await database.cleanUp()
    })
    const builder = () => open.dataSource.createQueryBuilder().cache(true)

    it("of a view that says what it reads, is invalidated by it", async () => {
        const read = () =>
            builder().select("v.name", "name").from(AuthorName, "v").where("v.id = 1").getRawOne<object>()
        await read()
        await open.hit(read)
        await open.plain(Tag).insert({ name: `tag ${Math.random()}` })
        await open.settled()
        await open.hit(read)
        await open.plain(Author).update(1, { name: "of a view" })
        await open.settled()
        expect(await open.load(read)).to.deep.equal({ name: "of a view" })
    })

    it("of a view that does not, goes to the database", async () => {
        const read = () =>
            builder().select("v.name", "name").from(SilentName, "v").where("v.id = 1").getRawOne<object>()
        await open.load(read)
        await open.load(read)
    })

    it("that does not name its tables, or has none, goes to the database", async () => {
        const rows = { sqlite: "pragma_table_info('author')", postgres: "pg_get_keywords()", mariadb: "nothing()" }
        const sources = ["(SELECT 1 AS n)"]
        // MariaDB has no function in the place of a table
        if (database.name !== "mariadb") sources.push(`(SELECT 1 AS n FROM author, ${rows[database.name]})`)
        for (const source of sources) {
            const read = () => builder().select("t.n", "n").from(source, "t").getRawMany()
            await open.load(read)
            await open.load(read)
            expect(open.store.calls).to.deep.equal([])
        }
    })

    // SQLite has no statement of this kind
    const itOnServers = database.name === "sqlite" ? () => undefined : it
    itOnServers("of a table without an entity, is invalidated by what may write any table", async () => {
        const read = () => builder().select("l.id", "id").from("loose", "l").getRawMany()
        await read()
        await open.hit(read)
        await open.dataSource.query(database.name === "postgres" ? "DO $$ BEGIN END $$" : "DO 1")
        await open.settled()
        await open.load(read)
    })

    const itOnPostgres = database.name === "postgres" ? it : () => undefined
    itOnPostgres("that writes, writes each time", async () => {
        const before = await open.plain(Tag).count()
        const write = () =>
            builder()
                .addCommonTableExpression(`INSERT INTO tag (name) VALUES ('tag ' || random()) RETURNING id`, "written")
                .select("w.id", "id")
                .from("written", "w")
                .getRawMany()
        await write()
        await Promise.all([write(), write()])
        expect(await open.plain(Tag).count()).to.equal(before + 3)
    })
})
