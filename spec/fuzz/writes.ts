import fc from "fast-check"
import type { EntityManager, ObjectLiteral } from "typeorm"
import { Badge, Cat, Cheer, Dog, Locker, Member, Note, Pet, Post, Score, Team } from "./entity"

/** One change to the database. May fail: a constraint is then broken. */
export interface RandomWrite {
    readonly title: string
    run(manager: EntityManager): Promise<unknown>
}

const id = fc.integer({ min: 1, max: 5 })
const word = fc.constantFrom("", "a", "a", "b", "A")
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 3 })

const member = fc.record(
    { name: word, age: id, email: maybe(word), teamId: maybe(id) },
    { requiredKeys: ["name"] },
) as fc.Arbitrary<Partial<Member>>

type Run<T> = (manager: EntityManager, value: T) => Promise<unknown>

function write<T>(name: string, value: fc.Arbitrary<T>, run: Run<T>): fc.Arbitrary<RandomWrite> {
    return value.map((it) => {
        const title = `${name} ${fc.stringify(it)}`
        return { title, run: (manager) => run(manager, structuredClone(it)), toString: () => title }
    })
}

const one = fc.record({ id, value: member })
const sql = (manager: EntityManager, text: string): Promise<unknown> =>
    manager.query(manager.connection.options.type === "postgres" ? text : text.replaceAll('"', "`"))

/** An entity as the manager's own find gives it, or nothing to do. */
async function loaded(
    manager: EntityManager,
    wanted: number,
    change: (found: Member) => Promise<unknown>,
): Promise<void> {
    const found = await manager.findOne(Member, { where: { id: wanted }, relations: { badges: true } })
    if (found !== null) await change(found)
}

/** Foreign keys, junctions, and what makes related rows seen or unseen. */
const relationWrite: fc.Arbitrary<RandomWrite> = fc.oneof(
    write("SQL into a team", fc.tuple(id, maybe(id)), (it, [of, team]) =>
        sql(it, `UPDATE "member" SET "teamId" = ${team ?? "NULL"} WHERE "id" = ${of}`),
    ),
    write("SQL into another team", fc.tuple(id, id), (it, [from, to]) =>
        sql(it, `UPDATE "member" SET "teamId" = ${to} WHERE "teamId" = ${from}`),
    ),
    write("SQL into the next team", id, (it, of) =>
        sql(it, `UPDATE "member" SET "teamId" = "teamId" + 1 WHERE "id" = ${of}`),
    ),
    write("members of a team", fc.tuple(id, fc.array(id, { minLength: 1, maxLength: 2 })), (it, [team, members]) =>
        it.createQueryBuilder().relation(Team, "members").of(team).add(members),
    ),
    write("out of a team", fc.tuple(id, id), (it, [team, one]) =>
        it.createQueryBuilder().relation(Team, "members").of(team).remove(one),
    ),
    write("SQL pairs of a member", id, (it, of) =>
        sql(it, `DELETE FROM "member_badges_badge" WHERE "memberId" = ${of}`),
    ),
    write("SQL pairs of a badge", id, (it, of) => sql(it, `DELETE FROM "member_badges_badge" WHERE "badgeId" = ${of}`)),
    write("SQL pair", fc.tuple(id, id), (it, [of, badge]) =>
        sql(it, `INSERT INTO "member_badges_badge" ("memberId", "badgeId") VALUES (${of}, ${badge})`),
    ),
    write("SQL pairs for all", id, (it, badge) =>
        sql(it, `INSERT INTO "member_badges_badge" ("memberId", "badgeId") SELECT "id", ${badge} FROM "member"`),
    ),
    write("SQL change of a pair", fc.tuple(id, id, id), (it, [of, from, to]) =>
        sql(it, `UPDATE "member_badges_badge" SET "badgeId" = ${to} WHERE "badgeId" = ${from} AND "memberId" = ${of}`),
    ),
    write("add a member", fc.tuple(id, id), (it, [badge, of]) =>
        it.createQueryBuilder().relation(Badge, "members").of(badge).add(of),
    ),
    write("take a member away", fc.tuple(id, id), (it, [badge, of]) =>
        it.createQueryBuilder().relation(Badge, "members").of(badge).remove(of),
    ),
    write("save members of a badge", fc.record({ badge: id, members: fc.array(id, { maxLength: 3 }) }), (it, value) =>
        it.save(Badge, { id: value.badge, name: "set", members: value.members.map((one) => ({ id: one })) }),
    ),
    write("SQL soft delete", fc.tuple(id, fc.boolean()), (it, [of, back]) =>
        sql(it, `UPDATE "member" SET "deletedAt" = ${back ? "NULL" : "CURRENT_TIMESTAMP"} WHERE "id" = ${of}`),
    ),
    write("upsert back", one, (it, { id, value }) => it.upsert(Member, { id, ...value, deletedAt: null }, ["id"])),
    {
        weight: 2,
        arbitrary: write("save a locker", fc.tuple(id, maybe(id)), (it, [locker, of]) =>
            it.save(Locker, { id: locker, member: of === null ? null : { id: of } }),
        ),
    },
    write("delete a locker", id, (it, wanted) => it.delete(Locker, wanted)),
    write("set a locker", fc.tuple(id, maybe(id)), (it, [of, locker]) =>
        it.createQueryBuilder().relation(Member, "locker").of(of).set(locker),
    ),
    {
        weight: 2,
        arbitrary: write("insert a note", fc.tuple(id, word, maybe(id)), (it, [note, text, of]) =>
            it.insert(Note, { id: note, text, member: (of === null ? null : { id: of }) as never }),
        ),
    },
    write("change a note", fc.tuple(id, word, maybe(id)), (it, [note, text, of]) =>
        it.update(Note, note, { text, member: (of === null ? null : { id: of }) as never }),
    ),
    write("delete a note", id, (it, wanted) => it.delete(Note, wanted)),
    {
        weight: 2,
        arbitrary: write("save a cheer", fc.tuple(id, fc.record({ round: id, player: word })), (it, [cheer, score]) =>
            it.save(Cheer, { id: cheer, score }),
        ),
    },
    write("SQL of half a cheer", fc.tuple(id, id), (it, [cheer, round]) =>
        sql(it, `UPDATE "cheer" SET "scoreRound" = ${round} WHERE "id" = ${cheer}`),
    ),
    write("no cheer", id, (it, cheer) => it.update(Cheer, cheer, { score: null })),
    {
        weight: 2,
        arbitrary: write("save a kept pet", fc.tuple(id, maybe(id), maybe(id)), (it, [pet, keeper, friend]) =>
            it.save(Cat, {
                id: pet,
                keeper: keeper === null ? null : { id: keeper },
                friend: friend === null ? null : { id: friend },
            }),
        ),
    },
    write("change the kind", fc.tuple(id, fc.constantFrom("Cat", "Dog", "Pet")), (it, [pet, kind]) =>
        sql(it, `UPDATE "pet" SET "kind" = '${kind}' WHERE "id" = ${pet}`),
    ),
)

