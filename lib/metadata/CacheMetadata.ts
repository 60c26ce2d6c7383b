import type { EntityMetadata } from "typeorm"
import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"
import { toMilliseconds, type Duration } from "../util/duration"
import { freshnessOf, type FreshnessSettings } from "../util/FreshnessOptions"
import type { CachedOptions } from "./CachedOptions"
import { getCacheMetadataArgsStorage } from "./CacheMetadataArgsStorage"
import { dataSourceOf } from "./dataSourceOf"

/** What holds where an entity says nothing. Milliseconds; `undefined` for no expiry. */
export interface CacheDefaults {
    readonly ttl: number | undefined
    readonly version: string
    readonly freshness: FreshnessSettings
}

/**
 * What `@Cached` means for one entity of one DataSource: every option resolved, checked against TypeORM's metadata.
 */
export class CacheMetadata {
    readonly entity: EntityMetadata
    /** True when the entity is decorated and not switched off: its reads are cached without being asked. */
    readonly enabled: boolean
    /** True when somebody says `enabled: false`: its relations are not cached either, unless they say so. */
    readonly isSwitchedOff: boolean
    /** Milliseconds; `undefined` for no expiry. */
    readonly ttl: number | undefined
    readonly listTtl: number | undefined
    readonly negativeTtl: number | undefined
    readonly freshness: FreshnessSettings
    readonly version: string
    readonly lists: boolean
    readonly uniqueKeys: readonly (readonly string[])[]
    readonly region: string
    /** Entities and table names that it reads beyond its own table; `undefined` when nothing was declared. */
    readonly dependsOn: readonly (Function | string)[] | undefined

    /** @throws CacheError `E_NOT_CACHEABLE`, `E_OPTION` */
    constructor(entity: EntityMetadata, defaults: CacheDefaults) {
        const found = getCacheMetadataArgsStorage().findEntity(entity.target)
        const options: CachedOptions = found ?? {}
        this.entity = entity
        this.enabled = found !== undefined && options.enabled !== false
        this.isSwitchedOff = options.enabled === false
        this.ttl = resolve(options.ttl, defaults.ttl)
        this.listTtl = resolve(options.listTtl, this.ttl)
        this.negativeTtl = resolve(options.negativeTtl, this.ttl)
        this.freshness = freshnessOf(options, defaults.freshness, `@Cached on ${entity.name}`)
        this.version = options.version === undefined ? defaults.version : `${defaults.version}.${options.version}`
        this.lists = options.lists ?? true
        this.uniqueKeys = options.uniqueKeys ?? []
        this.region = options.region ?? entity.name
        this.dependsOn = options.dependsOn
        if (this.enabled) this.#check()
    }

    #check(): void {
        const { entity } = this
        const refuse = (what: string, advice: string): never => {
            throw new CacheError("E_NOT_CACHEABLE", `@Cached on ${entity.name}: ${what}.`, { advice })
        }
        if (entity.tableType === "view" && (this.dependsOn ?? [...(entity.dependsOn ?? [])]).length === 0)
            refuse(
                "it is a view, and nobody says which tables it reads",
                "Give the view dependsOn, or @Cached({ dependsOn: [Entity, …] }).",
            )
        const virtual = entity.columns.find((column) => column.isVirtualProperty)
        if (virtual !== undefined && this.dependsOn === undefined)
            refuse(
                `its virtual column ${virtual.propertyPath} may read any table`,
                "Say which with @Cached({ dependsOn: [Entity, …] }), an empty list for none.",
            )
        for (const name of this.uniqueKeys.flat()) {
            const column = entity.findColumnWithPropertyPath(name)
            if (column === undefined || column.relationMetadata !== undefined)
                throw new CacheError(
                    "E_OPTION",
                    `@Cached on ${entity.name}: uniqueKeys names ${describe(name)}, which is no column.`,
                )
        }
        for (const target of this.dependsOn ?? [])
            if (typeof target === "function" && !dataSourceOf(entity).hasMetadata(target))
                throw new CacheError(
                    "E_OPTION",
                    `@Cached on ${entity.name}: dependsOn names ${target.name}, which is no entity of the DataSource.`,
                )
    }
}

/** Milliseconds of an option, `undefined` for no expiry, or what holds without it. */
function resolve(option: Duration | null | undefined, otherwise: number | undefined): number | undefined {
    if (option === undefined) return otherwise
    return option === null ? undefined : toMilliseconds(option, "ttl")
}
