import { AsyncLocalStorage } from "node:async_hooks"
import { expect } from "chai"
import { Author, Note } from "../../support/entity"
import { closeLocalCaches, type OpenCache, openLocalCache } from "../repository/openCache"

describe("lazy relations that several tenants await in one tick", () => {
    const tenant = new AsyncLocalStorage<string>()
    let open: OpenCache
    before(async () => {
        open = await openLocalCache({ cache: { prefix: () => tenant.getStore() ?? "nobody" } })
        for (const name of ["a", "b"]) await open.plain(Author).save({ name, email: name })
    })
    after(closeLocalCaches)

    /** Both authors are looked at by their own tenant; the first tenant asks first. */
    async function notes(): Promise<string[][]> {
        const asks = ["a", "b"].map((name) =>
            tenant.run(name, async () => {
                const author = await open.cached(Author).findOneByOrFail({ email: name })
                return { name, author }
            }),
        )
        const authors = await Promise.all(asks)
        const lists = authors.map(({ name, author }) => tenant.run(name, () => author.notes))
        return (await Promise.all(lists)).map((list) => list.map(({ text }) => text))
    }

    it("are read under the prefix of each", async () => {
        await notes()
        open.store.reset()
        await notes()
        const keys = open.store.calls.flatMap((call) => call.keys).filter((key) => key.includes(":relation:"))
        expect(keys.map((key) => key[0])).to.deep.equal(["a", "b"])
    })

    it("see what their own tenant has written", async () => {
        expect(await notes()).to.deep.equal([[], []])
        const [, b] = await open.plain(Author).find({ order: { id: "ASC" } })
        await tenant.run("b", () => open.dataSource.manager.insert(Note, { text: "new", author: b as never }))
        expect(await notes()).to.deep.equal([[], ["new"]])
    })
})
