import { expect } from "chai"
import { Cacheable, CacheError, CacheInvalidate, SecondLevelCache } from "typeorm-second-level-cache"
import { liveCaches } from "../../../lib/metadata/liveCaches"
import { Author } from "../../support/entity"
import { typeormVersion } from "../../support/resolve"
import { closeLocalCaches, openLocalCache, type OpenCache } from "../repository/openCache"

const codeOf = (error: unknown): unknown => (error instanceof CacheError ? error.code : error)

describe("@Cacheable", () => {
    let open: OpenCache
    before(async () => {
        open = await openLocalCache()
        await open.plain(Author).insert({ id: 1, name: "Ann", email: "a" })
    })
    beforeEach(() => open.reset())
    after(async () => {
        await open.cache.close()
        await closeLocalCaches()
    })
    const cache = (): SecondLevelCache => open.cache

    class Posts {
        calls: unknown[][] = []
        offset = 0

        @Cacheable({
            key: "posts:{page}:{size}",
            ttl: "2m",
            tags: ["posts", "page:{0}"],
            when: (page) => page < 10,
            cache,
        })
        page(page: number, size = 10): Promise<number> {
            this.calls.push([page, size])
            return Promise.resolve(this.offset + page * size)
        }

        @Cacheable({ cache })
        automatic(...args: unknown[]): Promise<number> {
            return Promise.resolve(this.calls.push(args))
        }

        @Cacheable({ key: "user:{user.id}:{0.name}", cache })
        nested(user: { id: number; name?: string }): Promise<number> {
            return Promise.resolve(this.calls.push([user]))
        }

        @Cacheable({ key: (a: string, b: string) => `own ${a} ${b}`, unless: (result) => result === null, cache })
        own(a: string, b: string): Promise<string | null> {
            this.calls.push([a, b])
            return Promise.resolve(a === "none" ? null : a + b)
        }

        @Cacheable({ key: "sep:{a}:{b}", cache })
        separated(a: unknown, b: unknown): Promise<string> {
            this.calls.push([a, b])
            return Promise.resolve(`${String(a)}|${String(b)}`)
        }

        @Cacheable({ key: "author", cache })
        async author(): Promise<Author> {
            this.calls.push([])
            return open.plain(Author).findOneByOrFail({ id: 1 })
        }

        @Cacheable({ key: "fails", cache })
        fails(): Promise<never> {
            this.calls.push([])
            return Promise.reject(new Error("no"))
        }

        @CacheInvalidate({ keys: ["posts:{page}:10"], tags: ["page:{page}"], cache })
        change(page: number): Promise<string> {
            return Promise.resolve(`changed ${page}`)
        }

        @Cacheable({ key: "static:{0}", cache })
        static fixed(value: number): Promise<number[]> {
            return Promise.resolve([value])
        }

        @Cacheable({ key: "region", region: "nowhere", cache })
        nowhere(): Promise<number> {
            return Promise.resolve(1)
        }
    }

    let posts: Posts
    beforeEach(() => (posts = new Posts()))

    it("calls the method once for the same arguments, with its own this", async () => {
        posts.offset = 5
        expect([await posts.page(2, 3), await posts.page(2, 3), await posts.page(3, 2)]).to.deep.equal([11, 11, 11])
        expect(posts.calls).to.deep.equal([
            [2, 3],
            [3, 2],
        ])
        expect(await open.cache.get("posts:2:3")).to.equal(11)
    })

    it("leaves a call alone that `when` does not want", async () => {
        await posts.page(10, 1)
        await posts.page(10, 1)
        expect(posts.calls).to.have.length(2)
    })

    it("does not store what `unless` does not want", async () => {
        await posts.own("none", "x")
        await posts.own("none", "x")
        await posts.own("a", "b")
        await posts.own("a", "b")
        expect(posts.calls).to.have.length(3)
        expect(await open.cache.get("own a b")).to.equal("ab")
    })

    it("is invalidated by its tags, and by a method that changes something", async () => {
        await posts.page(1, 1)
        await posts.page(2, 10)
        await open.cache.invalidateTags(["page:1"])
        await posts.page(1, 1)
        expect(await posts.change(2)).to.equal("changed 2")
        await posts.page(2, 10)
        expect(posts.calls).to.have.length(4)
        await open.cache.invalidateTags(["posts"])
        await posts.page(1, 1)
        expect(posts.calls).to.have.length(5)
    })

    it("is invalidated by a write to what the method has read", async () => {
        // a TypeORM that does not wait for `beforeQuery` stores the second result
        if (typeormVersion === "0.3.20") await posts.author()
        posts.calls.length = 0
        const first = await posts.author()
        expect(await posts.author())
            .to.deep.equal(first)
            .and.to.be.instanceOf(Author)
        await open.plain(Author).update(1, { name: "Anna" })
        expect((await posts.author()).name).to.equal("Anna")
        expect(posts.calls).to.have.length(2)
    })

    it("tells arguments apart where no key says how", async () => {
        const calls = [[], [1], ["1"], [1, 2], [[1, 2]], [null], [undefined], [{ a: 1, b: 2 }], [new Date(5)], [5n]]
        for (const args of calls) await posts.automatic(...args)
        for (const args of calls) await posts.automatic(...args)
        await posts.automatic({ b: 2, a: 1 })
        expect(posts.calls).to.deep.equal(calls)
        const circle: Record<string, unknown> = {}
        circle["self"] = circle
        for (const bad of [circle, () => 1, new Posts(), Symbol("x")])
            expect(codeOf(await posts.automatic(bad).catch((error: unknown) => error))).to.equal("E_OPTION")
    })

    it("never takes one list of values for another", async () => {
        const values = [
            "a",
            "a:b",
            "b",
            "b:b",
            "",
            "null",
            null,
            "undefined",
            undefined,
            true,
            "true",
            "%3A",
            ":",
            '"a"',
            "a%",
        ]
        for (const a of values)
            for (const b of values) expect(await posts.separated(a, b)).to.equal(`${String(a)}|${String(b)}`)
        expect(posts.calls).to.have.length(values.length ** 2)
    })

    it("finds properties, and says which are not there", async () => {
        await posts.nested({ id: 1, name: "a" })
        await posts.nested({ id: 1, name: "a" })
        expect(posts.calls).to.have.length(1)
        for (const bad of [undefined, null, { id: {} }])
            expect(codeOf(await posts.nested(bad as never).catch((error: unknown) => error))).to.equal("E_OPTION")
    })

    it("does not store errors", async () => {
        for (let i = 0; i < 2; i++) expect(await posts.fails().catch((error: Error) => error.message)).to.equal("no")
        expect(posts.calls).to.have.length(2)
    })

    it("goes on static methods, and keeps a method's name and length", async () => {
        const [first, second] = [await Posts.fixed(3), await Posts.fixed(3)]
        expect(first).to.deep.equal(second)
        expect(first).not.to.equal(second)
        expect(posts.page).to.include({ name: "page", length: 1 })
    })

    it("refuses a region that nobody has made", async () => {
        expect(codeOf(await posts.nowhere().catch((error: unknown) => error))).to.equal("E_OPTION")
    })

    it("goes with inheritance: a child calls its parent's method, and overrides it", async () => {
        class Special extends Posts {
            override async page(page: number, size?: number): Promise<number> {
                return -(await super.page(page, size))
            }
        }
        const special = new Special()
        expect([await special.page(2, 3), await special.page(2, 3)]).to.deep.equal([-6, -6])
        expect(special.calls).to.have.length(1)
    })

    it("may have one key for a method and for the one that it overrides, and calls it", async () => {
        class Parent {
            @Cacheable({ key: "kin:{id}", cache: () => open.cache })
            async get(id: number): Promise<number> {
                return id
            }
        }
        class Child extends Parent {
            @Cacheable({ key: "kin:{id}", cache: () => open.cache })
            override async get(id: number): Promise<number> {
                return (await super.get(id)) + 1
            }
        }
        expect(await new Child().get(1)).to.equal(2)
    })

    it("refuses what is declared wrongly", () => {
        const declare =
            (options: object, method: unknown = (page: number) => Promise.resolve(page)) =>
            () =>
                Cacheable(options)({}, "method", { value: method } as never)
        for (const wrong of [
            declare({ key: "{nobody}" }),
            declare({ key: "{page" }),
            declare({ key: "page}" }),
            declare({ key: "{page.}" }),
            declare({ key: "" }),
            declare({ key: 5 }),
            declare({ ttl: "soon" }),
            declare({ tags: "x" }),
            declare({ tags: ["{nobody}"] }),
            declare({ when: true }),
            declare({ oops: 1 }),
            declare({}, 5),
            () => CacheInvalidate({})({}, "method", { value: () => Promise.resolve() } as never),
        ])
            expect(wrong).to.throw(CacheError).with.property("code", "E_OPTION")
        expect(declare({ key: "{page}:{0}:{1}" })).not.to.throw()
    })

    it("finds the only cache of the process, and says what to do where there are more", async () => {
        class Lonely {
            @Cacheable({ key: "lonely" })
            run(): Promise<number> {
                return Promise.resolve(1)
            }
        }
        // those that other specs have left open
        const others = [...liveCaches()].filter((it) => it !== open.cache)
        for (const other of others) liveCaches().delete(other)
        try {
            const second = new SecondLevelCache()
            expect(await new Lonely().run().catch((error: Error) => error.message)).to.match(/several caches/)
            await second.close()
            expect(await new Lonely().run()).to.equal(1)
        } finally {
            for (const other of others) liveCaches().add(other)
        }
        expect(await open.cache.get("lonely")).to.equal(1)
    })
})

