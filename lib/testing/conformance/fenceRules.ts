import assert from "node:assert/strict"
import { assertFenced, assertNone, LONG, SHORT, stampOf } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

export const FENCE_RULES: readonly StoreRule[] = [
    [
        "takes the stamp away the moment a fence is put up",
        async (lab) => {
            const [stamped, bare] = lab.tags("stamped", "bare") as [string, string]
            const before = await lab.stamp(stamped)
            await lab.fence([stamped, bare], "owner", LONG)
            for (const state of await lab.states([stamped, bare])) assertFenced(state)
            await lab.store.release([stamped, bare], "owner", LONG)
            const [after, fresh] = await lab.states([stamped, bare])
            assert.notEqual(stampOf(after), before)
            stampOf(fresh)
        },
    ],
    [
        "invalidates on release without a fence as well",
        async (lab) => {
            const [stamped, bare] = lab.tags("stamped", "bare") as [string, string]
            const before = await lab.stamp(stamped)
            await lab.store.release([stamped, bare], "nobody", LONG)
            const first = await lab.states([stamped, bare])
            assert.notEqual(stampOf(first[0]), before)
            await lab.store.release([stamped, bare], "nobody", LONG)
            const second = await lab.states([stamped, bare])
            for (const i of [0, 1])
                assert.notEqual(stampOf(second[i]), stampOf(first[i]), "each release is another stamp")
        },
    ],
    [
        "gives a released stamp the life that was asked for",
        async (lab) => {
            const [tag] = lab.tags("brief") as [string]
            await lab.fence([tag], "owner", LONG)
            await lab.store.release([tag], "owner", SHORT)
            stampOf(await lab.state(tag))
            await lab.passes(SHORT, async () => (await lab.state(tag)) === undefined, "the stamp is gone")
        },
        "stamp lives",
    ],
    [
        "keeps a tag fenced until the last of its owners has released it",
        async (lab) => {
            const [tag] = lab.tags("shared") as [string]
            for (const owner of ["one", "two", "three"]) await lab.fence([tag], owner, LONG)
            await lab.store.release([tag], "two", LONG)
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], "two", LONG)
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], "one", LONG)
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], "three", LONG)
            stampOf(await lab.state(tag))
        },
    ],
    [
        "takes nobody else's fence away, however alike the names are",
        async (lab) => {
            const [tag] = lab.tags("alike") as [string]
            await lab.fence([tag], "owner-1", LONG)
            for (const owner of ["owner", "1", "owner-", "-1", "owner-11", "OWNER-1", "_"])
                await lab.store.release([tag], owner, LONG)
            assertFenced(await lab.state(tag))
        },
    ],
    [
        "counts an owner once, however often it fences",
        async (lab) => {
            const [tag] = lab.tags("again") as [string]
            await lab.fence([tag], "owner", LONG)
            await lab.fence([tag, tag], "owner", LONG)
            await lab.store.release([tag], "owner", LONG)
            stampOf(await lab.state(tag))
        },
    ],
    [
        "lets a fence fall at its deadline, and the stamp with it",
        async (lab) => {
            const [tag] = lab.tags("deadline") as [string]
            const before = await lab.stamp(tag)
            await lab.fence([tag], "dead", SHORT)
            assertFenced(await lab.state(tag))
            await lab.passes(SHORT, async () => (await lab.state(tag)) === undefined, "the fence has fallen")
            assert.notEqual(stampOf(await lab.stamp(tag)), before)
        },
    ],
    [
        "keeps a fence that is renewed beyond its first deadline",
        async (lab) => {
            const [renewed, left] = lab.tags("renewed", "left") as [string, string]
            await lab.fence([renewed, left], "owner", SHORT)
            await lab.fence([renewed], "owner", LONG)
            await lab.passes(SHORT, async () => (await lab.state(left)) === undefined, "the other fence has fallen")
            assertFenced(await lab.state(renewed))
            await lab.store.release([renewed], "owner", LONG)
            stampOf(await lab.state(renewed))
        },
    ],
    [
        "never shortens a fence by renewing it",
        async (lab) => {
            const [tag] = lab.tags("shortened") as [string]
            await lab.fence([tag], "owner", LONG)
            await lab.fence([tag], "owner", SHORT)
            await lab.outlive(SHORT)
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], "other", LONG)
            assertFenced(await lab.state(tag))
        },
    ],
    [
        "keeps a tag fenced until the latest deadline, whoever came first",
        async (lab) => {
            const [a, b, left] = lab.tags("long-first", "short-first", "left") as [string, string, string]
            await lab.fence([a], "long", LONG)
            await lab.fence([a, b, left], "short", SHORT)
            await lab.fence([b], "long", LONG)
            await lab.passes(SHORT, async () => (await lab.state(left)) === undefined, "the short fence has fallen")
            for (const state of await lab.states([a, b])) assertFenced(state)
        },
    ],
    [
        "lets the others' fences fall at their own deadline when the longest is released",
        async (lab) => {
            const [tag] = lab.tags("longest-released") as [string]
            await lab.fence([tag], "short", SHORT)
            await lab.fence([tag], "long", LONG)
            await lab.store.release([tag], "long", LONG)
            assertFenced(await lab.state(tag))
            await lab.passes(SHORT, async () => (await lab.state(tag)) === undefined, "the short fence has fallen")
        },
    ],
    [
        "forgets dead owners when a live one fences the tag",
        async (lab) => {
            const [tag, left] = lab.tags("busy", "left") as [string, string]
            await lab.fence([tag, left], "dead", SHORT)
            await lab.fence([tag], "first", LONG)
            await lab.passes(
                SHORT,
                async () => (await lab.state(left)) === undefined,
                "the dead owner's fence has fallen",
            )
            await lab.fence([tag], "second", LONG)
            await lab.store.release([tag], "first", LONG)
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], "second", LONG)
            stampOf(await lab.state(tag))
        },
    ],
    [
        "forgets dead owners when a live one releases the tag",
        async (lab) => {
            const [tag, left] = lab.tags("busy", "left") as [string, string]
            await lab.fence([tag], "live", LONG)
            await lab.fence([tag, left], "dead", SHORT)
            await lab.passes(
                SHORT,
                async () => (await lab.state(left)) === undefined,
                "the dead owner's fence has fallen",
            )
            await lab.store.release([tag], "live", LONG)
            stampOf(await lab.state(tag))
        },
    ],
    [
        "keeps counting when many owners fence and release at once",
        async (lab) => {
            const [tag] = lab.tags("crowded") as [string]
            const owners = Array.from({ length: 50 }, (_, i) => `owner-${i}`)
            await Promise.all(owners.map((owner) => lab.fence([tag], owner, LONG)))
            await Promise.all(owners.slice(1).map((owner) => lab.store.release([tag], owner, LONG)))
            assertFenced(await lab.state(tag))
            await lab.store.release([tag], owners[0]!, LONG)
            stampOf(await lab.state(tag))
        },
    ],
    [
        "touches no tag but the named",
        async (lab) => {
            const [tag, alike, other] = lab.tags("tag", "tag2", "other") as [string, string, string]
            const before = await lab.store.stamp([alike, other], "untouched", LONG)
            await lab.fence([tag], "owner", LONG)
            await lab.store.release([tag], "owner", LONG)
            assert.deepEqual(await lab.states([alike, other]), before)
            const [never] = lab.tags("never") as [string]
            assertNone(await lab.state(never))
        },
    ],
]
