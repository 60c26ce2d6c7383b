import assert from "node:assert/strict"
import { isDeepStrictEqual } from "node:util"
import { SHORT } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

const ODD = [
    "",
    " ",
    ":",
    "a:b",
    "{}",
    "{a}b",
    "line\nline\r\n",
    "tab\t\0zero",
    "*",
    "?[a-z]\\*",
    "!owner:1",
    "__proto__",
    "constructor",
    "toString",
    "ключ-鍵-🔑",
    "é",
    "e\u0301",
    "x".repeat(10_240),
]

export const ENTRY_RULES: readonly StoreRule[] = [
    [
        "answers for keys that are not there in the order asked",
        async (lab) => {
            const [a, none, b] = lab.keys("a", "none", "b") as [string, string, string]
            await lab.write(lab.entry(a, lab.payload("A")), lab.entry(b, lab.payload("B")))
            assert.deepEqual(await lab.payloads([b, none, a, b]), [
                lab.payload("B"),
                undefined,
                lab.payload("A"),
                lab.payload("B"),
            ])
        },
    ],
    [
        "takes calls that name nothing",
        async ({ store }) => {
            assert.deepEqual(await store.read([], []), { payloads: [], tags: [] })
            assert.deepEqual(await store.stamp([], "token", 1_000), [])
            assert.equal(await store.delete([]), 0)
            await store.write([])
            await store.fence([], "owner", 1_000)
            await store.release([], "owner", 1_000)
        },
    ],
    [
        "replaces an entry, its life included",
        async (lab) => {
            const [key] = lab.keys("replaced") as [string]
            await lab.write(lab.entry(key, lab.payload(1), { ttl: SHORT }))
            await lab.write(lab.entry(key, lab.payload(2), { ttl: undefined }))
            await lab.outlive(SHORT)
            assert.deepEqual(await lab.payloads([key]), [lab.payload(2)])
        },
    ],
    [
        "takes the last of two entries with one key in one call",
        async (lab) => {
            const [key] = lab.keys("twice") as [string]
            await lab.write(lab.entry(key, lab.payload(1)), lab.entry(key, lab.payload(2)))
            assert.deepEqual(await lab.payloads([key]), [lab.payload(2)])
        },
    ],
    [
        "forgets an entry when its ttl is over, and no other",
        async (lab) => {
            const [unread, brief, long, ever] = lab.keys("unread", "brief", "long", "ever") as [
                string,
                string,
                string,
                string,
            ]
            await lab.write(
                // gone before the other, also where the two are on different servers
                lab.entry(unread, lab.payload(0), { ttl: SHORT / 2 }),
                lab.entry(brief, lab.payload(1), { ttl: SHORT }),
                lab.entry(long, lab.payload(2)),
                lab.entry(ever, lab.payload(3), { ttl: undefined }),
            )
            assert.deepEqual(await lab.payloads([brief]), [lab.payload(1)], "it is there before")
            await lab.passes(SHORT, async () => (await lab.payloads([brief]))[0] === undefined, "the entry is gone")
            assert.deepEqual(await lab.payloads([long, ever]), [lab.payload(2), lab.payload(3)])
            assert.equal(await lab.store.delete([unread, brief]), 0, "an expired entry is not there")
        },
    ],
    [
        "takes lives that are no whole milliseconds, and very long ones",
        async (lab) => {
            const [brief, long] = lab.keys("fraction", "ages") as [string, string]
            await lab.write(
                lab.entry(brief, lab.payload(1), { ttl: 0.25 }),
                lab.entry(long, lab.payload(2), { ttl: 1e300 }),
            )
            await lab.passes(1, async () => (await lab.payloads([brief]))[0] === undefined, "a quarter is over")
            assert.deepEqual(await lab.payloads([long]), [lab.payload(2)])
        },
    ],
    [
        "deletes by key and tells how many were there",
        async (lab) => {
            const [a, b, c] = lab.keys("a", "b", "c") as [string, string, string]
            await lab.write(lab.entry(a, lab.payload(1)), lab.entry(b, lab.payload(2)), lab.entry(c, lab.payload(3)))
            assert.equal(await lab.store.delete([a, b, `${a}none`]), 2)
            assert.deepEqual(await lab.payloads([a, b, c]), [undefined, undefined, lab.payload(3)])
        },
    ],
    [
        "keeps odd keys and odd tags apart",
        async (lab) => {
            const keys = lab.keys(...ODD)
            const tags = lab.tags(...ODD)
            await lab.write(...keys.map((key, i) => lab.entry(key, lab.payload(i))))
            assert.deepEqual(
                await lab.payloads(keys),
                keys.map((_, i) => lab.payload(i)),
            )
            for (const [i, tag] of tags.entries()) await lab.store.stamp([tag], `stamp-${i}`, 60_000)
            assert.deepEqual(
                await lab.states(tags),
                tags.map((_, i) => `stamp-${i}`),
            )
            const odd = tags.filter((_, i) => i % 2 === 1)
            await lab.fence(odd, "odd-owner", 60_000)
            for (const [i, state] of (await lab.states(tags)).entries())
                assert.equal(typeof state, i % 2 === 1 ? "symbol" : "string", JSON.stringify(ODD[i]))
            await lab.store.release(odd, "odd-owner", 60_000)
            assert.equal(await lab.store.delete(keys), keys.length)
        },
    ],
    [
        "gives payloads back as they were handed over",
        async (lab) => {
            const objects = [null, 0, false, "", NaN, [], { nested: { bytes: Buffer.from([0, 255]) } }, Symbol("one")]
            const strings = ["", "0", "null", "undefined", " ", "!a:1", "!", "\\", "\\!", "\\\\", "a\0b\r\n", "ü🔑"]
            const trees = [null, 0, false, "", [], ["a", null, { b: [1.5, true, "ü🔑"] }], "!a:1", "x".repeat(300_000)]
            const isCopy = lab.store.keeps === "copies" || lab.hasBytes
            const texts = [...strings, `"${"ä".repeat(300_000)}"`]
            const bytes = [...texts, "\xff\xfe\x00"].map((text) => Buffer.from(text, "latin1"))
            const payloads = { objects, copies: trees, strings: lab.hasBytes ? bytes : texts }[lab.store.keeps]
            const keys = lab.keys(...payloads.map((_, i) => `${i}`))
            await lab.write(...keys.map((key, i) => lab.entry(key, payloads[i])))
            for (const [i, payload] of (await lab.payloads(keys)).entries())
                assert.ok(
                    isCopy ? isDeepStrictEqual(payload, payloads[i]) : Object.is(payload, payloads[i]),
                    `payload ${i} came back as it was`,
                )
        },
    ],
    [
        "takes a thousand keys and a thousand tags in one call",
        async (lab) => {
            const names = Array.from({ length: 1_000 }, (_, i) => `${i}`)
            const keys = lab.keys(...names)
            const tags = lab.tags(...names)
            const states = await lab.store.stamp(tags, "one-for-all", 60_000)
            assert.deepEqual(new Set(states), new Set(["one-for-all"]))
            await lab.write(
                ...keys.map((key, i) => lab.entry(key, lab.payload(i), { stamps: [[tags[i]!, "one-for-all"]] })),
            )
            const read = await lab.store.read(keys, tags)
            assert.deepEqual(
                read.payloads,
                keys.map((_, i) => lab.payload(i)),
            )
            assert.deepEqual(read.tags, states)
            await lab.fence(tags, "mass", 60_000)
            assert.ok((await lab.states(tags)).every((state) => typeof state === "symbol"))
            await lab.store.release(tags, "mass", 60_000)
            assert.ok((await lab.states(tags)).every((state) => typeof state === "string" && state !== "one-for-all"))
            assert.equal(await lab.store.delete(keys), 1_000)
        },
    ],
]
