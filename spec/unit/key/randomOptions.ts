import * as fc from "fast-check"
import type { FindManyOptions } from "typeorm"
import { Money, type TypeOrm } from "./library"

type Options = fc.Arbitrary<Record<string, unknown>>

/** An object with some of the properties, in any order. */
function someOf(properties: Record<string, fc.Arbitrary<unknown>>, least = 0): Options {
    const names = Object.keys(properties)
    return fc
        .shuffledSubarray(names, { minLength: Math.min(least, names.length) })
        .chain((chosen) =>
            fc.tuple(...chosen.map((name) => (properties[name] as fc.Arbitrary<unknown>).map((v) => [name, v]))),
        )
        .map((entries) => Object.fromEntries(entries as [string, unknown][]))
}

/**
 * Find options of the library's Book, from so small a world that equal ones are frequent: values that a careless text
 * would confuse, every operator, every option. `arrays`: with the string arrays of TypeORM 0.3.
 */
export function randomOptions(t: TypeOrm, arrays: boolean): fc.Arbitrary<FindManyOptions> {
    const text = fc.constantFrom("a", "b", "", "1", "s1:a", "{", "}", "n")
    const number = fc.constantFrom(1, 2, -0, 0, 1.5)
    const scalar = fc.oneof(text, number, fc.constantFrom(true, false, 1n, new Date(0), new Date(1), Buffer.from("a")))
    const operator = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
        const list = fc.array(value, { maxLength: 3 })
        const base = fc.oneof(
            value.map((v) => t.Equal(v)),
            value.map((v) => t.MoreThan(v)),
            value.map((v) => t.LessThanOrEqual(v)),
            list.map((v) => t.In(v)),
            fc.tuple(value, value).map(([a, b]) => t.Between(a, b)),
            value.map((v) => t.Like(v as string)),
            fc.constant(undefined).map(() => t.IsNull()),
        )
        return fc.oneof(
            { weight: 4, arbitrary: base },
            { weight: 1, arbitrary: fc.oneof(value, base).map((v) => t.Not(v)) },
            { weight: 1, arbitrary: fc.tuple(base, base).map(([a, b]) => t.And(a as never, b as never)) },
            { weight: 1, arbitrary: fc.tuple(base, base).map(([a, b]) => t.Or(a as never, b as never)) },
        )
    }
    const valued = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof(value, operator(value))
    const money = fc.constantFrom(1, 2).map((cents) => new Money(cents))
    const country = someOf({ id: valued(number), code: valued(text) })
    const author = someOf({
        name: valued(text),
        age: valued(number),
        big: valued(scalar),
        born: valued(fc.constantFrom(new Date(0), new Date(1))),
        address: someOf({ city: valued(text), zip: valued(text), country }),
    })
    const tag = someOf({ label: valued(text) })
    const where = someOf({
        id: valued(number),
        title: valued(scalar),
        price: valued(money),
        author: fc.oneof(author, fc.array(author, { maxLength: 2 }), fc.constantFrom(t.IsNull(), t.In([1, 2]), true)),
        publisher: someOf({ name: valued(text), country }),
        tags: fc.oneof(
            tag,
            number.map((n) => t.MoreThan(n)),
        ),
    })
    const direction = fc.constantFrom(
        "ASC",
        "desc",
        1,
        -1,
        { direction: "DESC", nulls: "first" },
        { direction: "DESC" },
    )
    const order = someOf({
        id: direction,
        title: direction,
        author: someOf(
            { name: direction, address: someOf({ city: direction, country: someOf({ code: direction }, 1) }, 1) },
            1,
        ),
    })
    const on = fc.constantFrom(true, false)
    const relations = someOf({
        author: fc.oneof(on, someOf({ books: on, address: someOf({ country: on }) })),
        publisher: on,
        tags: fc.oneof(on, someOf({ books: on })),
    })
    const paths = fc.shuffledSubarray([
        "author",
        "tags",
        "tags.books",
        "author.books",
        "author.address.country",
        "publisher",
    ])
    const select = someOf({ id: fc.constant(true), title: on, author: someOf({ id: on, name: on }, 1) }, 1)
    return someOf({
        where: fc.oneof(where, fc.array(where, { maxLength: 2 })),
        order,
        relations: arrays ? fc.oneof(relations, paths) : relations,
        ...(arrays ? { select: fc.oneof(select, fc.constantFrom(["id"], ["id", "title"])) } : { select }),
        take: fc.constantFrom(1, 2),
        skip: fc.constantFrom(0, 1),
        withDeleted: on,
        loadEagerRelations: on,
        loadRelationIds: fc.constantFrom(true, false, { relations: ["author"] }, { relations: ["tags"] }),
        relationLoadStrategy: fc.constantFrom("join", "query"),
        comment: fc.constantFrom("x", "y"),
    }) as fc.Arbitrary<FindManyOptions>
}

/** The options with the properties of every `where` in one order, which is the one thing that a text leaves out. */
export function sortWhere(options: FindManyOptions): FindManyOptions {
    return options.where === undefined ? options : { ...options, where: sorted(options.where) as never }
}

function sorted(where: unknown): unknown {
    if (Array.isArray(where)) return where.map(sorted)
    if (typeof where !== "object" || where === null || Object.getPrototypeOf(where) !== Object.prototype) return where
    const entries = Object.entries(where).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]))
}
