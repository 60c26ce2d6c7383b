import type { ObjectLiteral, Repository } from "typeorm"
import { forEachDatabaseAndStore } from "../../support/databases"
import { Author, Membership, Review } from "../../support/entity"
import { typeormVersion } from "../../support/resolve"
import { openCache, type OpenCache } from "./openCache"
import { seedLibrary } from "./seedLibrary"

interface Legacy<Entity> {
    exist(options?: object): Promise<boolean>
    findByIds(ids: readonly unknown[]): Promise<Entity[]>
    findOneById(id: unknown): Promise<Entity | null>
}

const legacy = <Entity extends ObjectLiteral>(repository: Repository<Entity>): Legacy<Entity> =>
    repository as unknown as Legacy<Entity>

/** What TypeORM 1 has no more. */
if (typeormVersion !== "1")
    forEachDatabaseAndStore("the reads that only TypeORM 0.3 has", (database, store) => {
        let open: OpenCache
        before(async () => {
            open = await openCache(database, store)
            await seedLibrary(open.dataSource)
            await open.plain(Membership).insert([
                { groupId: 1, userId: "a", role: "x" },
                { groupId: 2, userId: "a", role: "y" },
            ])
        })
        beforeEach(() => open.reset())

        const READS: Record<string, [new () => ObjectLiteral, (it: Legacy<ObjectLiteral>) => Promise<unknown>]> = {
            "exist()": [Author, (it) => it.exist()],
            "exist() by a condition": [Author, (it) => it.exist({ where: { name: "Ann" } })],
            "exist() nothing": [Author, (it) => it.exist({ where: { name: "Nobody" } })],
            "findByIds()": [Author, (it) => it.findByIds([1, 3, 99])],
            "findByIds() maps": [Author, (it) => it.findByIds([{ id: 1 }, { id: 2 }])],
            "findByIds() a deleted row": [Author, (it) => it.findByIds([4])],
            "findByIds() two columns": [
                Membership,
                (it) =>
                    it.findByIds([
                        { groupId: 1, userId: "a" },
                        { groupId: 2, userId: "a" },
                    ]),
            ],
            "findByIds() beside an eager relation": [Review, (it) => it.findByIds([1, 2])],
            "findOneById()": [Author, (it) => it.findOneById(1)],
            "findOneById() nothing": [Author, (it) => it.findOneById(99)],
            "findOneById() a deleted row": [Author, (it) => it.findOneById(4)],
            "findOneById() two columns": [Membership, (it) => it.findOneById({ groupId: 2, userId: "a" })],
            "findOneById() with an eager relation": [Review, (it) => it.findOneById(1)],
        }
        for (const [title, [target, read]] of Object.entries(READS))
            it(`${title}: the second time without SQL, and as a plain repository's`, async () => {
                await open.expectCached(target, (repository) => read(legacy(repository)))
            })

        it("findByIds([]) asks nobody", async () => {
            await open.hit(() => legacy(open.cached(Author)).findByIds([]))
        })
    })
