import { expect } from "chai"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { In } from "typeorm"
import { CompressedSerializer, JsonSerializer, MemoryStore, MsgpackSerializer } from "typeorm-second-level-cache"
import type { AnySerializer, StoreEntry, TagState } from "typeorm-second-level-cache"
import { FakeClock } from "typeorm-second-level-cache/testing"
import { typeormVersion } from "../../support/resolve"
import { closeLocalCaches, openLocalCache, type OpenCache } from "../repository/openCache"
import { Line, Sheet } from "./Sheet"

/**
 * What a release wrote, the next one reads, or counts up a number in the format: `UPDATE_FORMAT=1` writes the fixtures
 * anew, and the difference is what a rolling deploy will not read.
 */
const FIXTURE = join(__dirname, `format-typeorm-${typeormVersion}.json`)

type Stored = Readonly<Record<string, string>>
interface Fixture {
    readonly tags: Stored
    readonly entries: Readonly<Record<string, Stored>>
}

const SERIALIZERS: Readonly<Record<string, () => AnySerializer>> = {
    json: () => new JsonSerializer(),
    msgpack: () => new MsgpackSerializer(),
    "json.deflate": () => new CompressedSerializer({ above: 100 }),
}

const now = Date.UTC(2026, 0, 1)

/** Keeps text and bytes as a store outside this process does. Stamps follow from their tags. */
class FixtureStore extends MemoryStore {
    override readonly keeps = "strings" as never
    readonly takesBytes = true
    readonly tags: Record<string, string> = {}
    readonly entries: Record<string, string> = {}

    override stamp(tags: readonly string[], _: string, ttl: number): readonly TagState[] {
        return tags.flatMap((tag) => {
            this.tags[tag] = createHash("sha256").update(tag).digest("base64url").slice(0, 11)
            return super.stamp([tag], this.tags[tag], ttl)
        })
    }

    override release(tags: readonly string[], owner: string, ttl: number): void {
        super.release(tags, owner, ttl)
        for (const tag of tags) super.clear(tag)
        this.stamp(tags, "", ttl)
    }

    override write(entries: readonly StoreEntry[]): void {
        for (const { key, payload } of entries)
            this.entries[key] =
                typeof payload === "string" ? payload : Buffer.from(payload as Buffer).toString("base64")
        super.write(entries)
    }

    fillFrom(tags: Stored, entries: Stored, isBinary: boolean): void {
        for (const tag of Object.keys(tags)) this.stamp([tag], "", 1_000_000)
        for (const [key, text] of Object.entries(entries))
            super.write([
                { key, payload: isBinary ? Buffer.from(text, "base64") : text, ttl: undefined, stamps: [], size: 1 },
            ])
    }
}

const READS: Readonly<Record<string, (open: OpenCache) => Promise<unknown>>> = {
    "a row": (open) => open.cached(Sheet).findOneBy({ id: 1 }),
    "a row that is not there": (open) => open.cached(Sheet).findOneBy({ id: 9 }),
    "several rows": (open) => open.cached(Line).findBy({ id: In([1, 2]) }),
    "a row by a unique key": (open) => open.cached(Sheet).findOneBy({ code: "A/1" }),
    "a list": (open) => open.cached(Sheet).find({ select: { id: true, code: true }, order: { code: "DESC" } }),
    "a list and its count": (open) => open.cached(Line).findAndCount({ where: { amount: 0.1 }, take: 1 }),
    "a count": (open) => open.cached(Line).countBy({ amount: 0.1 }),
    "a sum": (open) => open.cached(Line).sum("amount"),
    relations: (open) => open.cached(Sheet).find({ where: { id: 1 }, relations: { lines: true } }),
    "a value": (open) => open.cache.get("odd"),
}