const otherWrite: fc.Arbitrary<RandomWrite> = fc.oneof(
    { weight: 4, arbitrary: write("save", one, (it, { id, value }) => it.save(Member, { id, ...value })) },
    {
        weight: 3,
        arbitrary: write("insert", one, (it, { id, value }) => it.insert(Member, { id, ...value })),
    },
    write("save many", fc.array(one, { maxLength: 3 }), (it, all) =>
        it.save(
            Member,
            all.map(({ id, value }) => ({ id, ...value })),
        ),
    ),
    {
        weight: 3,
        arbitrary: write("update by id", one, (it, { id, value }) => it.update(Member, id, value as ObjectLiteral)),
    },
    write("update by criteria", fc.record({ name: word, value: member }), (it, { name, value }) =>
        it.update(Member, { name }, value as ObjectLiteral),
    ),
    write("change the key", fc.tuple(id, id), (it, [from, to]) => it.update(Member, { id: from }, { id: to })),
    write("delete by id", id, (it, wanted) => it.delete(Member, wanted)),
    write("delete by criteria", word, (it, name) => it.delete(Member, { name })),
    write("remove", id, (it, wanted) => loaded(it, wanted, (found) => it.remove(found))),
    write("soft delete", id, (it, wanted) => it.softDelete(Member, wanted)),
    write("soft remove", id, (it, wanted) => loaded(it, wanted, (found) => it.softRemove(found))),
    write("restore", id, (it, wanted) => it.restore(Member, wanted)),
    write("increment", id, (it, wanted) => it.increment(Member, { id: wanted }, "age", 1)),
    write("upsert by id", one, (it, { id, value }) => it.upsert(Member, { id, ...value }, ["id"])),
    write("upsert by email", one, (it, { id, value }) => it.upsert(Member, { id, ...value }, ["email"])),
    write("insert or ignore", one, (it, { id, value }) =>
        it
            .createQueryBuilder()
            .insert()
            .into(Member)
            .values({ id, ...value })
            .orIgnore()
            .execute(),
    ),
    write("query builder by ids", fc.record({ ids: fc.array(id, { maxLength: 3 }), name: word }), (it, { ids, name }) =>
        it.createQueryBuilder().update(Member).set({ name }).whereInIds(ids).execute(),
    ),
    write("query builder", fc.record({ age: id, name: word }), (it, { age, name }) =>
        it.createQueryBuilder().update(Member).set({ name }).where("age > :age", { age }).execute(),
    ),
    write("SQL by id", fc.record({ id, name: word }), (it, { id, name }) =>
        sql(it, `UPDATE "member" SET "name" = '${name}' WHERE "id" = ${id}`),
    ),
    write("SQL", fc.record({ age: id, name: word }), (it, { age, name }) =>
        sql(it, `UPDATE "member" SET "name" = '${name}' WHERE "id" = 1 OR "age" = ${age}`),
    ),
    write("SQL delete", id, (it, age) => sql(it, `DELETE FROM "member" WHERE "age" = ${age}`)),
    { weight: 2, arbitrary: write("save a team", fc.record({ id, name: word }), (it, team) => it.save(Team, team)) },
    write("delete a team", id, (it, wanted) => it.delete(Team, wanted)),
    write("renumber a team", fc.tuple(id, id), (it, [from, to]) => it.update(Team, { id: from }, { id: to })),
    write(
        "set a team's members",
        fc.record({ team: id, members: fc.array(id, { maxLength: 2 }) }),
        (it, { team, members }) =>
            it.save(Team, { id: team, name: "set", members: members.map((one) => ({ id: one })) }),
    ),
    {
        weight: 2,
        arbitrary: write("save a badge", fc.record({ id, name: word }), (it, badge) => it.save(Badge, badge)),
    },
    write("delete a badge", id, (it, wanted) => it.delete(Badge, wanted)),
    {
        weight: 2,
        arbitrary: write("add a badge", fc.tuple(id, id), (it, [of, badge]) =>
            it.createQueryBuilder().relation(Member, "badges").of(of).add(badge),
        ),
    },
    write("take a badge away", fc.tuple(id, id), (it, [of, badge]) =>
        it.createQueryBuilder().relation(Member, "badges").of(of).remove(badge),
    ),
    write("save badges", fc.record({ id, badges: fc.array(id, { maxLength: 3 }) }), (it, { id, badges }) =>
        loaded(it, id, (found) => it.save(Member, { ...found, badges: badges.map((one) => ({ id: one })) })),
    ),
    write("set a mentor", fc.tuple(id, maybe(id)), (it, [of, mentor]) =>
        it.createQueryBuilder().relation(Member, "mentor").of(of).set(mentor),
    ),
    {
        weight: 2,
        arbitrary: write(
            "save a post",
            fc.record({ id, title: word, member: maybe(id) }),
            (it, { member: of, ...post }) => it.save(Post, { ...post, member: of === null ? null : { id: of } }),
        ),
    },
    write("delete a post", id, (it, wanted) => it.delete(Post, wanted)),
    {
        weight: 2,
        arbitrary: write("save a score", fc.record({ round: id, player: word, points: id }), (it, score) =>
            it.save(Score, score),
        ),
    },
    write("update a score", fc.record({ round: id, player: word, points: id }), (it, { points, ...key }) =>
        it.update(Score, key, { points }),
    ),
    write("update scores", fc.record({ round: id, points: id }), (it, { points, round }) =>
        it.update(Score, { round }, { points }),
    ),
    write("delete a score", fc.record({ round: id, player: word }), (it, key) => it.delete(Score, key)),
    write("save a cat", fc.record({ id, name: word, lives: id }), (it, cat) => it.save(Cat, cat)),
    write("save a dog", fc.record({ id, name: word, trick: maybe(word) }), (it, dog) => it.save(Dog, dog)),
    write("rename a pet", fc.record({ id, name: word }), (it, { id, name }) => it.update(Pet, id, { name })),
    write("delete cats", id, (it, lives) => it.delete(Cat, { lives })),
)

export const anyWrite: fc.Arbitrary<RandomWrite> = fc.oneof(
    { weight: 3, arbitrary: otherWrite },
    { weight: 2, arbitrary: relationWrite },
)
