import fc from "fast-check"
import {
    Between,
    Equal,
    In,
    IsNull,
    LessThan,
    Like,
    MoreThan,
    Not,
    type EntityTarget,
    type FindManyOptions,
    type ObjectLiteral,
    type Repository,
} from "typeorm"
import { CachedRepository } from "typeorm-second-level-cache"
import { Badge, Cat, Cheer, Dog, Locker, Member, Note, Pet, Post, Score, Team } from "./entity"

/** A read that can be made of two repositories. */
export interface RandomRead {
    readonly target: EntityTarget<ObjectLiteral>
    readonly method: string
    readonly options: () => FindManyOptions
    /** What is printed when the two differ. */
    toString(): string
}

const id = fc.integer({ min: 1, max: 5 })
const word = fc.constantFrom("", "a", "b", "A", "a ", "ab")
const operator = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
    fc.oneof(
        { weight: 5, arbitrary: value },
        { weight: 2, arbitrary: fc.array(value, { maxLength: 4 }).map((list) => In(list)) },
        value.map((it) => Equal(it)),
        value.map((it) => Not(it)),
        value.map((it) => MoreThan(it)),
        value.map((it) => LessThan(it)),
        fc.tuple(value, value).map(([from, to]) => Between(from, to)),
        fc.constant(IsNull()),
        fc.constant(Not(IsNull())),
    )
const conditions = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
    fc.record(shape, { requiredKeys: [] })
const numbers = operator(id)
const words = fc.oneof(
    operator(word),
    word.map((it) => Like(`${it}%`)),
)

const badgeWhere = conditions({ id: numbers, name: words })
const teamWhere = conditions({ id: numbers, name: words })
const memberWhere = conditions({
    id: numbers,
    email: words,
    name: words,
    age: numbers,
    teamId: numbers,
    team: teamWhere,
    mentor: conditions({ id: numbers, name: words }),
    badges: badgeWhere,
})

const flag = fc.constant(true)
const relationsOf = (shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
    fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, fc.record(shape, { requiredKeys: [] }))

const WHERES = new Map<EntityTarget<ObjectLiteral>, [fc.Arbitrary<object>, fc.Arbitrary<object>, string]>([
    [Member, [memberWhere, relationsOf({ team: flag, mentor: flag, pupils: flag, badges: flag, posts: flag }), "id"]],
    [
        Team,
        [
            conditions({ id: numbers, name: words, members: memberWhere }),
            relationsOf({ members: fc.oneof(flag, fc.constant({ badges: true })) }),
            "id",
        ],
    ],
    [Badge, [conditions({ id: numbers, name: words, members: memberWhere }), relationsOf({ members: flag }), "id"]],
    [
        Post,
        [
            conditions({ id: numbers, title: words, member: memberWhere }),
            relationsOf({ member: fc.oneof(flag, fc.constant({ team: true })) }),
            "id",
        ],
    ],
    [Score, [conditions({ round: numbers, player: words, points: numbers }), fc.constant({}), "round"]],
    [Pet, [conditions({ id: numbers, name: words }), fc.constant({}), "id"]],
    [Cat, [conditions({ id: numbers, lives: numbers }), fc.constant({}), "id"]],
    [Dog, [conditions({ id: numbers, name: words }), fc.constant({}), "id"]],
])

const KEYS: [EntityTarget<ObjectLiteral>, fc.Arbitrary<object>][] = [
    ...[Member, Team, Badge, Post, Pet, Cat, Dog].map((target): [EntityTarget<ObjectLiteral>, fc.Arbitrary<object>] => [
        target,
        fc.record({
            id: fc.oneof(
                id,
                id.map((it) => Equal(it)),
                fc.array(id, { minLength: 1, maxLength: 5 }).map((list) => In(list)),
            ),
        }),
    ]),
    [Member, fc.record({ email: word })],
    [Member, fc.record({ name: word, age: id })],
    [Score, fc.record({ round: id, player: word })],
]

const byKey: fc.Arbitrary<RandomRead> = fc
    .tuple(
        fc.constantFrom(...KEYS).chain(([target, where]) => fc.tuple(fc.constant(target), where)),
        fc.constantFrom("findOne", "find"),
        fc.boolean(),
    )
    .map(([[target, where], method, withDeleted]) =>
        read(target, method, { where, ...(withDeleted ? { withDeleted } : {}) }),
    )

