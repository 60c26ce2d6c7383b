import { expect } from "chai"
import fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { CacheError } from "../../../lib/error/CacheError"
import { automaticKey, compileTemplate, parameterNames } from "../../../lib/value/keyTemplate"

const pair = (a: unknown, b: unknown): unknown[] => [a, b]
const keyOf = (template: string, args: readonly unknown[], method: Function = pair): string =>
    compileTemplate(template, method, "owner")(args)
const expectRefused = (run: () => unknown, about: RegExp): void => {
    expect(run).to.throw(CacheError, about).with.property("code", "E_OPTION")
}

/** Texts that look like spellings, separators and words for what is no text. */
const text = fc.oneof(
    fc
        .array(fc.constantFrom(":", "%", "3", "A", '"', "?", "*", "{", "}", "\\", "a", "\n", "\ud800", "é"), {
            maxLength: 5,
        })
        .map((units) => units.join("")),
    fc.constantFrom("null", "undefined", "true", "false", '"null"', "NaN", "-0", "1", "1n", "__proto__", "%3A", "%22"),
    fc.constantFrom("1970-01-01T00:00:00.000Z", "x".repeat(10_000)),
    fc.string({ unit: "binary" }),
)
const scalar = fc.oneof(
    text,
    fc.constantFrom(null, undefined, true, false, 0, 1, -1, 1.5, 1e21, NaN, Infinity, 1n, new Date(0), new Date(1)),
)
/** What a template tells of a value. */
const toldOf = (value: unknown): string => {
    if (typeof value === "string") return `text ${value}`
    if (value instanceof Date) return `text ${value.toISOString()}`
    return typeof value === "number" || typeof value === "bigint" ? `text ${value}` : `word ${String(value)}`
}

