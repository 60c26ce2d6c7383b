import assert from "node:assert/strict"
import type { LoadLocks } from "../../store/CacheStore"
import { newToken } from "../../util/token"
import { assertNone, type StoreLab } from "./StoreLab"
import type { StoreRule } from "./StoreRule"

const rule = (title: string, check: (lab: StoreLab, locks: LoadLocks) => Promise<void>): StoreRule => [
    title,
    async (lab) => {
        assert.ok(lab.store.locks, "the store has locks")
        await check(lab, lab.store.locks)
    },
]

export const LOCK_RULES: readonly StoreRule[] = [
    rule("gives a lock to the first who asks, and to nobody else", async (lab, locks) => {
        const [name] = lab.tags("lock") as [string]
        const owners = Array.from({ length: 10 }, () => newToken())
        const answers = await Promise.all(owners.map((owner) => locks.lock([name], owner)))
        assert.equal(answers.filter(([taken]) => taken).length, 1)
        await locks.unlock([name], owners[answers.findIndex(([taken]) => taken)]!)
    }),
    rule("gives it to its owner once more, whose first answer may have been lost", async (lab, locks) => {
        const [name] = lab.tags("lock") as [string]
        const owner = newToken()
        for (let i = 0; i < 2; i++) assert.deepEqual(await locks.lock([name], owner), [true])
        await locks.unlock([name], owner)
    }),
    rule("answers for each of several locks", async (lab, locks) => {
        const [a, b, c] = lab.tags("a", "b", "c") as [string, string, string]
        assert.deepEqual(await locks.lock([b], "first"), [true])
        assert.deepEqual(await locks.lock([a, b, c], "second"), [true, false, true])
        await locks.unlock([a, b, c], "second")
        assert.deepEqual(await locks.lock([a, b, c], "third"), [true, false, true])
        await locks.unlock([a, b, c], "third")
        await locks.unlock([b], "first")
    }),
    rule("takes back only what is the owner's", async (lab, locks) => {
        const [name] = lab.tags("lock") as [string]
        await locks.lock([name], "owner")
        await locks.unlock([name], "stranger")
        assert.deepEqual(await locks.lock([name], "stranger"), [false])
        await locks.unlock([name], "owner")
        assert.deepEqual(await locks.lock([name], "stranger"), [true])
        await locks.unlock([name], "stranger")
    }),
    rule("shows a lock as a tag with a stamp, until it is given back", async (lab, locks) => {
        const [name] = lab.tags("lock") as [string]
        assertNone(await lab.state(name))
        await locks.lock([name], "owner")
        assert.equal(typeof (await lab.state(name)), "string")
        await locks.unlock([name], "owner")
        assertNone(await lab.state(name))
    }),
    rule("lets go of a lock whose owner never comes back", async (lab, locks) => {
        const [name] = lab.tags("lock") as [string]
        await locks.lock([name], "gone")
        await lab.passes(locks.ttl, async () => (await locks.lock([name], "next"))[0] === true, "the lock is free")
        await locks.unlock([name], "next")
    }),
]
