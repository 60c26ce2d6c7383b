import type { EntityMetadata, FindManyOptions, FindOneOptions } from "typeorm"
import { isPlainObject } from "./CanonicalText"
import { dataSourceOf } from "../metadata/dataSourceOf"
import { type DependsOn, entityReach } from "./EntityReach"
import { propertiesOf } from "./FindProperties"
import { FindWalk } from "./FindWalk"

/** A read of a repository: `find`, `findOne`, `count`, `sum`… */
export type FindMethod = string

/** What a read asks, and of which tables. */
export interface FindPlan {
    /** Equal only for reads with equal results. */
    readonly text: string
    /** Every entity, view and junction whose table the read can touch. */
    readonly tables: ReadonlySet<EntityMetadata>
    /** It reads more rows than those that its condition names, maybe of the same table. */
    readonly joins: boolean
}

/** Why a read has no key. */
export interface FindBypass {
    readonly bypass: string
}

/** The options that are not looked at: they change no result. A lock and a transaction are, separately. */
const KNOWN = new Set(
    (
        "where select relations order skip take withDeleted loadEagerRelations loadRelationIds relationLoadStrategy " +
        "cache comment lock transaction join"
    ).split(" "),
)

/**
 * The key of a read and the tables behind it, in one walk over the options; no SQL is built. A read that cannot be
 * keyed with certainty (a lock, `Raw`, a null or undefined condition, a class instance…) is a {@link FindBypass}.
 *
 * @param extra whatever else decides the result, for example the column of an aggregate
 * @param dependsOn the tables of views and virtual columns. Keep passing the same function: what it says is remembered
 */
export function planFind(
    metadata: EntityMetadata,
    method: FindMethod,
    options: FindManyOptions | FindOneOptions | undefined,
    extra?: unknown,
    dependsOn?: DependsOn,
): FindPlan | FindBypass {
    const given = (options ?? {}) as Record<string, unknown>
    const refused = refuse(metadata, given)
    if (refused !== undefined) return { bypass: refused }

    const strategy = given["relationLoadStrategy"] || dataSourceOf(metadata).options.relationLoadStrategy || "join"
    const eager = given["loadEagerRelations"] !== false
    const reach = entityReach(dependsOn)
    // With the strategy "query" TypeORM 0.3 loads the eager relations of related entities whatever the option says.
    const walk = new FindWalk(reach, reach.loaded(metadata, eager), eager || strategy !== "join")

    walk.text = propertiesOf(metadata).header
    walk.name(method)
    if (extra !== undefined) section(walk, "x", extra)
    if (given["where"] !== undefined) {
        walk.text += "w"
        walk.where(given["where"], metadata, "", metadata.target)
    }
    if (given["order"]) {
        walk.text += "o"
        walk.order(given["order"], metadata, "")
    }
    if (given["relations"]) {
        walk.text += "r"
        walk.relations(given["relations"], metadata, "")
    }
    if (given["select"]) {
        walk.text += "c"
        walk.select(given["select"], metadata, "")
    }
    if (given["skip"] !== undefined) section(walk, "k", given["skip"])
    if (given["take"] !== undefined) section(walk, "l", given["take"])
    if (given["withDeleted"]) walk.text += "D"
    if (!eager) walk.text += "E"
    if (strategy !== "join") section(walk, "q", strategy)
    if (given["loadRelationIds"] !== undefined && given["loadRelationIds"] !== false) {
        walk.text += "i"
        walk.loadRelationIds(given["loadRelationIds"], metadata)
    }
    const { text, tables, joins, bypass } = walk
    return bypass === undefined ? { text, tables, joins } : { bypass }
}

function refuse(metadata: EntityMetadata, options: Record<string, unknown>): string | undefined {
    if (!isPlainObject(options)) return "options that are no object literal"
    for (const name in options) if (!KNOWN.has(name) && options[name] !== undefined) return `unknown option ${name}`
    if (options["lock"]) return "lock"
    if (options["transaction"]) return "transaction: true"
    if (options["join"] !== undefined && options["join"] !== null) return "join option"
    return dataSourceOf(metadata).options.type === "mongodb" ? "mongodb" : undefined
}

function section(walk: FindWalk, mark: string, value: unknown): void {
    walk.text += mark
    walk.value(value)
}