describe("a template of keys", () => {
    it("has one key for equal arguments, and another for others", () => {
        const separator = fc
            .tuple(fc.stringMatching(/^[^{}]{0,3}$/), fc.stringMatching(/^[^{}]{0,3}$/))
            .map(([before, after]) => `${before}:${after}`)
        const literal = fc.stringMatching(/^[^{}]{0,3}$/)
        fc.assert(
            fc.property(
                literal,
                separator,
                separator,
                literal,
                fc.array(fc.tuple(scalar, scalar), { minLength: 3, maxLength: 3 }),
                (first, second, third, last, values) => {
                    const template = compileTemplate(`${first}{0}${second}{1}${third}{2}${last}`, pair, "owner")
                    const [a, b] = [values.map(([it]) => it), values.map(([, it]) => it)]
                    const same = a.every((it, i) => toldOf(it) === toldOf(b[i]))
                    expect(template(a) === template(b)).to.equal(same)
                    expect(template(a)).to.equal(template([...a]))
                },
            ),
            { numRuns: 2_000 },
        )
    })

    it("keeps values apart whatever mark parts them", () => {
        const value = fc.oneof(
            fc.string({
                unit: fc.constantFrom("a", "1", "-", "/", "_", "→", ".", " ", ":", "%", "%2d", '"'),
                maxLength: 4,
            }),
            fc.constantFrom(1, -1, 1.5, -0.5, 1e21, 10n, true, null, undefined, new Date(0)),
        )
        const between = fc.constantFrom("-", "/", "_", "→", ".", " ", "x-", "-x", "--", "a_-")
        const text = (it: unknown): unknown =>
            it instanceof Date ? it.toISOString() : typeof it === "number" || typeof it === "bigint" ? String(it) : it
        fc.assert(
            fc.property(between, fc.tuple(value, value), fc.tuple(value, value), (mark, a, b) => {
                const template = `{a}${mark}{b}`
                // a number, and a date, may be its text
                expect(keyOf(template, a) === keyOf(template, b)).to.equal(isDeepStrictEqual(a.map(text), b.map(text)))
            }),
            { numRuns: 3_000 },
        )
        expect(keyOf("{a}-{b}", ["1-", "2"])).not.to.equal(keyOf("{a}-{b}", ["1", "-2"]))
    })

    it("keeps lists of texts apart wherever a colon parts them", () => {
        const parts = fc.array(fc.constantFrom("a", "%3A", "%", "3A", '"', ""), { minLength: 3, maxLength: 5 })
        fc.assert(
            fc.property(parts, fc.nat(), fc.nat(), (texts, first, second) => {
                const cut = (at: number): unknown[] => [texts.slice(0, at).join(":"), texts.slice(at).join(":")]
                const [a, b] = [first, second].map((at) => cut(1 + (at % (texts.length - 1))))
                expect(keyOf("{a}:{b}", a!) === keyOf("{a}:{b}", b!)).to.equal(isDeepStrictEqual(a, b))
            }),
            { numRuns: 1_000 },
        )
    })

    it("tells each odd value from every other", () => {
        const texts = [
            "",
            '""',
            '"',
            "%22",
            "%",
            "%25",
            ":",
            "%3A",
            "?",
            "%3F",
            "{",
            "%7B",
            "\\",
            "\n",
            "\ud800",
            "\ud801",
        ]
        const words = [null, undefined, true, false].flatMap((it) => [
            it,
            String(it),
            `"${String(it)}"`,
            `%22${String(it)}%22`,
        ])
        const odd = [...texts, ...words, 0, "0", 1, 1n, "1", NaN, "NaN", new Date(0), new Date(0).toISOString()]
        for (const a of odd)
            for (const b of odd) expect(keyOf("{a}", [a]) === keyOf("{a}", [b])).to.equal(toldOf(a) === toldOf(b))
    })

    it("is readable where its arguments are", () => {
        expect(keyOf("posts:{a}:{b}", [2, "new"])).to.equal("posts:2:new")
        expect(keyOf("posts:{ a }:{1}:x", [-1.5, true])).to.equal("posts:-1.5:true:x")
        expect(keyOf("fixed", [1, 2])).to.equal("fixed")
        expect(keyOf("{a}", ["a:b?c"])).to.equal("a%3Ab%3Fc")
        // a name must not be empty
        expect(keyOf("{a}", [""])).to.equal('""')
    })

    it("is refused without a mark between two arguments, which could run into each other", () => {
        for (const template of ["{a}{b}", "{a}x{b}", "{a}%{b}", '{a}"{b}', "{a}:{b}{0}", "{a}é1{b}"])
            expectRefused(() => keyOf(template, []), /no mark such as ":" before \{/)
        for (const template of ["{a}", "x{a}", "{a}x", "x-{a}:-{b}-y", "{a}-{b}", "{a}and/{b}", "{a}→{b}"])
            expect(keyOf(template, [1, 2])).to.be.a("string")
    })

    it("is refused when its braces do not match, or it names nothing that there is", () => {
        for (const bad of ["", "{", "}", "{a", "a}", "{{a}}", "{a}}", 5, null, undefined, {}])
            expectRefused(() => keyOf(bad as never, []), /no text|braces/)
        for (const bad of [
            "{}",
            "{ }",
            "{c}",
            "{.a}",
            "{a.}",
            "{a..b}",
            "{-1}",
            "{1.}",
            "{__proto__}",
            "{a b}",
            "{\n}",
        ])
            expectRefused(() => keyOf(bad, []), /no parameter/)
        expectRefused(() => keyOf("{}", [], ({ a }: { a: number }) => a), /no parameter/)
    })

    it("follows the way to a property, and says where it ends", () => {
        const user = { id: 7, name: { first: "Ann" }, ["a:b"]: 1 }
        expect(keyOf("{a.id}:{0.name.first}:{a.a:b}", [user])).to.equal("7:Ann:1")
        expect(keyOf("{a.missing}", [user])).to.equal("undefined")
        expect(keyOf("{9}", [])).to.equal("undefined")
        for (const args of [[], [null], [undefined]]) expectRefused(() => keyOf("{a.id}", args), /on the way/)
        expectRefused(() => keyOf("{a.name.last.x}", [user]), /undefined on the way/)
    })

    it("refuses an argument that has no text of its own", () => {
        const circle: Record<string, unknown> = {}
        circle["self"] = circle
        for (const bad of [{}, [], [1], circle, () => 1, Symbol("x"), new Date(NaN), new Map(), Object.create(null)])
            expectRefused(() => keyOf("{a}", [bad]), /asks for \{a\}/)
        expectRefused(() => keyOf("{a.__proto__}", [{}]), /asks for/)
    })

    it("takes a name with dots before it for all the arguments that it stands for", () => {
        const method = (first: unknown, ...rest: unknown[]): unknown[] => [first, rest]
        expect(keyOf("{rest.0}:{rest.1}:{rest.length}", ["a", "b", "c"], method)).to.equal("b:c:2")
        expect(keyOf("{1}", ["a", "b", "c"], method)).to.equal("b")
        expectRefused(() => keyOf("{rest}", ["a", "b", "c"], method), /asks for \{rest\}/)
    })
})

describe("the names of parameters", () => {
    const cases: readonly (readonly [Function, readonly string[]])[] = [
        [() => 1, [""]],
        [(a: unknown) => a, ["a"]],
        [pair, ["a", "b"]],
        [(a = ",", b = 1) => [a, b], ["a", "b"]],
        [(a = ")", b = 1) => [a, b], ["a", "b"]],
        [(a = "http://x", b = '"', c = `'${1}(`) => [a, b, c], ["a", "b", "c"]],
        [(a = "\\", b = '\\"', c = 1) => [a, b, c], ["a", "b", "c"]],
        [(a = [1, 2], b = { x: 1, y: [2] }, c = (x: number, y: number) => x + y) => [a, b, c], ["a", "b", "c"]],
        [({ x, y }: { x: number; y: number }, [z]: number[], b: number) => [x, y, z, b], ["", "", "b"]],
        [(a: unknown, ...rest: unknown[]) => [a, rest], ["a", "...rest"]],
        [(...[a, b]: unknown[]) => [a, b], [""]],
        [($: unknown, _: unknown, größe: unknown) => [$, _, größe], ["$", "_", "größe"]],
        // comments stand where TypeScript leaves them
        [new Function("a /* , x */", "b // , y\n", "return a"), ["a", "b"]],
        [new Function("a = '/*'", "b = '*/'", "return a"), ["a", "b"]],
        [
            {
                async run(a: unknown, b: unknown) {
                    return Promise.resolve([a, b])
                },
            }.run,
            ["a", "b"],
        ],
        [
            {
                ["odd (name,"](a: unknown) {
                    return a
                },
            }["odd (name,"],
            ["a"],
        ],
        [Math.max, [""]],
    ]
    for (const [method, names] of cases)
        it(`are ${JSON.stringify(names)} of ${String(method).replace(/\s+/g, " ").slice(0, 60)}`, () => {
            expect(parameterNames(method)).to.deep.equal(names)
        })
})

describe("the key of a call that no template spells", () => {
    const key = automaticKey("Posts.page", pair)
    const data = fc.letrec((tie) => ({
        value: fc.oneof(
            { depthSize: "small" },
            fc.constantFrom(null, undefined, true, 0, -0, 1, NaN, 1n, "", "1", "a", "\ud800", "\ud801"),
            fc.constantFrom(new Date(0), new Date(1), new Date(NaN), Buffer.from("a"), new Uint8Array([97])),
            fc.array(tie("value"), { maxLength: 3 }),
            fc.dictionary(fc.constantFrom("a", "b", "1", "__proto__", "a:b"), tie("value"), {
                maxKeys: 3,
                noNullPrototype: true,
            }),
        ),
    })).value
    const reversed = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(reversed)
        if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
            return value
        return Object.fromEntries(
            Object.entries(value)
                .reverse()
                .map(([name, it]) => [name, reversed(it)]),
        )
    }

    it("is one for equal arguments, whatever the order of their properties, and another for others", () => {
        const args = fc.array(data, { maxLength: 3 })
        fc.assert(
            fc.property(args, args, (a, b) => {
                expect(key(a) === key(b)).to.equal(isDeepStrictEqual(a, b))
                expect(key(a)).to.equal(key(reversed(a) as unknown[]))
            }),
            { numRuns: 2_000 },
        )
    })

    it("tells methods apart that have one name", () => {
        const other = (a: unknown, b: unknown): unknown[] => [b, a]
        expect(automaticKey("Posts.page", other)([1])).to.not.equal(key([1]))
        expect(automaticKey("Books.page", pair)([1])).to.not.equal(key([1]))
        expect(key([1])).to.match(/^Posts\.page:[\w-]{8}:[\w-]{43}$/)
    })

    it("is refused at once for what goes on for ever, or is too large", function () {
        this.timeout(5_000)
        const circle: Record<string, unknown> = {}
        for (const name of ["a", "b", "c", "d"]) circle[name] = [circle, circle]
        let shared: unknown = {}
        for (let level = 0; level < 30; level++) shared = { a: shared, b: shared }
        let deep: unknown = 1
        for (let level = 0; level < 100_000; level++) deep = [deep]
        for (const bad of [circle, shared, deep, Array.from({ length: 60_000 }, () => ({}))])
            expectRefused(() => key([bad]), /no text that tells it from others/)
    })

    it("is refused for what has no text", () => {
        for (const bad of [() => 1, Symbol("x"), new Map(), new (class Page {})(), Promise.resolve(1)])
            for (const args of [[bad], [1, [{ deep: bad }]]])
                expectRefused(() => key(args), /Posts\.page: an argument has no text/)
    })
})
