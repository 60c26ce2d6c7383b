import assert from "node:assert/strict"
import { assertFenced, assertNone, LONG, stampOf } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

export const CLEAR_RULES: readonly StoreRule[] = [
    [
        "clears the entries and stamps that begin with the prefix, and no others",
        async (lab) => {
            const [inside, within, like, outside] = lab.keys("in:a", "in:b:c", "im:a", "out:in:a") as [
                string,
                string,
                string,
                string,
            ]
            const [stamped, kept] = lab.tags("in:t", "out:t") as [string, string]
            await lab.write(...[inside, within, like, outside].map((key) => lab.entry(key, lab.payload(key))))
            await lab.store.stamp([stamped, kept], "stamp", LONG)
            await lab.store.clear(inside.slice(0, -1))
            await lab.store.clear(stamped.slice(0, -1))
            assert.deepEqual(await lab.payloads([inside, within, like, outside]), [
                undefined,
                undefined,
                lab.payload(like),
                lab.payload(outside),
            ])
            assert.deepEqual(await lab.states([stamped, kept]), [undefined, "stamp"])
        },
        "listing",
    ],
    [
        "takes every character of the prefix as itself",
        async (lab) => {
            const prefixes = ["a*", "a?", "a[bc]", "a[^x]", "a\\*", "a{b,c}", "(a|b)", "a.", "^a", "%a_"]
            const lookalikes = ["ab:", "axx:", "a\\b:", "aa:", "b:", "a:", "xa1:"]
            for (const prefix of prefixes) {
                const [own, ...others] = lab.keys(`${prefix}:`, ...lookalikes) as [string, ...string[]]
                await lab.write(...[own, ...others].map((key) => lab.entry(key, lab.payload(key))))
                await lab.store.clear(own.slice(0, -1))
                assert.deepEqual(await lab.payloads([own]), [undefined], prefix)
                assert.deepEqual(
                    await lab.payloads(others),
                    others.map((key) => lab.payload(key)),
                    prefix,
                )
            }
        },
        "listing",
    ],
    [
        "leaves fences where they are",
        async (lab) => {
            const [fenced, stamped] = lab.tags("c:fenced", "c:stamped") as [string, string]
            await lab.fence([fenced], "owner", LONG)
            await lab.stamp(stamped)
            await lab.store.clear(fenced.slice(0, -"fenced".length))
            const [first, second] = await lab.states([fenced, stamped])
            assertFenced(first)
            assertNone(second)
            await lab.store.release([fenced], "owner", LONG)
            stampOf(await lab.state(fenced))
        },
        "listing",
    ],
    [
        "clears thousands of entries",
        async (lab) => {
            const keys = lab.keys(...Array.from({ length: 3_000 }, (_, i) => `many:${i}`))
            await lab.write(...keys.map((key) => lab.entry(key, lab.payload("many"))))
            await lab.store.clear(keys[0]!.slice(0, -1))
            assert.ok((await lab.payloads(keys)).every((payload) => payload === undefined))
        },
        "listing",
    ],
]
