import { expect } from "chai"
import { type EntityManager, EventSubscriber } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { typeormVersion } from "../../support/resolve"
import { Gadget, SHOP, Widget } from "./entity"
import { World } from "./World"

/** An outbox: writes when the transaction is about to commit. */
class Outbox {
    static write: ((manager: EntityManager) => Promise<unknown>) | undefined

    async beforeTransactionCommit({ queryRunner }: { queryRunner: { manager: EntityManager } }): Promise<void> {
        const { write } = Outbox
        Outbox.write = undefined
        await write?.(queryRunner.manager)
    }
}
EventSubscriber()(Outbox)

forEachDatabaseAndStore("a write of a beforeTransactionCommit", (database, store) => {
    // there beforeQuery is not awaited
    if (typeormVersion === "0.3.20") return
    let world: World
    afterEach(async () => {
        await world.close()
        await database.cleanUp()
    })

    it("is fenced before the COMMIT as well", async () => {
        world = await World.open(database, store, SHOP, { subscribers: [Outbox] })
        const { manager } = world.dataSource
        await manager.insert(Widget, { id: 1, name: "old" })
        const start = world.store.calls.length
        Outbox.write = (inner) => inner.insert(Gadget, { name: "late" })
        await manager.transaction((inner) => inner.update(Widget, 1, { name: "new" }))
        const calls = world.store.calls.slice(start)
        const tagsOf = (method: string): string[] =>
            calls.filter((call) => call.method === method).flatMap((call) => [...call.tags])
        expect(tagsOf("fence").some((tag) => tag.endsWith(":gadget"))).to.equal(true)
        expect(tagsOf("fence")).to.have.members(tagsOf("release"))
    })
})
