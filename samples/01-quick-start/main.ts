import { openServers } from "../openServers"
import { Report } from "./Report"
// #region declare
import "reflect-metadata"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { Cached, CachedRepository, SecondLevelCache } from "typeorm-second-level-cache"

@Entity()
@Cached({ ttl: "5m" })
class Author {
    @PrimaryGeneratedColumn() id: number
    @Column() name: string
}
// #endregion

async function main(): Promise<void> {
    const { url, store, prefix, ownTables, sql, close } = await openServers("quick_start")
    // #region wire
    const cache = new SecondLevelCache({ store, prefix })
    const dataSource = new DataSource({
        type: "postgres",
        url,
        entities: [Author],
        subscribers: [cache.subscriber], // follows every write, invalidates after commit
        ...ownTables,
    })
    await dataSource.initialize()
    const authors = new CachedRepository(Author, dataSource.manager)
    // #endregion
    const report = new Report(authors, dataSource.getRepository(Author), sql)

    // #region use
    await authors.save([{ name: "Ada" }, { name: "Grace" }])
    await report.read("author 1", (it) => it.findOneByOrFail({ id: 1 })) // asks the database
    await report.read("author 1, again", (it) => it.findOneByOrFail({ id: 1 })) // does not
    await report.read("author 2", (it) => it.findOneByOrFail({ id: 2 }))
    await report.read("all authors", (it) => it.find({ order: { id: "ASC" } }))
    await report.read("all authors, again", (it) => it.find({ order: { id: "ASC" } }))

    await dataSource.transaction((manager) => manager.update(Author, { id: 1 }, { name: "Ada Lovelace" }))
    report.say("author 1 was renamed, and the transaction committed")
    await report.read("author 1", (it) => it.findOneByOrFail({ id: 1 })) // asks: the row has changed
    await report.read("author 1, again", (it) => it.findOneByOrFail({ id: 1 })) // does not
    await report.read("author 2", (it) => it.findOneByOrFail({ id: 2 })) // does not: another row
    await report.read("all authors", (it) => it.find({ order: { id: "ASC" } })) // asks: the list has changed
    // #endregion

    const renaming = dataSource.transaction(async (manager) => {
        await manager.update(Author, { id: 2 }, { name: "Nobody" })
        throw new Error("rolled back")
    })
    await renaming.catch((error: Error) => report.say(`author 2 was renamed, and the transaction ${error.message}`))
    await report.read("author 2", (it) => it.findOneByOrFail({ id: 2 })) // asks, to be on the safe side
    await report.read("author 2, again", (it) => it.findOneByOrFail({ id: 2 }))
    report.sum()
    await close(dataSource, cache)
}

void main()