const byOptions: fc.Arbitrary<RandomRead> = fc
    .constantFrom(...WHERES)
    .chain(([target, [where, relations, key]]) =>
        fc.record({
            target: fc.constant(target),
            method: fc.constantFrom("find", "findOne", "findAndCount", "count", "exists", "sum", "maximum"),
            column: fc.constant(key),
            where: fc.oneof({ weight: 4, arbitrary: where }, fc.array(where, { minLength: 1, maxLength: 2 })),
            relations,
            rest: fc.record(
                {
                    withDeleted: flag,
                    skip: fc.integer({ min: 0, max: 2 }),
                    take: fc.integer({ min: 1, max: 3 }),
                    loadEagerRelations: fc.constant(false),
                    relationLoadStrategy: fc.constantFrom("join" as const, "query" as const),
                },
                { requiredKeys: [] },
            ),
            direction: fc.constantFrom("ASC" as const, "DESC" as const),
        }),
    )
    .map(({ target, method, column, where, relations, rest, direction }) => {
        const order = target === Score ? { round: direction, player: "ASC" as const } : { [column]: direction }
        // a page needs a whole order, and the related rows one too
        const related = Object.fromEntries(Object.keys(relations).map((name) => [name, { id: "ASC" as const }]))
        if (method === "sum" || method === "maximum") return read(target, method, { where }, column)
        if (method === "count" || method === "exists")
            return read(target, method, { where, ...(rest.withDeleted ? { withDeleted: true } : {}) })
        const paged = rest.skip !== undefined && rest.take === undefined ? { ...rest, take: 3 } : rest
        const strategy = rest.relationLoadStrategy === "query"
        return read(target, method, {
            where,
            relations,
            order: strategy ? order : { ...order, ...related },
            ...paged,
        } as FindManyOptions)
    })

type Target = EntityTarget<ObjectLiteral>
type Tree = { readonly [relation: string]: true | Tree }

/** What a read may bring along, lazy relations apart. */
const RELATIONS = new Map<Target, Readonly<Record<string, Target>>>([
    [Team, { members: Member }],
    [
        Member,
        {
            team: Team,
            mentor: Member,
            pupils: Member,
            badges: Badge,
            posts: Post,
            locker: Locker,
            pets: Pet,
            cats: Cat,
        },
    ],
    [Badge, { members: Member }],
    [Locker, { member: Member }],
    [Post, { member: Member }],
    [Score, { cheers: Cheer }],
    [Cheer, { score: Score }],
    [Pet, { keeper: Member }],
    [Cat, { keeper: Member, friend: Member }],
    [Note, {}],
])
const LAZY = new Map<Target, string>([
    [Member, "notes"],
    [Note, "member"],
])

const treeOf = (target: Target, depth: number): fc.Arbitrary<Tree> => {
    const relations = Object.entries(RELATIONS.get(target) ?? {})
    const below = (related: Target): fc.Arbitrary<true | Tree> =>
        depth > 1 ? fc.oneof(fc.constant(true as const), treeOf(related, depth - 1)) : fc.constant(true)
    return fc
        .subarray(relations, { maxLength: Math.min(relations.length, 2) })
        .chain((chosen) => fc.record(Object.fromEntries(chosen.map(([name, related]) => [name, below(related)]))))
}

const someIds = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    fc.array(id, { minLength: 1, maxLength: 3 }).map((list) => ({ id: In(list) })),
    id.map((one) => ({ id: one })),
)
const whereOf = (target: Target): fc.Arbitrary<object> =>
    target === Score ? fc.record({ round: id, player: word }, { requiredKeys: [] }) : someIds

const byRelation: fc.Arbitrary<RandomRead> = fc.constantFrom(...RELATIONS).chain(([target, relations]) =>
    fc
        .record({
            where: whereOf(target),
            tree: treeOf(target, 3),
            way: fc.constantFrom("find", "findOne", "loadRelation", "lazy"),
            relation: fc.constantFrom(...Object.keys(relations), ""),
        })
        .map(({ where, tree, way, relation }) => {
            const lazy = LAZY.get(target)
            if (way === "lazy" && lazy !== undefined) return read(target, "lazy", { where }, lazy)
            if (way === "loadRelation" && relation !== "") return read(target, way, { where }, relation)
            // of several rows the database may give any
            const order = way === "findOne" ? { order: target === Score ? { round: 1, player: 1 } : { id: 1 } } : {}
            return read(target, way === "findOne" ? way : "find", {
                where,
                relations: tree,
                ...order,
            } as FindManyOptions)
        }),
)

