import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityTarget,
    JoinTable,
    ManyToMany,
    ManyToOne,
    MoreThan,
    OneToMany,
    PrimaryColumn,
} from "typeorm"
import { Cached, CachedRelation } from "typeorm-second-level-cache"
import { type CallCache, callCacheOf } from "../../../lib/repository/CallCache"
import { readersOf } from "../../../lib/repository/EntityReaders"
import {
    attachBranches,
    type CachedRelations,
    type RelationBranch,
    splitFind,
} from "../../../lib/repository/RelationBranches"
import { closeLocalCaches, openLocalCache } from "../../functional/repository/openCache"
import { typeormVersion } from "../../support/resolve"

@Entity()
@Cached()
class Shop {
    @PrimaryColumn()
    id: number

    @Column()
    name: string

    @OneToMany(() => Offer, (offer) => offer.shop)
    @CachedRelation()
    offers: Offer[]

    @OneToMany(() => Offer, (offer) => offer.former)
    plain: Offer[]
}

/** Its eager relations are cached. */
@Entity()
@Cached()
class Offer {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Shop, (shop) => shop.offers, { eager: true })
    @CachedRelation()
    shop: Shop

    @ManyToOne(() => Shop, (shop) => shop.plain, { nullable: true })
    former: Shop | null

    @ManyToMany(() => Label, (label) => label.offers, { eager: true })
    @JoinTable()
    @CachedRelation()
    labels: Label[]

    @OneToMany(() => Bid, (bid) => bid.offer)
    @CachedRelation()
    bids: Bid[]
}

@Entity()
@Cached()
class Label {
    @PrimaryColumn()
    id: number

    @ManyToMany(() => Offer, (offer) => offer.labels)
    @CachedRelation()
    offers: Offer[]
}

/** One of its eager relations is not cached. */
@Entity()
@Cached()
class Bid {
    @PrimaryColumn()
    id: number

    @ManyToOne(() => Offer, (offer) => offer.bids, { eager: true })
    @CachedRelation()
    offer: Offer

    @ManyToOne(() => Shop, { eager: true })
    bidder: Shop

    @ManyToOne(() => Label, { nullable: true, createForeignKeyConstraints: false })
    @CachedRelation()
    loose: Label | null

    @ManyToOne(() => Label, { nullable: false, createForeignKeyConstraints: false })
    @CachedRelation()
    hiding: Label
}

type Options = Readonly<Record<string, unknown>>

