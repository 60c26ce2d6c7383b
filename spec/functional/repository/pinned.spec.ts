import { expect } from "chai"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Membership } from "../../support/entity/Membership"
import { openCache, type OpenCache } from "./openCache"

forEachDatabaseAndStore("a read about one row, with more conditions than its key", (database, store) => {
    let open: OpenCache
    before(async () => (open = await openCache(database, store)))

    it("that finds nothing hangs on the table, where the row may come", async () => {
        const key = { groupId: 1, userId: "one" }
        const read = () => open.cached(Membership).find({ where: key, select: { groupId: true, userId: true } })
        expect(await open.miss(read)).deep.equal([])
        expect(await open.hit(read)).deep.equal([])
        await open.plain(Membership).insert({ ...key, role: "member" })
        expect(await open.miss(read)).lengthOf(1)
        expect(await open.hit(read)).lengthOf(1)
    })

    it("that finds its row hangs on no other row", async () => {
        const read = () =>
            open
                .cached(Membership)
                .find({ where: { groupId: 1, userId: "one" }, select: { groupId: true, userId: true } })
        await read()
        await open.plain(Membership).insert({ groupId: 2, userId: "two", role: "member" })
        expect(await open.hit(read)).lengthOf(1)
    })
})
