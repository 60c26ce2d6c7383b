import type { EntityMetadata, FindManyOptions, FindOneOptions, ObjectLiteral } from "typeorm"
import { isPlainObject } from "../key/CanonicalText"
import type { RelationMetadata } from "../metadata/CachedRelationMetadata"
import type { CallCache } from "./CallCache"
import type { FindCall } from "./FindCall"
import { relatedItems } from "./RelatedCodec"
import type { RelationReader } from "./RelationReader"

/** A cached relation that a find asks for, and those that it asks for behind it. */
export interface RelationBranch {
    readonly reader: RelationReader
    readonly children: readonly RelationBranch[]
}

/** A find in two parts: the roots, and the relations that have entries of their own. */
export interface SplitFind {
    readonly options: FindManyOptions | FindOneOptions
    readonly branches: readonly RelationBranch[]
}

/** The reader of a relation that is cached; `undefined` for any other. */
export type CachedRelations = (owner: EntityMetadata, relation: RelationMetadata) => RelationReader | undefined

type RelationTree = { readonly [name: string]: boolean | RelationTree | undefined }

/**
 * Takes the cached relations out of find options, where the result stays the same: the rest is then read as if they had
 * not been asked for. `undefined` when there is nothing to take.
 */
export function splitFind(
    entity: EntityMetadata,
    { options, call }: FindCall,
    cached: CachedRelations,
): SplitFind | undefined {
    const asked = options?.relations
    const hasEager = entity.eagerRelations.length > 0 && options?.loadEagerRelations !== false
    if (!asked && !hasEager) return undefined
    // a transaction reads for itself; a named entry is one entry
    if (call.within !== undefined || call.id !== undefined) return undefined
    const given = (options ?? {}) as Record<string, unknown>
    if (given["select"] || given["withDeleted"] || given["loadRelationIds"] || given["lock"] || given["join"])
        return undefined
    const tree = relationTree(asked, entity)
    if (tree === undefined) return undefined

    const rest: Record<string, unknown> = {}
    let branches: RelationBranch[] = []
    const isEager = options?.loadEagerRelations !== false
    const take = (name: string, below: boolean | RelationTree): boolean => {
        if (names(given["where"], name) || names(given["order"], name)) return false
        const branch = branchOf(entity, name, below, isEager, cached)
        if (branch !== undefined) branches.push(branch)
        return branch !== undefined
    }
    for (const [name, below] of Object.entries(tree))
        if (below !== undefined && below !== false && !take(name, below)) rest[name] = below
    const { relations: _, ...own } = given
    if (Object.keys(rest).length > 0) own["relations"] = rest
    if (hasEager) {
        const others = entity.eagerRelations.filter(({ propertyPath }) => !(propertyPath in tree))
        // the option takes all eager relations away, those of related entities as well
        const areTaken = Object.keys(rest).length === 0 && others.every(({ propertyPath }) => take(propertyPath, true))
        if (areTaken) own["loadEagerRelations"] = false
        else branches = branches.filter(({ reader }) => !reader.relation.isEager)
    }
    return branches.length === 0 ? undefined : { options: own, branches }
}

/** Reads the relations of some owners into them, level by level. */
export async function attachBranches(
    owners: readonly ObjectLiteral[],
    branches: readonly RelationBranch[],
    call: CallCache,
): Promise<void> {
    if (owners.length === 0) return
    const found = await Promise.all(
        branches.map(async ({ reader, children }) => {
            const related = await reader.read(owners, call)
            await attachBranches(related.flatMap(relatedItems), children, call)
            return related
        }),
    )
    // in the order asked for, whichever came first: it is that of the owners' keys
    branches.forEach(({ reader }, i) => reader.assign(owners, found[i]!))
}

function branchOf(
    owner: EntityMetadata,
    name: string,
    below: boolean | RelationTree,
    isEager: boolean,
    cached: CachedRelations,
): RelationBranch | undefined {
    const relation = owner.findRelationWithPropertyPath(name)
    if (relation === undefined || mayHideOwner(relation)) return undefined
    const reader = cached(owner, relation)
    if (reader === undefined) return undefined
    const { target } = reader
    if (target.eagerRelations.length > 0 && !isEager) return undefined
    const children: RelationBranch[] = []
    for (const [inner, further] of Object.entries(below === true || below === false ? {} : below)) {
        if (further === undefined || further === false) continue
        if (target.findRelationWithPropertyPath(inner)?.isEager) {
            // it is in the entry of the target, by itself
            if (further === true) continue
            return undefined
        }
        const child = branchOf(target, inner, further, isEager, cached)
        if (child === undefined) return undefined
        children.push(child)
    }
    return { reader, children }
}

/** TypeORM 1 joins INNER what cannot be null: an owner whose related row is not seen is then not found. */
function mayHideOwner({
    isNullable,
    isWithJoinColumn,
    createForeignKeyConstraints,
    inverseEntityMetadata: target,
}: RelationMetadata): boolean {
    if (isNullable || !isWithJoinColumn) return false
    return !createForeignKeyConstraints || target.tableType === "entity-child" || target.tableType === "view"
}

/** The `relations` of find options; paths, as TypeORM 0.3 has them, as a tree. */
function relationTree(asked: unknown, entity: EntityMetadata): RelationTree | undefined {
    if (!asked) return {}
    if (isPlainObject(asked)) return asked as RelationTree
    // TypeORM 1 refuses paths
    if (!Array.isArray(asked) || Object.hasOwn(entity, "dataSource")) return undefined
    const tree: Record<string, unknown> = {}
    for (const path of asked as unknown[]) {
        if (typeof path !== "string") return undefined
        let at = tree
        for (const step of path.split("."))
            at = (typeof at[step] === "object" ? at[step] : (at[step] = {})) as typeof tree
    }
    return tree as RelationTree
}

/** Whether conditions or an order say anything of a property. */
function names(node: unknown, name: string): boolean {
    if (Array.isArray(node)) return node.some((it) => names(it, name))
    return (
        typeof node === "object" &&
        node !== null &&
        name in node &&
        (node as Record<string, unknown>)[name] !== undefined
    )
}
