import type { CacheStore } from "../store/CacheStore"
import type { Awaitable } from "../util/Awaitable"
import { CLEAR_RULES } from "./conformance/clearRules"
import { ENTRY_RULES } from "./conformance/entryRules"
import { FENCE_RULES } from "./conformance/fenceRules"
import { KEY_RULES } from "./conformance/keyRules"
import { LOCK_RULES } from "./conformance/lockRules"
import { STAMP_RULES } from "./conformance/stampRules"
import { StoreLab } from "./conformance/StoreLab"
import type { StoreLack, StoreRule } from "./conformance/StoreRule"

/** The functions of a test runner: those of mocha, or vitest's and jest's under these names. */
export interface TestRunner {
    describe(title: string, body: () => void): unknown
    it(title: string, body: () => Promise<void>): unknown
    before(body: () => Promise<void>): unknown
    after(body: () => Promise<void>): unknown
}

/** Options of {@link describeCacheStore}. */
export interface DescribeCacheStoreOptions {
    /**
     * Lets the milliseconds pass on the store's clock. Without it the tests wait for the real time: some rules take half a
     * second then.
     */
    advance?: (milliseconds: number) => Awaitable<void>
    /**
     * Rules that are left out: `"listing"` where the store cannot find its keys by a prefix, `"stamp lives"` where it cannot
     * lengthen the life of a stamp, and lets all of them live long instead.
     */
    lacks?: readonly StoreLack[]
    /** True hands the store bytes instead of text: for one that says `takesBytes`. */
    bytes?: boolean
    /** True proves its `locks` as well. */
    locks?: boolean
    /** The runner's functions. Default: the global ones (`describe`, `it`, `before` or `beforeAll`, `after` or `afterAll`). */
    runner?: TestRunner
}

const CHAPTERS: readonly (readonly [title: string, rules: readonly StoreRule[]])[] = [
    ["entries", ENTRY_RULES],
    ["stamps", STAMP_RULES],
    ["fences", FENCE_RULES],
    ["clear", CLEAR_RULES],
    ["keys", KEY_RULES],
]

const LOCKS = ["locks", LOCK_RULES] as const

/**
 * Proves that a store keeps the port's promises. All keys begin with `conformance:` and a random token, and are removed at
 * the end; then the store is closed.
 *
 * @example
 * const clock = new FakeClock()
 * describeCacheStore("MyStore", () => new MyStore({ clock }), { advance: (ms) => clock.advance(ms) })
 *
 * @throws Error when there is neither a `runner` nor a global one
 */
export function describeCacheStore(
    name: string,
    createStore: () => Awaitable<CacheStore>,
    options: DescribeCacheStoreOptions = {},
): void {
    const { lacks = [] } = options
    const { describe, it, before, after } = options.runner ?? globalRunner()
    describe(`${name} as a CacheStore`, () => {
        let lab: StoreLab | undefined
        before(async () => {
            lab = new StoreLab(await createStore(), options.advance, options.bytes)
        })
        after(async () => {
            if (!lacks.includes("listing")) await lab?.tidy()
            await lab?.store.close()
        })
        for (const [title, rules] of options.locks ? [...CHAPTERS, LOCKS] : CHAPTERS)
            describe(title, () => {
                for (const [rule, check, needs] of rules)
                    if (needs === undefined || !lacks.includes(needs)) it(rule, () => check(lab!))
            })
    })
}

function globalRunner(): TestRunner {
    const scope = globalThis as unknown as Record<string, unknown>
    const pick = (...names: string[]) => {
        const found = names.map((name) => scope[name]).find((value) => typeof value === "function")
        if (found === undefined) throw new Error(`There is no global ${names[0]}(): pass the runner's functions.`)
        return found
    }
    return {
        describe: pick("describe"),
        it: pick("it", "test"),
        before: pick("before", "beforeAll"),
        after: pick("after", "afterAll"),
    } as TestRunner
}
