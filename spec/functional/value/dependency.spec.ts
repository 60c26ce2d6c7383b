import { expect } from "chai"
import { LessThan } from "typeorm"
import { Barrier } from "../../support/Barrier"
import { forEachDatabaseAndStore } from "../../support/databases"
import { typeormVersion } from "../../support/resolve"
import { Author, Book, Note, Tag } from "../../support/entity"
import { openCache, type OpenCache } from "../repository/openCache"
import { seedLibrary } from "../repository/seedLibrary"

const isEarly = typeormVersion === "0.3.20"

forEachDatabaseAndStore("what a function reads", (database, store) => {
    let open: OpenCache
    before(async () => {
        open = await openCache(database, store, {
            queryCache: ({ queryResultCache: provider }) => ({ provider, duration: 60_000 }),
        })
        await seedLibrary(open.dataSource)
        await open.settled()
    })
    beforeEach(() => open.reset())
    after(async () => {
        await open.cache.close()
        await database.cleanUp()
    })

    const quoted = (name: string): string => open.dataSource.driver.escape(name)
    let calls = 0
    const counted =
        <T>(load: () => T) =>
        (): T => {
            calls++
            return load()
        }
    async function getAndDelete(name: string, load: () => unknown): Promise<void> {
        await open.cache.getOrSet(name, load)
        await open.settled()
        await open.cache.delete(name)
    }
    /** How often the loader runs in a first and a second call, and in a third behind a change. */
    async function runs(load: () => unknown, change: () => Promise<unknown>): Promise<number[]> {
        const seen: number[] = []
        // a TypeORM that does not wait for `beforeQuery` has to be seen once: which stamps to read before the SQL is sent
        if (isEarly) await getAndDelete("value", load)
        for (const step of [undefined, undefined, change]) {
            await step?.()
            await open.settled()
            calls = 0
            await open.cache.getOrSet("value", counted(load))
            seen.push(calls)
        }
        return seen
    }
    const writesAuthor = () => open.plain(Author).increment({ id: 1 }, "age", 1)
    const writesTag = () => open.plain(Tag).insert({ name: `tag ${Math.random()}` })

    const READERS: Readonly<Record<string, () => unknown>> = {
        "a repository": () => open.plain(Author).find(),
        "a manager": () => open.dataSource.manager.countBy(Author, { age: 1 }),
        "a query builder": () => open.dataSource.createQueryBuilder(Author, "a").select("COUNT(*)", "n").getRawOne(),
        "a subquery": () =>
            open.dataSource
                .createQueryBuilder(Book, "b")
                .where((qb) => `b.authorId IN ${qb.subQuery().select("a.id").from(Author, "a").getQuery()}`)
                .getMany(),
        "TypeORM's query cache": () => open.plain(Author).find({ cache: true }),
        "raw SQL": () => open.dataSource.query(`SELECT COUNT(*) AS n FROM ${quoted("author")}`),
        "a cached row": () => open.cached(Author).findOneBy({ id: 1 }),
        "cached rows": () => open.cached(Author).find({ where: [{ id: 1 }, { id: 2 }] }),
        "a cached row by a unique key": () => open.cached(Author).findOneBy({ email: "ann@example.org" }),
        "a row by a unique key that is not there": () => open.cached(Author).findOneBy({ email: "nobody@example.org" }),
        "a cached list about one row": () =>
            open.cached(Author).find({ where: { id: 1 }, select: { id: true, age: true } }),
        "a cached list": () => open.cached(Author).find({ where: { active: true } }),
        "a cached count": () => open.cached(Author).count(),
        "a cached relation": () => open.cached(Book).find({ relations: { author: true } }),
        "a lazy relation": async () => (await open.cached(Note).findOneByOrFail({ id: 1 })).author,
        "a relation by hand": async () => {
            const book = await open.cached(Book).findOneByOrFail({ id: 1 })
            await open.cached(Book).loadRelation(book, "author")
            return book
        },
        "what comes behind timers": async () => {
            await new Promise((resolve) => setTimeout(resolve, 1))
            await new Promise((resolve) => setImmediate(resolve))
            return open.plain(Author).count()
        },
        "several at once": () => Promise.all([open.plain(Book).count(), open.plain(Author).count()]),
        "another function": () => open.cache.getOrSet("inner", () => open.plain(Author).count()),
        "a stored function": async () => {
            await open.cache.getOrSet("inner", () => open.plain(Author).count())
            return open.cache.getOrSet("inner", () => expect.fail("it is stored"))
        },
    }
    for (const [what, load] of Object.entries(READERS)) {
        it(`through ${what} invalidates its value when it is written`, async () => {
            expect(await runs(load, writesAuthor)).to.deep.equal([1, 0, 1])
        })
        it(`through ${what} is all that does`, async () => {
            expect(await runs(load, writesTag)).to.deep.equal([1, 0, 0])
        })
        // what is read from the cache in the first place
        it(`through ${what}, warm, invalidates its value when it is written`, async () => {
            await load()
            await load()
            expect(await runs(load, writesAuthor)).to.deep.equal([1, 0, 1])
        })
    }

    for (const [what, change] of [
        ["by its key", () => open.plain(Book).update(1, { author: { id: 2 } })],
        ["by something else", () => open.plain(Book).update({ id: LessThan(2) }, { author: { id: 1 } })],
    ] as const)
        it(`through a relation, warm, invalidates its value when the owner is written ${what}`, async () => {
            const book = await open.cached(Book).findOneByOrFail({ id: 1 })
            const load = () => open.cached(Book).loadRelation(book, "author")
            await load()
            expect(await runs(load, change)).to.deep.equal([1, 0, 1])
        })

    it("inside a transaction is not stored", async () => {
        const load = () => open.dataSource.transaction((manager) => manager.countBy(Author, { age: 1 }))
        expect(await runs(load, writesTag)).to.deep.equal([1, 1, 1])
    })

    it("inside a transaction by plain SQL is not stored", async () => {
        const age = async (manager = open.dataSource.manager) => (await manager.findOneByOrFail(Author, { id: 1 })).age
        const before = await age()
        if (isEarly) await getAndDelete("value", () => age())
        const runner = open.dataSource.createQueryRunner()
        await runner.query("BEGIN")
        await runner.query(`UPDATE ${quoted("author")} SET age = ${before + 500} WHERE id = 1`)
        expect(await open.cache.getOrSet("value", () => age(runner.manager))).to.equal(before + 500)
        await runner.query("ROLLBACK")
        await runner.release()
        await open.settled()
        expect(await open.cache.getOrSet("value", () => age())).to.equal(before)
    })

    // one runner for all flows is SQLite's
    const itOnSqlite = database.name === "sqlite" && !isEarly ? it : () => undefined
    itOnSqlite("on the runner of all flows, on which a transaction begins meanwhile, is not stored", async () => {
        const runner = open.dataSource.createQueryRunner()
        const age = async () => (await open.plain(Author).findOneByOrFail({ id: 1 })).age
        const before = await age()
        const turn = new Barrier()
        // begun out here, so that what it does is not taken for the loader's
        const writing = turn.arrived.then(async () => {
            await runner.startTransaction()
            await runner.query(`UPDATE ${quoted("author")} SET age = ${before + 500} WHERE id = 1`)
            turn.open()
        })
        // holds the SELECT up when its stamps have long been read
        const { subscribers } = open.dataSource
        subscribers.push({
            async beforeQuery({ query }) {
                if (!query.startsWith("SELECT") || turn.count > 0) return
                await open.settled()
                await turn.pass()
            },
        })
        expect(await open.cache.getOrSet("value", age)).to.equal(before + 500)
        subscribers.pop()
        await writing
        expect(await open.cache.has("value")).to.equal(false)
        await runner.rollbackTransaction()
        await open.settled()
        expect(await open.cache.getOrSet("value", age)).to.equal(before)
    })

    const itOnServers = database.name === "sqlite" ? () => undefined : it
    itOnServers("in a snapshot that plain SQL has begun is not stored", async () => {
        const age = async (manager = open.dataSource.manager) => (await manager.findOneByOrFail(Author, { id: 1 })).age
        const before = await age()
        if (isEarly) await getAndDelete("value", () => age())
        const runner = open.dataSource.createQueryRunner()
        await runner.query("START TRANSACTION")
        if (database.name === "postgres") await runner.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await age(runner.manager)
        await writesAuthor()
        await open.settled()
        expect(await open.cache.getOrSet("value", () => age(runner.manager))).to.equal(before)
        await runner.query("COMMIT")
        await runner.release()
        await open.settled()
        expect(await open.cache.getOrSet("value", () => age())).to.equal(before + 1)
    })

    it("and is written meanwhile is not stored for long", async () => {
        const gate = new Barrier()
        const loading = open.cache.getOrSet("value", async () => {
            const before = (await open.plain(Author).findOneByOrFail({ id: 1 })).age
            await gate.pass()
            return before
        })
        await gate.arrived
        await writesAuthor()
        await open.settled()
        gate.open()
        const old = await loading
        expect(
            await open.cache.getOrSet("value", async () => (await open.plain(Author).findOneByOrFail({ id: 1 })).age),
        ).to.equal(old + 1)
    })

    it("and is written meanwhile is not given to who asks behind the write", async () => {
        const age = async () => (await open.plain(Author).findOneByOrFail({ id: 1 })).age
        const gate = new Barrier()
        const first = open.cache.getOrSet("value", async () => {
            const before = await age()
            await gate.pass()
            return before
        })
        await gate.arrived
        await writesAuthor()
        await open.settled()
        const second = open.cache.getOrSet("value", age)
        // it has looked for a load to join
        await open.settled()
        await open.settled()
        gate.open()
        expect(await second).to.equal((await first) + 1)
    })

    it("before and behind a write of its own is not stored", async () => {
        const load = async () => {
            await open.plain(Author).count()
            await writesAuthor()
            return open.plain(Author).count()
        }
        await open.cache.getOrSet("value", load)
        await open.settled()
        expect(await open.cache.has("value")).to.equal(false)
    })

    it("is told apart from what another reads at the same time", async () => {
        if (isEarly) {
            await getAndDelete("authors", () => open.plain(Author).count())
            await getAndDelete("tags", () => open.plain(Tag).count())
        }
        await Promise.all([
            open.cache.getOrSet("authors", () => open.plain(Author).count()),
            open.cache.getOrSet("tags", () => open.plain(Tag).count()),
        ])
        await writesTag()
        await open.settled()
        expect([await open.cache.has("authors"), await open.cache.has("tags")]).to.deep.equal([true, false])
    })

    it("of lazy relations is told apart from what another asks for in the same tick", async () => {
        const notes = open.cached(Note)
        const ids: number[] = []
        for (const id of [1, 2]) {
            const { identifiers } = await open.plain(Note).insert({ text: "", author: { id } as never })
            ids.push((identifiers[0] as { id: number }).id)
        }
        await open.settled()
        // what is in the cache sends no SQL, which would tell by itself
        for (const id of ids) await (await notes.findOneByOrFail({ id })).author
        const owners = await Promise.all(ids.map((id) => notes.findOneByOrFail({ id })))
        const gate = new Barrier(2)
        const reading = owners.map((owner, i) =>
            open.cache.getOrSet(`value ${i}`, async () => {
                await gate.pass()
                return (await owner.author).id
            }),
        )
        await gate.arrived
        gate.open()
        expect(await Promise.all(reading)).to.deep.equal([1, 2])
        const stored = () => Promise.all([open.cache.has("value 0"), open.cache.has("value 1")])
        expect(await stored()).to.deep.equal([true, true])
        await writesAuthor()
        await open.settled()
        expect(await stored()).to.deep.equal([false, false])
        await open.plain(Note).delete(ids)
    })

    it("is noted for those who join a load as well", async () => {
        const gate = new Barrier()
        const inner = () =>
            open.cache.getOrSet("inner", async () => {
                await gate.pass()
                return open.plain(Author).count()
            })
        const first = inner()
        await gate.arrived
        const outer = open.cache.getOrSet("outer", inner)
        await open.settled()
        await open.settled()
        gate.open()
        await Promise.all([first, outer])
        await writesAuthor()
        await open.settled()
        expect(await open.cache.has("outer")).to.equal(false)
    })

    it("while it is being written is not stored", async () => {
        const barrier = open.store.hold("release")
        const writing = writesAuthor()
        await barrier.reached
        await open.cache.getOrSet("value", () => open.plain(Author).count())
        barrier.release()
        await writing
        await open.settled()
        expect(await open.cache.has("value")).to.equal(false)
    })

    for (const state of ["loads", "has"])
        it(`goes with what takes the inner one away, where a function ${state} the value of another`, async () => {
            const region = open.cache.region("inner")
            const ways: Readonly<Record<string, () => unknown>> = {
                "its name": () => region.delete("x"),
                "its tag": () => open.cache.invalidateTags(["home"]),
                "its region": () => region.clear(),
                "another value": () => region.set("x", 2),
                "a pattern": () => region.deletePattern("x*"),
            }
            const inner = () => region.getOrSet("x", () => 1, { tags: ["home"] })
            for (const [what, takeAway] of Object.entries(ways)) {
                if (state === "has") await inner()
                await open.cache.getOrSet("outer", inner)
                expect(await open.cache.has("outer"), what).to.equal(true)
                await takeAway()
                expect(await open.cache.has("outer"), what).to.equal(false)
                await region.clear()
            }
        })

    it("costs nothing where nobody asks for it", async () => {
        await open.cached(Author).find()
        open.store.reset()
        await open.plain(Author).find()
        await open.hit(() => open.cached(Author).find())
        expect(open.store.calls.map(({ method }) => method)).to.deep.equal(["read"])
    })

    it("costs one trip when it is stored", async () => {
        const load = () => open.plain(Author).count()
        if (isEarly) await getAndDelete("value", load)
        await open.cache.getOrSet("value", load)
        open.store.reset()
        await open.cache.getOrSet("value", load)
        expect(open.store.calls.map(({ method }) => method)).to.deep.equal(["read"])
    })
})
