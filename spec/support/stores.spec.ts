import { expect } from "chai"
import { forEachDatabaseAndStore } from "./databases"
import { forEachStore } from "./stores"

forEachStore("a store of the harness", (store) => {
    it("is given under a prefix that nobody else uses", async () => {
        const first = store.create()
        const second = store.create()
        const tag = `${store.prefix()}:tag`
        expect(store.prefix()).not.to.equal(store.prefix())
        await first.stamp([tag], "proposal", 1000)

        expect(first.name).to.equal(store.name)
        const { tags } = await second.read([], [tag])
        expect(tags).to.deep.equal([store.name === "redis" ? "proposal" : undefined])
    })
})

forEachDatabaseAndStore("a database with a store", (database, store) => {
    it("has both", async () => {
        const dataSource = await database.createDataSource({ entities: [] })
        expect(dataSource.isInitialized).to.equal(true)
        await store.create().stamp([`${store.prefix()}:tag`], "proposal", 1000)
    })
})
