import assert from "node:assert/strict"
import { newToken } from "../../util/token"
import { assertFenced, assertNone, LONG, SHORT, stampOf } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

export const STAMP_RULES: readonly StoreRule[] = [
    [
        "gives a tag without a stamp the proposed one, and leaves one that is there",
        async (lab) => {
            const [a, b] = lab.tags("a", "b") as [string, string]
            assertNone(await lab.state(a))
            assert.deepEqual(await lab.store.stamp([a], "first", LONG), ["first"])
            assert.deepEqual(await lab.store.stamp([b, a, b], "second", LONG), ["second", "first", "second"])
            assert.deepEqual(await lab.states([a, b]), ["first", "second"])
        },
    ],
    [
        "lets one of a hundred proposals win, and tells all of them which",
        async (lab) => {
            const [tag] = lab.tags("contended") as [string]
            const proposals = Array.from({ length: 100 }, newToken)
            const answers = await Promise.all(proposals.map((proposal) => lab.store.stamp([tag], proposal, LONG)))
            const winners = new Set(answers.map(([state]) => state))
            assert.equal(winners.size, 1)
            assert.equal([...winners][0], await lab.state(tag))
            assert.ok(proposals.includes(stampOf(await lab.state(tag))))
        },
    ],
    [
        "forgets a stamp when its ttl is over",
        async (lab) => {
            const [tag] = lab.tags("brief") as [string]
            const stamp = await lab.stamp(tag, SHORT)
            assert.equal(await lab.state(tag), stamp)
            await lab.passes(SHORT, async () => (await lab.state(tag)) === undefined, "the stamp is gone")
            assert.notEqual(await lab.stamp(tag), stamp)
        },
        "stamp lives",
    ],
    [
        "lets a stamp outlive the entries stored under it",
        async (lab) => {
            const [extended, lasting, left] = lab.tags("extended", "lasting", "left") as [string, string, string]
            const [a, b] = lab.keys("a", "b") as [string, string]
            await lab.store.stamp([extended, lasting, left], "stamp", SHORT)
            await lab.write(
                lab.entry(a, lab.payload(1), { ttl: LONG, stamps: [[extended, "stamp"]] }),
                lab.entry(b, lab.payload(2), { ttl: undefined, stamps: [[lasting, "stamp"]] }),
            )
            await lab.passes(SHORT, async () => (await lab.state(left)) === undefined, "the third stamp is gone")
            assert.deepEqual(await lab.states([extended, lasting]), ["stamp", "stamp"])
        },
        "stamp lives",
    ],
    [
        "takes the longest life of the entries that share a stamp in one call",
        async (lab) => {
            const [shared, left] = lab.tags("shared", "left") as [string, string]
            const keys = lab.keys("a", "b", "c")
            await lab.store.stamp([shared, left], "stamp", SHORT)
            const stamps = [[shared, "stamp"]] as const
            await lab.write(
                ...keys.map((key, i) => lab.entry(key, lab.payload(i), { ttl: [SHORT, LONG, 1][i]!, stamps })),
            )
            await lab.passes(SHORT, async () => (await lab.state(left)) === undefined, "the other stamp is gone")
            assert.equal(await lab.state(shared), "stamp")
        },
        "stamp lives",
    ],
    [
        "never shortens the life of a stamp",
        async (lab) => {
            const [tag, ever] = lab.tags("long", "ever") as [string, string]
            const [a, b, c] = lab.keys("a", "b", "c") as [string, string, string]
            await lab.store.stamp([tag, ever], "stamp", LONG)
            await lab.write(lab.entry(a, lab.payload(1), { ttl: undefined, stamps: [[ever, "stamp"]] }))
            await lab.write(
                lab.entry(b, lab.payload(2), { ttl: SHORT, stamps: [[tag, "stamp"]] }),
                lab.entry(c, lab.payload(3), { ttl: SHORT, stamps: [[ever, "stamp"]] }),
            )
            await lab.outlive(SHORT)
            assert.deepEqual(await lab.states([tag, ever]), ["stamp", "stamp"])
        },
    ],
    [
        "leaves alone a stamp that is not the entry's, and makes none",
        async (lab) => {
            const [other, none] = lab.tags("other", "none") as [string, string]
            const [key] = lab.keys("key") as [string]
            await lab.store.stamp([other], "newer", SHORT)
            const stamps = [
                [other, "older"],
                [none, "older"],
            ] as const
            await lab.write(lab.entry(key, lab.payload(1), { ttl: LONG, stamps }))
            assert.deepEqual(await lab.states([other, none]), ["newer", undefined])
            await lab.passes(SHORT, async () => (await lab.state(other)) === undefined, "the newer stamp is gone")
        },
        "stamp lives",
    ],
    [
        "never gives a fenced tag a stamp",
        async (lab) => {
            const [fenced, free] = lab.tags("fenced", "free") as [string, string]
            await lab.fence([fenced], "owner", LONG)
            const [state, other] = await lab.store.stamp([fenced, free], "proposal", LONG)
            assertFenced(state)
            assert.equal(other, "proposal")
            assertFenced(await lab.state(fenced))
        },
    ],
    [
        "never touches a fence when it stores an entry: it falls no later",
        async (lab) => {
            const [tag] = lab.tags("fence-short") as [string]
            const [a, b] = lab.keys("a", "b") as [string, string]
            const stamp = stampOf(await lab.stamp(tag))
            await lab.fence([tag], "owner", SHORT)
            const stamps = [[tag, stamp]] as const
            await lab.write(
                lab.entry(a, lab.payload(1), { ttl: LONG, stamps }),
                lab.entry(b, lab.payload(2), { ttl: undefined, stamps }),
            )
            assertFenced(await lab.state(tag))
            await lab.passes(SHORT, async () => (await lab.state(tag)) === undefined, "the fence has fallen")
        },
    ],
    [
        "never touches a fence when it stores an entry: it falls no sooner",
        async (lab) => {
            const [tag] = lab.tags("fence-long") as [string]
            const [key] = lab.keys("key") as [string]
            const stamp = stampOf(await lab.stamp(tag))
            await lab.fence([tag], "owner", LONG)
            await lab.write(lab.entry(key, lab.payload(1), { ttl: SHORT, stamps: [[tag, stamp]] }))
            await lab.passes(SHORT, async () => (await lab.payloads([key]))[0] === undefined, "the entry is gone")
            assertFenced(await lab.state(tag))
        },
    ],
]
