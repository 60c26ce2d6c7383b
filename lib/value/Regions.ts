import { isDeepStrictEqual } from "node:util"
import { CacheError } from "../error/CacheError"
import { checkOptions, isCount, isDurationOrNull, isName, isOneOf } from "../util/checkOptions"
import { describe } from "../util/describe"
import { toMilliseconds, type Duration } from "../util/duration"
import { FRESHNESS_CHECKS, freshnessOf, type FreshnessOptions } from "../util/FreshnessOptions"
import { CacheRegion, type CacheRegionParts } from "./CacheRegion"

/** How long values of a kind live: what changes all the time, and what a report is made of. Milliseconds. */
const TIERS = { hot: 60_000, warm: 600_000, cold: 3_600_000, analytics: 86_400_000 } as const

/** Options of `cache.region()`. */
export interface RegionOptions extends FreshnessOptions {
    /** How long its values live; `null` for until they are invalidated. Default: the tier's, else the cache's `ttl`. */
    ttl?: Duration | null
    /** A length of life by its name: `hot` 1 minute, `warm` 10 minutes, `cold` 1 hour, `analytics` 1 day. */
    tier?: keyof typeof TIERS
    /** How many values this process stores in it; beyond, those that it used least recently are removed. Default: no bound but the store's. */
    maxSize?: number
}

/** What all regions of a cache share. */
export interface RegionsParts extends Omit<CacheRegionParts, "region" | "stats" | "ttl" | "maxSize"> {
    readonly ttl: number | undefined
    readonly statsOf: (region: string) => CacheRegionParts["stats"]
}

/** The regions of a cache, by name. */
export class Regions {
    readonly #parts: RegionsParts
    readonly #regions = new Map<string, readonly [region: CacheRegion, options: RegionOptions]>()
    /** The cache's own values. */
    readonly own: CacheRegion

    constructor(parts: RegionsParts) {
        this.#parts = parts
        this.own = this.#make("", {})
    }

    /**
     * The region of that name, made with the first call.
     *
     * @throws CacheError `E_OPTION` also for options other than those it was made with
     */
    of(name: string, options: RegionOptions | undefined): CacheRegion {
        if (isName(name, "name") !== undefined)
            throw new CacheError("E_OPTION", `A region's name is ${describe(name)}.`, {
                advice: "Give a string that is not empty.",
            })
        checkOptions(
            options ?? {},
            {
                ttl: isDurationOrNull,
                tier: isOneOf("hot", "warm", "cold", "analytics"),
                maxSize: isCount,
                ...FRESHNESS_CHECKS,
            },
            `region ${describe(name)}`,
        )
        const known = this.#regions.get(name)
        if (known === undefined) {
            const made = this.#make(name, options ?? {})
            this.#regions.set(name, [made, { ...options }])
            return made
        }
        if (options !== undefined && !isDeepStrictEqual({ ...options }, known[1]))
            throw new CacheError("E_OPTION", `The region ${describe(name)} was made with other options.`, {
                advice: "Give them once, or the same each time.",
            })
        return known[0]
    }

    /** A region that was made; the cache's own values without a name. @throws CacheError `E_OPTION` */
    defined(name: string | undefined): CacheRegion {
        if (name === undefined) return this.own
        const [region] = this.#regions.get(name) ?? []
        if (region !== undefined) return region
        const names = [...this.#regions.keys()].map((it) => describe(it)).join(", ")
        throw new CacheError("E_OPTION", `There is no region ${describe(name)}.`, {
            advice: `Make it with cache.region(name, options). ${names === "" ? "There is none yet." : `There are: ${names}.`}`,
        })
    }

    #make(region: string, { ttl, tier, maxSize, ...fresh }: RegionOptions): CacheRegion {
        const otherwise = tier === undefined ? this.#parts.ttl : TIERS[tier]
        return new CacheRegion({
            ...this.#parts,
            region,
            maxSize,
            freshness: freshnessOf(fresh, this.#parts.freshness, `region ${describe(region)}`),
            ttl: ttl === undefined ? otherwise : ttl === null ? undefined : toMilliseconds(ttl, "ttl"),
            stats: this.#parts.statsOf(region),
        })
    }
}