/** Any read: by key, by any options, of relations. */
export const anyRead = fc.oneof(byKey, byOptions, { weight: 2, arbitrary: byRelation })

function read(
    target: EntityTarget<ObjectLiteral>,
    method: string,
    options: FindManyOptions,
    column?: string,
): RandomRead {
    return {
        target,
        method: column === undefined ? method : `${method}:${column}`,
        // running may change the operators of a where: each run has its own
        options: () => clone(options),
        toString: () => `${(target as Function).name}.${method} ${fc.stringify(options)}`,
    }
}

function clone<T>(value: T): T {
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) return value.map(clone) as T
    const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>
    for (const [key, part] of Object.entries(value)) copy[key] = clone(part) as unknown
    return copy as T
}

const ids = [1, 2, 3, 4, 5]

/** Reads that any change to a row shows in. */
export const ROWS: readonly RandomRead[] = [
    ...[Member, Team, Badge, Pet].map((target) => read(target, "find", { where: { id: In(ids) } })),
    ...ids.map((one) => read(Member, "findOne", { where: { id: one } })),
    ...["", "a", "b"].map((email) => read(Member, "findOne", { where: { email } })),
    ...[1, 2].map((age) => read(Member, "findOne", { where: { name: "a", age } })),
    read(Score, "findOne", { where: { round: 1, player: "a" } }),
    read(Score, "find", { where: { round: 1 }, order: { round: "ASC", player: "ASC" } }),
    read(Post, "find", { order: { id: "ASC" } }),
    read(Member, "find", {
        relations: { team: true, mentor: true, badges: true },
        withDeleted: true,
        order: { id: "ASC", badges: { id: "ASC" } },
    } as FindManyOptions),
    read(Team, "find", {
        relations: { members: true },
        order: { id: "ASC", members: { id: "ASC" } },
    } as FindManyOptions),
    read(Member, "find", {
        where: { id: In(ids) },
        relations: { team: true, badges: true, locker: true, cats: true },
    } as FindManyOptions),
    read(Member, "find", { relations: { pupils: true, pets: true, mentor: true } } as FindManyOptions),
    read(Team, "find", { where: { id: In(ids) }, relations: { members: { badges: true } } } as FindManyOptions),
    read(Badge, "find", { relations: { members: true } } as FindManyOptions),
    read(Score, "find", { relations: { cheers: true } } as FindManyOptions),
    read(Member, "loadRelation", { where: { id: In(ids) } }, "posts"),
    read(Member, "lazy", {}, "notes"),
    read(Note, "lazy", {}, "member"),
]

/** What a repository answers, or the name of the error. */
export async function run(repository: Repository<ObjectLiteral>, { method, options }: RandomRead): Promise<unknown> {
    const [name, column] = method.split(":") as [string, string | undefined]
    try {
        const own = options()
        if (name === "lazy" || name === "loadRelation") return await related(repository, name, column!, own)
        const target = repository as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
        if (column !== undefined) return await target[name]!(column, own.where)
        const found = await target[name]!(own)
        // without ORDER BY the database may answer in any order
        return own.order === undefined ? sorted(found) : found
    } catch (error) {
        return { failed: (error as Error).name }
    }
}

/** What a relation holds: by hand or lazy through the cache, joined by a plain repository, which is never lazy. */
async function related(
    repository: Repository<ObjectLiteral>,
    way: "lazy" | "loadRelation",
    relation: string,
    options: FindManyOptions,
): Promise<unknown> {
    const isCached = repository instanceof CachedRepository
    const owners = await repository.find({ ...options, ...(isCached ? {} : { relations: { [relation]: true } }) })
    if (isCached && way === "loadRelation") await repository.loadRelation(owners, relation)
    const held: unknown[] = []
    // one query after another on the connection of a transaction, else all in one tick
    if (repository.manager.queryRunner === undefined)
        held.push(...(await Promise.all(owners.map((it) => it[relation]))))
    else for (const owner of owners) held.push(await owner[relation])
    return sorted(owners.map((owner, i) => [repository.metadata.getEntityIdMap(owner), held[i]]))
}

/** The same with every list in one order. */
function sorted(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value
    for (const part of Object.values(value)) sorted(part)
    return Array.isArray(value) ? value.sort(byText) : value
}

function byText(a: unknown, b: unknown): number {
    const [one, other] = [JSON.stringify(a), JSON.stringify(b)]
    return one < other ? -1 : one > other ? 1 : 0
}