describe("warming", () => {
    afterEach(closeLocalCaches)

    it("runs as many tasks at a time as it may, reports each, and what failed", async () => {
        const { cache } = await openLocalCache()
        let now = 0
        let most = 0
        const task = (i: number) => async () => {
            most = Math.max(most, ++now)
            await new Promise((resolve) => setImmediate(resolve))
            now--
            if (i === 3) throw new Error("three")
        }
        const progress: number[] = []
        const report = await cache.warm(
            Array.from({ length: 10 }, (_, i) => task(i)),
            {
                concurrency: 3,
                onProgress: ({ done }) => {
                    progress.push(done)
                    throw new Error("whoever watches")
                },
            },
        )
        expect(most).to.equal(3)
        expect(progress).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect(report).to.deep.include({ done: 10, failed: 1, total: 10 })
        expect(report.errors.map(({ task: at, error }) => [at, (error as Error).message])).to.deep.equal([[3, "three"]])
        for (const bad of [[cache.has("x")], 5, undefined, ["x"]])
            expect(codeOf(await cache.warm(bad as never).catch((error: unknown) => error))).to.equal("E_OPTION")
        expect(codeOf(await cache.warm([], { concurrency: 0 }).catch((error: unknown) => error))).to.equal("E_OPTION")
        await cache.close()
    })

    it("reads rows by their ids, a hundred in a query", async () => {
        const open = await openLocalCache()
        const ids = Array.from({ length: 250 }, (_, i) => i + 1)
        const rows = ids.map((id) => ({ id, name: `n${id}`, email: `e${id}` }))
        for (let at = 0; at < 250; at += 50) await open.plain(Author).insert(rows.slice(at, at + 50))
        const authors = open.cached(Author)
        const report = await open.recorder.expectQueries(3, () => authors.warm(ids))
        expect(report).to.include({ total: 3, failed: 0 })
        await open.hit(() => Promise.all([authors.findOneBy({ id: 1 }), authors.findOneBy({ id: 250 })]))
        await open.cache.close()
    })
})
