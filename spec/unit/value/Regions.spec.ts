import { expect } from "chai"
import fc from "fast-check"
import { Invalidator } from "../../../lib/cache/Invalidator"
import { ReadThrough } from "../../../lib/cache/ReadThrough"
import { StoreGate } from "../../../lib/cache/StoreGate"
import { CacheError } from "../../../lib/error/CacheError"
import { EntityValueCodec } from "../../../lib/hydration/EntityValueCodec"
import { KeyScheme } from "../../../lib/key/KeyScheme"
import { JsonSerializer } from "../../../lib/serializer/JsonSerializer"
import { MemoryStore } from "../../../lib/store/MemoryStore"
import { CacheLog } from "../../../lib/telemetry/CacheLogger"
import { StatsCounter } from "../../../lib/telemetry/StatsCounter"
import { FakeClock } from "../../../lib/testing/FakeClock"
import { Regions, type RegionOptions } from "../../../lib/value/Regions"
import { PLAIN_FRESHNESS } from "../../../lib/util/FreshnessOptions"

describe("Regions", () => {
    let clock: FakeClock
    let stats: Map<string, StatsCounter>
    const open = (ttl: number | undefined = 5_000): Regions => {
        clock = new FakeClock()
        stats = new Map()
        const [log, keys] = [new CacheLog(), new KeyScheme("spec")]
        const gate = new StoreGate(new MemoryStore({ clock }), { timeout: 1_000 }, clock, log, new StatsCounter())
        const invalidator = new Invalidator(gate, clock, log, {
            fences: true,
            fenceDuration: 30_000,
            onStoreFailure: "continue",
        })
        return new Regions({
            keys,
            gate,
            invalidator,
            log,
            cache: new ReadThrough(gate, new JsonSerializer(), invalidator.held, clock, log),
            codec: new EntityValueCodec(() => undefined),
            version: "1",
            ttl,
            freshness: PLAIN_FRESHNESS,
            jitter: (milliseconds) => milliseconds,
            isEnabled: () => true,
            statsOf: (region) => {
                stats.set(region, new StatsCounter())
                return stats.get(region)!
            },
        })
    }
    const refused = (run: () => unknown, about: RegExp): void => {
        expect(run).to.throw(CacheError, about).with.property("code", "E_OPTION")
    }

    it("makes a region with the first call, and answers with it from then on", () => {
        const regions = open()
        const users = regions.of("users", { ttl: "1m", maxSize: 5 })
        expect(regions.of("users", undefined)).to.equal(users)
        expect(regions.of("users", { maxSize: 5, ttl: "1m" })).to.equal(users)
        expect(regions.of("posts", undefined)).to.not.equal(users)
        expect(regions.of("posts", {})).to.equal(regions.of("posts", undefined))
        expect(users.name).to.equal("users")
    })

    it("refuses other options than those that it was made with", () => {
        const regions = open()
        regions.of("users", { ttl: "1m" })
        for (const options of [{}, { ttl: "2m" }, { ttl: "1m", maxSize: 1 }, { tier: "hot" }] as RegionOptions[])
            refused(() => regions.of("users", options), /"users" was made with other options/)
        regions.of("posts", undefined)
        refused(() => regions.of("posts", { ttl: "1m" }), /other options/)
    })

    it("does not follow later changes of the options that it was given", () => {
        const regions = open()
        const options: RegionOptions = { ttl: "1m" }
        const users = regions.of("users", options)
        options.ttl = "2m"
        expect(regions.of("users", { ttl: "1m" })).to.equal(users)
    })

    it("refuses a name that is none, and options that are none", () => {
        const regions = open()
        for (const name of ["", 5, null, undefined, {}, ["x"]])
            refused(() => regions.of(name as never, undefined), /A region's name is/)
        for (const options of [
            { ttl: 0 },
            { ttl: -1 },
            { ttl: "soon" },
            { tier: "lukewarm" },
            { tier: "toString" },
            { tier: null },
            { maxSize: 0 },
            { maxSize: 1.5 },
            { maxSize: "5" },
            { size: 1 },
            { __proto__: null, constructor: 1 },
            5,
            "1m",
            [],
        ])
            refused(() => regions.of("users", options as never), /users/)
        refused(() => regions.defined("users"), /There is no region/)
    })

    it("finds those that were made, and says which there are", () => {
        const regions = open()
        expect(regions.defined(undefined)).to.equal(regions.own)
        expect(regions.own.name).to.equal("")
        expect(() => regions.defined("users")).to.throw(CacheError, /There is none yet/)
        const made = regions.of("users", undefined)
        regions.of("a:b", undefined)
        expect(regions.defined("users")).to.equal(made)
        expect(() => regions.defined("nowhere")).to.throw(CacheError, /There are: "users", "a:b"/)
        for (const name of ["", "__proto__", "constructor"]) refused(() => regions.defined(name), /There is no region/)
    })

    it("takes a life from the region, its tier, or the cache, in this order", async () => {
        for (const [cacheTtl, options, lives] of [
            [5_000, {}, 5_000],
            [5_000, { ttl: "1s" }, 1_000],
            [5_000, { ttl: 2_000, tier: "analytics" }, 2_000],
            [5_000, { tier: "hot" }, 60_000],
            [5_000, { tier: "warm" }, 600_000],
            [5_000, { tier: "cold" }, 3_600_000],
            [5_000, { tier: "analytics" }, 86_400_000],
            [undefined, { tier: "hot" }, 60_000],
        ] as readonly (readonly [number | undefined, RegionOptions, number])[]) {
            const region = open(cacheTtl).of("users", options)
            await region.set("x", 1)
            clock.advance(lives - 1)
            expect(await region.has("x"), JSON.stringify(options)).to.equal(true)
            clock.advance(1)
            expect(await region.has("x"), JSON.stringify(options)).to.equal(false)
        }
        for (const [cacheTtl, options] of [
            [5_000, { ttl: null }],
            [5_000, { ttl: null, tier: "hot" }],
        ] as readonly (readonly [number, RegionOptions])[]) {
            const region = open(cacheTtl).of("users", options)
            await region.set("x", 1)
            clock.advance(1e12)
            expect(await region.has("x"), JSON.stringify(options)).to.equal(true)
        }
    })

    it("counts each region by itself", async () => {
        const regions = open()
        const users = regions.of("users", undefined)
        await users.set("x", 1)
        await users.get("x")
        await regions.own.get("x")
        expect([...stats.keys()]).to.deep.equal(["", "users"])
        expect(stats.get("users")).to.include({ hits: 1, misses: 0, fills: 1 })
        expect(stats.get("")).to.include({ hits: 0, misses: 1, fills: 0 })
    })

    it("keeps regions apart, whatever their names and those of their values", async () => {
        const text = fc.oneof(
            fc
                .array(fc.constantFrom(":", "a", "{}", "~", "%", "1", "\n", "\ud800"), { minLength: 1, maxLength: 3 })
                .map((units) => units.join("")),
            fc.constantFrom("__proto__", "users", "own", "é", "e\u0301", "x".repeat(10_240)),
        )
        await fc.assert(
            fc.asyncProperty(text, text, text, text, async (region, name, otherRegion, otherName) => {
                const regions = open()
                await regions.own.set(name, "own")
                await regions.of(region, undefined).set(name, "first")
                await regions.of(otherRegion, undefined).set(otherName, "second")
                const isSame = region === otherRegion && name === otherName
                expect(await regions.of(region, undefined).get(name)).to.equal(isSame ? "second" : "first")
                expect(await regions.own.get(name)).to.equal("own")
                await regions.of(region, undefined).clear()
                expect(await regions.of(region, undefined).get(name)).to.equal(undefined)
                expect(await regions.own.get(name)).to.equal("own")
                expect(await regions.of(otherRegion, undefined).get(otherName)).to.equal(
                    region === otherRegion ? undefined : "second",
                )
            }),
            { numRuns: 100 },
        )
    })
})
