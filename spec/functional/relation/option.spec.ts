import { expect } from "chai"
import { EntitySchema, type ObjectLiteral } from "typeorm"
import {
    cached,
    CachedRelation,
    type CachedOptions,
    type CachedRelationOptions,
    type SecondLevelCacheOptions,
    MemoryStore,
} from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { closeLocalCaches, openLocalCache, type OpenCache } from "../repository/openCache"

/** An owner with two items, whose relation is declared as a spec wants it. */
class Declared {
    readonly clock = new FakeClock()
    open: OpenCache

    static async of(
        relation: CachedRelationOptions | undefined,
        entity: CachedOptions = {},
        cache: SecondLevelCacheOptions = {},
    ): Promise<Declared> {
        const declared = new Declared()
        const { clock } = declared
        declared.open = await openLocalCache({
            entities: schemas(relation, entity),
            cache: { ttlJitter: 0, clock, store: new MemoryStore({ clock }), ...cache },
        })
        await declared.open.plain("Owner").insert({ id: 1 })
        await declared.open.plain("Item").insert([
            { id: 1, owner: { id: 1 } },
            { id: 2, owner: { id: 1 } },
        ])
        return declared
    }

    /** Reads the relation alone: the owner is not looked at. */
    load = (): Promise<ObjectLiteral> => {
        const owners = this.open.cached("Owner")
        return owners.loadRelation(owners.create({ id: 1 }), "items")
    }

    find = (cache?: number): Promise<ObjectLiteral[]> =>
        this.open.cached("Owner").find({ relations: { items: true }, ...(cache === undefined ? {} : { cache }) })

    /** Says that an entry is there until so many milliseconds are over, or for good. */
    async expectLife(ttl: number | null, read: () => Promise<unknown> = this.load): Promise<void> {
        await this.open.load(read)
        this.clock.advance((ttl ?? 1e12) - 1)
        await this.open.hit(this.load)
        if (ttl === null) return
        this.clock.advance(1)
        await this.open.miss(this.load)
    }

    async expectNeverStored(read: () => Promise<unknown> = this.load): Promise<void> {
        await this.open.load(read)
        await this.open.load(read)
    }
}

function schemas(relation: CachedRelationOptions | undefined, entity: CachedOptions): EntitySchema[] {
    class Owner {
        id: number
        items: ObjectLiteral[]
    }
    if (relation !== undefined) CachedRelation(relation)(Owner.prototype, "items")
    return [
        cached(
            new EntitySchema<Owner>({
                name: "Owner",
                target: Owner,
                columns: { id: { type: "int", primary: true } },
                relations: { items: { type: "one-to-many", target: "Item", inverseSide: "owner" } },
            }),
            entity,
        ),
        cached(
            new EntitySchema<ObjectLiteral>({
                name: "Item",
                columns: { id: { type: "int", primary: true } },
                relations: { owner: { type: "many-to-one", target: "Owner", inverseSide: "items" } },
            }),
        ),
    ]
}

describe("the options of a cached relation", () => {
    after(closeLocalCaches)

    describe("how long an entry lives", () => {
        it("is said by the call", async () => {
            const it = await Declared.of({ ttl: 2_000 }, { ttl: 3_000 }, { ttl: 4_000 })
            await it.expectLife(1_000, () => it.find(1_000))
        })

        it("else by the relation", async () => {
            await (await Declared.of({ ttl: 2_000 }, { ttl: 3_000 }, { ttl: 4_000 })).expectLife(2_000)
        })

        it("else by the entity", async () => {
            await (await Declared.of({}, { ttl: 3_000, listTtl: 1_000 }, { ttl: 4_000 })).expectLife(3_000)
        })

        it("else by the cache", async () => {
            await (await Declared.of({}, {}, { ttl: 4_000 })).expectLife(4_000)
        })

        it("has no end where the relation says null", async () => {
            await (await Declared.of({ ttl: null }, { ttl: 3_000 }, { ttl: 4_000 })).expectLife(null)
        })
    })

    describe("the longest list", () => {
        it("of the relation is stored, one longer is not", async () => {
            await (await Declared.of({ maxSize: 2 })).expectLife(300_000)
            await (await Declared.of({ maxSize: 1 })).expectNeverStored()
        })

        it("is that of the cache where the relation says nothing", async () => {
            await (await Declared.of({}, {}, { maxSize: 1 })).expectNeverStored()
            await (await Declared.of({ maxSize: 2 }, {}, { maxSize: 1 })).expectLife(300_000)
        })

        it("may come and go", async () => {
            const it = await Declared.of({ maxSize: 2 })
            await it.load()
            await it.open.plain("Item").insert({ id: 3, owner: { id: 1 } })
            await it.expectNeverStored()
            await it.open.plain("Item").delete(3)
            await it.expectLife(300_000)
        })
    })

    describe("whether it is cached", () => {
        it("not where it is not decorated", async () => {
            await (await Declared.of(undefined)).expectNeverStored()
        })

        it("not where it is switched off, and the find keeps it in the list", async () => {
            const it = await Declared.of({ enabled: false })
            await it.expectNeverStored()
            await it.open.miss(it.find)
            expect((await it.open.hit(it.find))[0]!["items"]).to.have.length(2)
        })

        it("not where the entity is switched off", async () => {
            const it = await Declared.of({}, { enabled: false })
            await it.expectNeverStored()
            await it.expectNeverStored(() => it.find())
        })

        it("where it is switched on by itself in an entity that is switched off", async () => {
            await (await Declared.of({ enabled: true }, { enabled: false })).expectLife(300_000)
        })

        it("not where the cache is switched off", async () => {
            const it = await Declared.of({}, {}, { enabled: false })
            await it.expectNeverStored()
        })
    })

    describe("the version", () => {
        const shared = (version: string | number | undefined): CachedRelationOptions =>
            version === undefined ? {} : { version }

        it("parts what is written under another one", async () => {
            const store = new MemoryStore()
            const first = await Declared.of(shared(1), {}, { store, prefix: "same" })
            const again = await Declared.of(shared(1), {}, { store, prefix: "same" })
            const other = await Declared.of(shared(2), {}, { store, prefix: "same" })
            const none = await Declared.of(shared(undefined), {}, { store, prefix: "same" })
            await first.open.miss(first.load)
            await again.open.hit(again.load)
            await other.open.miss(other.load)
            await none.open.miss(none.load)
            await first.open.hit(first.load)
        })

        it("of the entity parts them as well", async () => {
            const store = new MemoryStore()
            const first = await Declared.of({}, { version: 1 }, { store, prefix: "same" })
            const other = await Declared.of({}, { version: 2 }, { store, prefix: "same" })
            await first.open.miss(first.load)
            await other.open.miss(other.load)
        })
    })
})