/** One of everything that a value may be. */
const VALUE = {
    plain: ["text", "", "\ud800", 0, -1.5, 2 ** 53 - 1, true, null],
    numbers: [NaN, Infinity, -Infinity, -0],
    big: -(2n ** 80n),
    none: undefined,
    date: new Date(now),
    noDate: new Date(NaN),
    buffer: Buffer.from([0, 255]),
    views: [new Uint8Array([1, 2]), new Float64Array([0.5]), new Uint16Array([65535]).buffer],
    map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "1"])]]),
    pattern: /a+/gi,
    url: new URL("https://example.org/?q=1"),
    tagged: { $: "D", v: 1 },
    bare: Object.assign(Object.create(null) as object, { __proto__x: 1 }),
}

describe("the format of entries", () => {
    afterEach(closeLocalCaches)
    after(() => {
        if (process.env["UPDATE_FORMAT"]) writeFileSync(FIXTURE, `${JSON.stringify(recorded, null, 4)}\n`)
    })
    const recorded = { tags: {} as Stored, entries: {} as Record<string, Stored> }
    const fixture = (): Fixture =>
        existsSync(FIXTURE) ? (JSON.parse(readFileSync(FIXTURE, "utf8")) as Fixture) : { tags: {}, entries: {} }

    const open = (store: FixtureStore, name: string): Promise<OpenCache> =>
        openLocalCache({
            entities: [Sheet, Line],
            cache: {
                ...{ store, serializer: SERIALIZERS[name]!(), prefix: "format", ttlJitter: 0 },
                ...{ ttl: "1h", staleWhileRevalidate: "1m", earlyRefresh: 0.5, clock: new FakeClock(now) },
            },
        })

    async function insertRows(opened: OpenCache): Promise<void> {
        const details = { pages: 3, note: "é\n" }
        const sheets: Partial<Sheet>[] = [
            { id: 1, code: "A/1", signedAt: new Date(now), details, seal: Buffer.from([0, 33, 255]), total: 2n ** 70n },
            { id: 2, code: "!", signedAt: new Date(0), details: null, seal: null, isOpen: true, total: 0n },
        ]
        await opened.plain(Sheet).insert(sheets as never)
        await opened.plain(Line).insert([1, 2].map((id) => ({ id, amount: id / 10, sheet: { id: 1 } })))
    }

    for (const name of Object.keys(SERIALIZERS)) {
        it(`is written as before: ${name}`, async () => {
            const store = new FixtureStore()
            const opened = await open(store, name)
            await insertRows(opened)
            await opened.cache.set("odd", VALUE)
            for (const read of Object.values(READS)) await read(opened)
            Object.assign(recorded.tags, store.tags)
            recorded.entries[name] = { ...store.entries }
            if (process.env["UPDATE_FORMAT"]) return
            expect(Object.keys(store.entries).sort()).to.deep.equal(Object.keys(fixture().entries[name]!).sort())
            // what zlib makes may differ from version to version; that it is read is shown below
            if (!name.includes("deflate")) expect(store.entries).to.deep.equal(fixture().entries[name])
        })

        it(`is read as before: ${name}`, async function () {
            if (process.env["UPDATE_FORMAT"]) return
            const results: unknown[] = []
            const full = await open(new FixtureStore(), name)
            await insertRows(full)
            await full.cache.set("odd", VALUE)
            for (const read of Object.values(READS)) results.push(await read(full))
            await closeLocalCaches()

            // the tables are empty: all that is read was written by the version that made the fixture
            const store = new FixtureStore()
            const { tags, entries } = fixture()
            const empty = await open(store, name)
            store.fillFrom(tags, entries[name]!, SERIALIZERS[name]!().isBinary === true)
            for (const [i, read] of Object.values(READS).entries())
                expect(await empty.hit(() => read(empty)), Object.keys(READS)[i]).to.deep.equal(results[i])
            expect(empty.cache.stats.total()).to.include({ misses: 0, errors: 0 })
        })
    }

    it("of another number is a miss", async () => {
        const store = new FixtureStore()
        const { tags, entries } = fixture()
        const newer = Object.entries(entries["json"]!).map(([key, text]) => [key, text.replace(/^\[1,/, "[2,")])
        const opened = await open(store, "json")
        store.fillFrom(tags, Object.fromEntries(newer) as Stored, false)
        expect(await opened.load(() => READS["a row"]!(opened))).to.equal(null)
    })
})
