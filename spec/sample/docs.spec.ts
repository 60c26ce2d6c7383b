import { expect } from "chai"
import { dirname, join } from "node:path"
import ts from "typescript"
import {
    brokenLinksOf,
    codeBlocksOf,
    headingsOf,
    pages,
    regionOf,
    ROOT,
    sectionOf,
    textOf,
    type CodeBlock,
} from "./markdown"
import { typeCheck } from "./typeCheck"

/** Sections of options.md and the interfaces that they describe. */
const OPTIONS: readonly (readonly [section: string, file: string, type: string])[] = [
    ["SecondLevelCache", "lib/SecondLevelCacheOptions.ts", "SecondLevelCacheOptions"],
    ["Cached", "lib/metadata/CachedOptions.ts", "CachedOptions"],
    ["CachedRelation", "lib/metadata/CachedRelationOptions.ts", "CachedRelationOptions"],
    ["Values", "lib/value/CacheRegion.ts", "GetOrSetOptions"],
    ["Region", "lib/value/Regions.ts", "RegionOptions"],
    ["Cacheable", "lib/value/Cacheable.ts", "CacheableOptions"],
    ["CacheInvalidate", "lib/value/Cacheable.ts", "CacheInvalidateOptions"],
    ["MemoryStore", "lib/store/MemoryStore.ts", "MemoryStoreOptions"],
    ["TieredStore", "lib/store/TieredStore.ts", "TieredStoreOptions"],
    ["TieredStore.near", "lib/store/TieredStore.ts", "NearOptions"],
    ["KeyvStore", "lib/keyv/KeyvStore.ts", "KeyvStoreOptions"],
    ["CompressedSerializer", "lib/serializer/CompressedSerializer.ts", "CompressedSerializerOptions"],
    ["RedisStore", "lib/redis/RedisStore.ts", "RedisStoreOptions"],
]

const blocks = pages.flatMap(codeBlocksOf)

describe("the documentation", () => {
    it("has examples that compile", function () {
        this.timeout(120_000)
        const examples = blocks.filter(({ language, sample }) => language === "ts" && sample === undefined)
        expect(examples).to.have.length.greaterThan(20)
        expect(typeCheck(examples)).to.deep.equal([])
    })

    it("would complain of one that does not", function () {
        this.timeout(120_000)
        const wrong = (code: string): CodeBlock => ({ page: "x.md", line: 10, language: "ts", code, sample: undefined })
        const complaints = typeCheck([
            wrong(`const a = 1\nnew SecondLevelCache({ tll: "5m" })`),
            wrong(`await authors.findOneBy({ nmae: "Ada" })`),
        ])
        expect(complaints.map((line) => line.split(" ", 1)[0])).to.deep.equal(["x.md:11", "x.md:10"])
    })

    for (const { page, line, code, sample } of blocks.filter((block) => block.sample !== undefined))
        it(`shows the code of ${sample} as it is (${page}:${line})`, () => {
            const [file = "", names = ""] = sample!.split("#")
            const regions = names.split(",").map((name) => regionOf(`samples/${file}`, name))
            expect(code).to.equal(regions.join("\n\n"))
        })

    it("shows the samples in the README", () => {
        const shown = blocks.filter(({ page, sample }) => page === "README.md" && sample !== undefined)
        expect(shown.map(({ sample }) => sample)).to.deep.equal([
            ...["declare", "wire", "use"].map((region) => `01-quick-start/main.ts#${region}`),
            ...["declare", "pages"].map((region) => `02-relations/main.ts#${region}`),
        ])
    })

    for (const page of pages)
        it(`has no broken link in ${page}`, () => {
            expect(brokenLinksOf(page)).to.deep.equal([])
        })

    it("lists every page in its index, and opens each with what matters", () => {
        const listed = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md")
        expect(listed.filter((page) => !textOf("docs/README.md").includes(`(${page.slice(5)})`))).to.deep.equal([])
        expect(listed.filter((page) => !/^# .+\n\n\*\*TL;DR\*\* /.test(textOf(page)))).to.deep.equal([])
    })

    it("explains every error code, and none that there is not", () => {
        const codes = [...textOf("lib/error/CacheError.ts").matchAll(/\| "(E_\w+)"/g)].map((match) => match[1])
        expect(headingsOf("docs/errors.md", 2)).to.deep.equal(codes)
    })

    for (const [section, file, type] of OPTIONS)
        it(`explains every option of ${section}, and none that there is not`, () => {
            const rows = sectionOf("docs/options.md", section).matchAll(/^\| `(\w+)`/gm)
            expect([...rows].map((match) => match[1])).to.have.members(propertiesOf(file, type))
        })
})

function propertiesOf(file: string, type: string): string[] {
    const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2022, true)
    const found = source.statements.filter(ts.isInterfaceDeclaration).find((it) => it.name.text === type)
    if (found === undefined) throw new Error(`${join(ROOT, file)} has no interface ${type}`)
    const parents =
        found.heritageClauses?.flatMap(({ types }) => types.map((it) => it.expression.getText(source))) ?? []
    const fileOf = (parent: string): string => {
        const from = new RegExp(`import .*\\b${parent}\\b.* from "(.*)"`).exec(textOf(file))?.[1]
        return from === undefined ? file : `${join(dirname(file), from)}.ts`
    }
    return [
        ...parents.flatMap((parent) => propertiesOf(fileOf(parent), parent)),
        ...found.members.map((member) => member.name!.getText(source)),
    ]
}
