import { expect } from "chai"
import { typeormVersion } from "../../support/resolve"
import { forEachDatabaseAndStore } from "../../support/databases"
import { expectSame } from "../hydration/expectSame"
import { World } from "../subscriber/World"
import type { Change, Positions } from "./Change"
import * as entities from "./entity"
import { FAMILIES } from "./families"
import { type Family, refill, type WatchedRelation } from "./Family"
import * as oddEntities from "./oddEntity"
import { type Probe, probesOf, sorted } from "./probes"

/** An entry of a relation: whose it is. */
interface Owner {
    readonly relation: WatchedRelation
    /** Its place among the owners, from 1. */
    readonly position: number
}

const ENTITIES = [...Object.values(entities), ...Object.values(oddEntities)].filter(
    (it) => !([entities.Named, entities.Numbered, entities.Contact, entities.Keeper] as unknown[]).includes(it),
) as never

/** What is asked and written has nothing to do with the store: one is shown all, the others a part that has some of each. */
const ON_EVERY_STORE = /^(find|find two levels.*|eager, list|lazy|loadRelation)$/

forEachDatabaseAndStore("relations in every style, changed in every way", (database, store) => {
    let world: World
    before(async () => {
        world = await World.open(database, store, ENTITIES, { cache: { storeTimeout: "20s" } })
    })
    after(() => world.close())

    for (const [place, family] of FAMILIES.entries())
        describe(family.title, () => {
            let probes: readonly Probe[]
            before(() => {
                const all = family.relations.flatMap((it) =>
                    probesOf(it, world.dataSource.getMetadata(it.target as never)),
                )
                probes = store.name === "memory" ? all : all.filter(({ style }) => ON_EVERY_STORE.test(style))
            })

            // the stores have no part in it, and the older TypeORMs a small one
            const isWhole = store.name === "memory" && typeormVersion === "1"
            // MariaDB's ways differ from PostgreSQL's in the subscriber, where every one of them is looked at
            const share = isWhole ? (database.name === "mariadb" ? 2 : 1) : 4
            const changes = family.changes.filter((it) => it.suits?.(database.name, family.link) !== false)
            for (const change of changes.filter((_, i) => (place + i) % share === 0))
                it(`${change.title} is seen at once`, async function () {
                    const reason = change.missing?.(world.dataSource)
                    if (reason !== undefined) {
                        this.test!.title += ` (left out: ${reason})`
                        this.skip()
                    }
                    await refill(world.dataSource, family)
                    await change.prepare?.(world.dataSource.manager, family.link)
                    await world.cache.clear()
                    await readAll(world, probes)
                    const old = await world.sql.expectQueries(0, () => readAll(world, probes))
                    await warmOwners(world, family, change)

                    await change.run(world.dataSource.manager, family.link)

                    await expectNarrow(world, family, change)
                    const now = await expectFresh(world, probes)
                    const byHand = probes.filter(({ style }) => style === "loadRelation")
                    await world.sql.expectQueries(0, () => readAll(world, byHand))
                    if (change.isIdle !== true)
                        expect(textOf(now), "the change made a difference").not.to.equal(textOf(old))
                })
        })
})

async function readAll(world: World, probes: readonly Probe[]): Promise<unknown[]> {
    const found: unknown[] = []
    for (const { target, read } of probes) found.push(sorted(await read(world.cached(target))))
    return found
}

/** Fails unless every read through the cache is what a plain repository says. */
async function expectFresh(world: World, probes: readonly Probe[]): Promise<unknown[]> {
    const found: unknown[] = []
    for (const { name, target, read } of probes) {
        const mine = sorted(await read(world.cached(target)))
        expectSame(mine, sorted(await read(world.plain(target))), name)
        found.push(mine)
    }
    return found
}

/** Answers as a text, with the classes of the entities in them. */
function textOf(answers: unknown): string {
    return JSON.stringify(answers, (_, value: unknown) =>
        typeof value === "object" && value !== null && !Array.isArray(value)
            ? { ...value, "": value.constructor.name }
            : value,
    )
}

function ownersOf({ relations }: Family): Owner[] {
    return relations
        .filter(({ isCached }) => isCached !== false)
        .flatMap((relation) => relation.keys.map((_, i) => ({ relation, position: i + 1 })))
}

async function readOwner(world: World, { relation, position }: Owner): Promise<void> {
    const target = relation.target
    const repository = world.cached(target)
    // a row that is gone has an entry as well
    const owner = repository.create({ ...relation.keys[position - 1] })
    await repository.loadRelation(owner, relation.relation)
}

/** Who may have been removed before the cache was filled is not found by lists. */
async function warmOwners(world: World, family: Family, change: Change<unknown>): Promise<void> {
    for (const owner of ownersOf(family))
        if (change.prepare !== undefined) await readOwner(world, owner)
        else await world.sql.expectQueries(0, () => readOwner(world, owner))
}

/** Fails if an entry is gone that the change is to leave alone. */
async function expectNarrow(world: World, family: Family, change: Change<unknown>): Promise<void> {
    const touched = { lists: change.lists, ones: change.ones, ...family.widened?.(change) }
    const has = (positions: Positions, position: number): boolean => positions === "all" || positions.includes(position)
    const gone: string[] = []
    for (const owner of ownersOf(family)) {
        const { relation, position } = owner
        if (relation.isWide === true || has(touched[relation.side], position)) continue
        const sent = await world.sql.during(() => readOwner(world, owner))
        if (sent.length > 0) gone.push(`${relation.relation} of ${JSON.stringify(relation.keys[position - 1])}`)
    }
    expect(gone, "entries that the change has taken along").to.deep.equal([])
}