describe("a find with relations", () => {
    let dataSource: DataSource
    before(async () => void ({ dataSource } = await openLocalCache({ entities: [Shop, Offer, Label, Bid] })))
    after(closeLocalCaches)

    const cached: CachedRelations = (owner, relation) => {
        const reader = readersOf(dataSource).readerOf(owner).relation(relation)
        return reader.metadata.enabled ? reader : undefined
    }
    const shown = (branches: readonly RelationBranch[]): object =>
        Object.fromEntries(branches.map(({ reader, children }) => [reader.relation.propertyPath, shown(children)]))
    /** The relations with entries of their own, and what is left of the options. */
    function split(target: EntityTarget<object>, options: Options | undefined, call: Partial<CallCache> = {}): unknown {
        const found = splitFind(
            dataSource.getMetadata(target),
            { method: "find", options, call: { ...callCacheOf(undefined)!, ...call } },
            cached,
        )
        return found && [shown(found.branches), found.options]
    }

    const TAKEN: readonly (readonly [string, EntityTarget<object>, Options | undefined, object, Options])[] = [
        ["a cached relation", Shop, { relations: { offers: true } }, { offers: {} }, {}],
        [
            "what the find asks beside it stays",
            Shop,
            { where: { name: "a" }, order: { name: "ASC" }, take: 3, relations: { offers: true } },
            { offers: {} },
            { where: { name: "a" }, order: { name: "ASC" }, take: 3 },
        ],
        [
            "a relation that is not cached stays",
            Shop,
            { relations: { offers: true, plain: true } },
            { offers: {} },
            { relations: { plain: true } },
        ],
        ["what is behind it", Shop, { relations: { offers: { bids: true } } }, { offers: { bids: {} } }, {}],
        ["an eager one behind it is in its entry", Shop, { relations: { offers: { shop: true } } }, { offers: {} }, {}],
        [
            "a relation that is said no to is not asked for",
            Shop,
            { relations: { offers: true, plain: false } },
            { offers: {} },
            {},
        ],
        ["one that is undefined neither", Shop, { relations: { offers: true, plain: undefined } }, { offers: {} }, {}],
        [
            "conditions of other relations do not matter",
            Shop,
            { where: { plain: { id: 1 } }, relations: { offers: true } },
            { offers: {} },
            { where: { plain: { id: 1 } } },
        ],
        [
            "conditions that are undefined neither",
            Shop,
            { where: { offers: undefined }, relations: { offers: true } },
            { offers: {} },
            { where: { offers: undefined } },
        ],
        [
            "eager relations, when all of them are cached",
            Offer,
            undefined,
            { shop: {}, labels: {} },
            { loadEagerRelations: false },
        ],
        [
            "eager relations beside others",
            Offer,
            { relations: { bids: true } },
            { bids: {}, shop: {}, labels: {} },
            { loadEagerRelations: false },
        ],
        [
            "an eager relation that is named as well",
            Offer,
            { relations: { shop: { offers: true } } },
            { shop: { offers: {} }, labels: {} },
            { loadEagerRelations: false },
        ],
        ["others where one of the eager ones is not cached", Bid, { relations: { loose: true } }, { loose: {} }, {}],
        [
            "eager relations that are switched off are not there",
            Bid,
            { loadEagerRelations: false, relations: { loose: true } },
            { loose: {} },
            { loadEagerRelations: false },
        ],
        [
            "a nullable one without a foreign key in the database",
            Bid,
            { relations: { loose: true } },
            { loose: {} },
            {},
        ],
    ]
    for (const [title, target, options, branches, rest] of TAKEN)
        it(`takes out: ${title}`, () => {
            const before = options === undefined ? undefined : structuredClone(options)
            expect(split(target, options)).to.deep.equal([branches, rest])
            expect(options, "the caller's own options").to.deep.equal(before)
        })

    const LEFT: readonly (readonly [string, EntityTarget<object>, Options | undefined])[] = [
        ["no relations are asked for", Shop, undefined],
        ["none of them is", Shop, { relations: {} }],
        ["all are said no to", Shop, { relations: { offers: false } }],
        ["it is not cached", Shop, { relations: { plain: true } }],
        ["a condition names it", Shop, { where: { offers: { id: 1 } }, relations: { offers: true } }],
        [
            "one of several conditions names it",
            Shop,
            { where: [{ id: 1 }, { offers: { id: 1 } }], relations: { offers: true } },
        ],
        ["a condition counts it", Shop, { where: { offers: MoreThan(1) }, relations: { offers: true } }],
        ["the order names it", Shop, { order: { offers: { id: "ASC" } }, relations: { offers: true } }],
        ["columns are chosen", Shop, { select: { id: true }, relations: { offers: true } }],
        ["removed rows are asked for", Shop, { withDeleted: true, relations: { offers: true } }],
        ["ids of relations are asked for", Shop, { loadRelationIds: true, relations: { offers: true } }],
        ["rows are locked", Shop, { lock: { mode: "pessimistic_read" }, relations: { offers: true } }],
        ["one behind it is not cached", Shop, { relations: { offers: { former: true } } }],
        ["one behind an eager one is asked for", Shop, { relations: { offers: { shop: { plain: true } } } }],
        ["it is not known", Shop, { relations: { other: true } }],
        [
            "its rows would be without their eager relations",
            Shop,
            { loadEagerRelations: false, relations: { offers: true } },
        ],
        ["an owner is hidden where no row is found", Bid, { relations: { hiding: true } }],
        ["an eager relation is not cached", Bid, undefined],
        ["a condition names an eager relation", Offer, { where: { shop: { id: 1 } } }],
        ["another relation stays beside eager ones", Offer, { relations: { former: true } }],
    ]
    for (const [title, target, options] of LEFT)
        it(`takes nothing out when ${title}`, () => {
            expect(split(target, options)).to.equal(undefined)
        })

    it("takes nothing out of a named entry or inside a transaction", () => {
        const options = { relations: { offers: true } }
        expect(split(Shop, options, { id: "name" })).to.equal(undefined)
        expect(split(Shop, options, { within: { hasTouched: () => false } as never })).to.equal(undefined)
        expect(split(Shop, options, { ttl: 5, asked: true })).to.deep.equal([{ offers: {} }, {}])
    })

    if (typeormVersion === "1")
        it("leaves paths to TypeORM, which refuses them", () => {
            expect(split(Shop, { relations: ["offers"] })).to.equal(undefined)
        })
    else
        it("reads paths as the tree that they spell", () => {
            expect(split(Shop, { relations: ["offers", "offers.bids", "plain"] })).to.deep.equal([
                { offers: { bids: {} } },
                { relations: { plain: {} } },
            ])
            expect(split(Shop, { relations: [1] })).to.equal(undefined)
        })
})

describe("relations that were read apart", () => {
    it("come to their owners in the order asked for, whichever was there first", async () => {
        const branch = (name: string, waits: Promise<void>): RelationBranch =>
            ({
                reader: {
                    read: () => waits.then(() => [name]),
                    assign: (owners: object[], [related]: string[]) =>
                        owners.forEach((owner) => Object.assign(owner, { [name]: related })),
                },
                children: [],
            }) as unknown as RelationBranch
        let arrive!: () => void
        const late = new Promise<void>((resolve) => (arrive = resolve))
        const owner = { id: 1 }
        const attaching = attachBranches(
            [owner],
            [branch("parent", late), branch("children", Promise.resolve())],
            callCacheOf(undefined)!,
        )
        await new Promise((resolve) => setImmediate(resolve))
        arrive()
        await attaching
        expect(Object.keys(owner)).to.deep.equal(["id", "parent", "children"])
    })
})
