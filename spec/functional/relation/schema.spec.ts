import { expect } from "chai"
import { EntitySchema } from "typeorm"
import { cached } from "typeorm-second-level-cache"
import { forEachDatabaseAndStore } from "../../support/databases"
import { openCache, type OpenCache } from "../repository/openCache"

interface Owner {
    id: number
    parts: Part[]
    others: Part[]
}

interface Part {
    id: number
    owner: Owner
    other: Owner
}

const OwnerSchema = cached(
    new EntitySchema<Owner>({
        name: "Owner",
        columns: { id: { type: "int", primary: true } },
        relations: {
            parts: { type: "one-to-many", target: "Part", inverseSide: "owner" },
            others: { type: "one-to-many", target: "Part", inverseSide: "other" },
        },
    }),
    { ttl: "5m" },
    { parts: { ttl: "1m", maxSize: 2 } },
)

const PartSchema = cached(
    new EntitySchema<Part>({
        name: "Part",
        columns: { id: { type: "int", primary: true } },
        relations: {
            owner: { type: "many-to-one", target: "Owner", inverseSide: "parts" },
            other: { type: "many-to-one", target: "Owner", inverseSide: "others" },
        },
    }),
    {},
    { owner: {} },
)

forEachDatabaseAndStore("relations of schemas", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, { entities: [OwnerSchema, PartSchema] })
        await open.plain(OwnerSchema).insert([{ id: 1 }, { id: 2 }])
        await open.plain(PartSchema).insert([1, 2].map((id) => ({ id, owner: { id: 1 }, other: { id: 2 } })))
    })
    beforeEach(() => open.reset())

    it("are cached where cached() names them, and nowhere else", async () => {
        const owners = open.cached(OwnerSchema)
        for (let i = 0; i < 2; i++) {
            const [one] = await owners.findBy({ id: 1 })
            await open.recorder.expectQueries(1 - i, () => owners.loadRelation(one!, "parts"))
            await open.miss(() => owners.loadRelation(one!, "others"))
            expect(one).to.deep.equal({ id: 1, parts: [{ id: 1 }, { id: 2 }], others: [] })
        }
        expect(open.cache.stats.relation(OwnerSchema, "parts")).to.include({ hits: 1, misses: 1 })
        const parts = () => open.cached(PartSchema).find({ relations: { owner: true }, order: { id: "ASC" } })
        await open.recorder.expectQueries(2, parts)
        expect(await open.hit(parts)).to.deep.equal([1, 2].map((id) => ({ id, owner: { id: 1 } })))
    })

    it("keep the options that cached() gives them, and are invalidated by writes", async () => {
        const owners = open.cached(OwnerSchema)
        const [one] = await owners.findBy({ id: 1 })
        await open.miss(() => owners.loadRelation(one!, "parts"))
        await open.plain(PartSchema).insert({ id: 3, owner: { id: 1 } })
        for (let i = 0; i < 2; i++) {
            // more than maxSize
            await open.miss(() => owners.loadRelation(one!, "parts"))
            expect(one!.parts.map(({ id }) => id).sort()).to.deep.equal([1, 2, 3])
        }
        await open.plain(PartSchema).delete({ id: 3 })
        await open.miss(() => owners.loadRelation(one!, "parts"))
        await open.hit(() => owners.loadRelation(one!, "parts"))
        expect(one!.parts.map(({ id }) => id).sort()).to.deep.equal([1, 2])
    })
})
