import assert from "node:assert/strict"
import type { StoreLab } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

/** Pages that a store goes through: more than one of any usual size. */
const MANY = 3_000

/** Rules for a store that can list its keys; one that cannot keeps them all. */
export const KEY_RULES: readonly StoreRule[] = [
    rule("lists the keys that begin with the prefix, and no others", async (lab) => {
        const [a, b, like, outside] = lab.keys("in:a", "in:b:c", "im:a", "out") as [string, string, string, string]
        const prefix = a.slice(0, -1)
        const [within] = lab.keys(a) as [string]
        await lab.write(...[a, b, like, outside, within].map((key) => lab.entry(key, lab.payload(key))))
        assert.deepEqual(await listed(lab, prefix), [a, b].sort())
        assert.deepEqual(await listed(lab, b), [b], "a key begins with itself")
        assert.deepEqual(await listed(lab, `${prefix}none`), [])
    }),
    rule("takes every character of the prefix as itself", async (lab) => {
        const prefixes = ["a*", "a?", "a[bc]", "a[^x]", "a\\*", "a\\", "*", "[", "a{b,c}", "(a|b)", "a.", "^a", "%a_"]
        const lookalikes = ["ab:", "axx:", "a\\b:", "aa:", "b:", "a:", "xa1:", "A*:", "A.:"]
        for (const prefix of prefixes) {
            const [own, ...others] = lab.keys(`${prefix}:x`, ...lookalikes) as [string, ...string[]]
            await lab.write(...[own, ...others].map((key) => lab.entry(key, lab.payload(key))))
            assert.deepEqual(await listed(lab, own.slice(0, -1)), [own], prefix)
        }
    }),
    rule("gives odd keys as they are", async (lab) => {
        const odd = ["", " ", ":", "{a}b", "\n\r\n", "\0", "*", "\\", "!", "__proto__", "é", "e\u0301", "鍵🔑"]
        const [base, ...keys] = lab.keys("odd:", ...odd.map((name) => `odd:-${name}`), `odd:-${"x".repeat(10_240)}`)
        await lab.write(...keys.map((key) => lab.entry(key, lab.payload(key))))
        assert.deepEqual(await listed(lab, base!), keys.sort())
    }),
    rule(`lists ${MANY} keys`, async (lab) => {
        const [others, ...keys] = lab.keys("other:", ...Array.from({ length: MANY }, (_, i) => `many:${i}`))
        await lab.write(...keys.map((key) => lab.entry(key, lab.payload("many"))))
        await lab.write(...keys.slice(0, 100).map((_, i) => lab.entry(`${others}${i}`, lab.payload("other"))))
        assert.deepEqual(await listed(lab, keys[0]!.slice(0, -1)), keys.sort())
    }),
    rule("lists every key that stays, while others come and go", async (lab) => {
        const names = (kind: string) => Array.from({ length: MANY / 3 }, (_, i) => `busy:${kind}:${i}`)
        const [base, ...keys] = lab.keys("busy:", ...names("stays"), ...names("goes"), ...names("comes"))
        const [stays, goes, comes] = [0, 1, 2].map((i) => keys.slice((i * MANY) / 3, ((i + 1) * MANY) / 3))
        await lab.write(...[...stays!, ...goes!].map((key) => lab.entry(key, lab.payload("busy"))))
        const changing = (async () => {
            for (let i = 0; i < comes!.length; i += 50) {
                await lab.write(...comes!.slice(i, i + 50).map((key) => lab.entry(key, lab.payload("busy"))))
                await lab.store.delete(goes!.slice(i, i + 50))
            }
        })()
        const found = new Set(await listed(lab, base!))
        await changing
        assert.deepEqual(
            stays!.filter((key) => !found.has(key)),
            [],
            "a key that stays is listed",
        )
        const known = new Set(keys)
        assert.deepEqual(
            [...found].filter((key) => !known.has(key)),
            [],
            "nothing else is",
        )
        assert.deepEqual(await listed(lab, base!), [...stays!, ...comes!].sort())
    }),
    rule("lists what a piece of it has deleted no more", async (lab) => {
        const [base, ...keys] = lab.keys("gone:", ...Array.from({ length: MANY }, (_, i) => `gone:${i}`))
        await lab.write(...keys.map((key) => lab.entry(key, lab.payload("gone"))))
        let deleted = 0
        for await (const piece of lab.store.keys!(base!)) deleted += await lab.store.delete(piece)
        assert.equal(deleted, keys.length)
        assert.deepEqual(await listed(lab, base!), [])
    }),
    rule("may be left before its end", async (lab) => {
        const [base, ...keys] = lab.keys("left:", ...Array.from({ length: MANY }, (_, i) => `left:${i}`))
        await lab.write(...keys.map((key) => lab.entry(key, lab.payload("left"))))
        for await (const piece of lab.store.keys!(base!)) if (piece.length > 0) break
        assert.deepEqual(await listed(lab, base!), keys.sort())
    }),
]

function rule(title: string, check: StoreRule[1]): StoreRule {
    return [title, async (lab) => (lab.store.keys === undefined ? undefined : check(lab)), "listing"]
}

/** Sorted, each once: a store may give one twice. */
async function listed(lab: StoreLab, prefix: string): Promise<string[]> {
    const found = new Set<string>()
    for await (const piece of lab.store.keys!(prefix)) for (const key of piece) found.add(key)
    return [...found].sort()
}
