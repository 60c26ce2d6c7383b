import "reflect-metadata"
import { randomBytes } from "node:crypto"
import { Keyv } from "keyv"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { KeyvStore } from "typeorm-second-level-cache/keyv"
import { EncryptedSerializer } from "./EncryptedSerializer"

/** What would be a Redis elsewhere: here it can be looked into. */
const kept = new Map<string, unknown>()

// #region use
const open = (keyId: string, secret: Buffer): SecondLevelCache =>
    new SecondLevelCache({
        store: new KeyvStore(new Keyv({ store: kept })),
        serializer: new EncryptedSerializer(keyId, secret),
    })
// #endregion

const isReadable = (): boolean => [...kept.values()].some((text) => String(text).includes("4111"))

async function main(): Promise<void> {
    const secret = randomBytes(32)
    const first = open("2026", secret)
    await first.set("card", { number: "4111 1111 1111 1111", issued: new Date(0) })
    console.log(`-- in the store: ${kept.size} keys, readable: ${isReadable() ? "yes" : "no"}`)
    console.log(`-- in the cache: ${JSON.stringify(await first.get("card"))}`)

    const same = open("2026", secret)
    console.log(`-- in another process with the key: ${JSON.stringify(await same.get("card"))}`)
    const thief = open("2026", randomBytes(32))
    console.log(`-- with another key under that name: ${String(await thief.get("card"))}, and ${errorsOf(thief)} error`)
    const next = open("2027", randomBytes(32))
    console.log(`-- after the key was replaced: ${String(await next.get("card"))}, and ${errorsOf(next)} errors`)
    for (const cache of [first, same, thief, next]) await cache.close()
}

const errorsOf = (cache: SecondLevelCache): number => cache.stats.total().errors

void main()
