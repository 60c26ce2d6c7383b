import { expect } from "chai"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { TypeScriptProcess } from "../support/TypeScriptProcess"
import { entries, exportsOf, manifest, ROOT, sourceOf } from "./packageExports"

const pinned = JSON.parse(readFileSync(join(__dirname, "exports.json"), "utf8")) as Record<string, string[]>

describe("the entries of the package", () => {
    it("are the pinned ones", () => {
        expect(entries).to.have.members(Object.keys(pinned))
    })

    for (const entry of entries) {
        it(`export from ${entry} exactly the pinned names`, () => {
            const { names, unnamed } = exportsOf(entry)
            expect(unnamed, "an entry only names what it exports").to.deep.equal([])
            expect(names).to.deep.equal([...(pinned[entry] ?? [])].sort())
        })

        it(`lead from ${entry} to what the build makes of its source`, () => {
            const target = manifest.exports[entry]
            if (target === undefined || typeof target === "string") throw new Error(`${entry} has no conditions`)
            const built = sourceOf(entry).replace(/^lib/, "./dist").replace(/\.ts$/, "")

            expect(existsSync(join(ROOT, sourceOf(entry)))).to.equal(true)
            expect(Object.keys(target), "TypeScript takes the first condition that it knows").to.deep.equal([
                "types",
                "default",
            ])
            expect(target).to.deep.equal({ types: `${built}.d.ts`, default: `${built}.js` })
            if (existsSync(join(ROOT, "dist")))
                for (const path of Object.values(target)) expect(existsSync(join(ROOT, path)), path).to.equal(true)
        })
    }
})

describe("the root entry", () => {
    const optional = Object.keys(manifest.peerDependenciesMeta).filter(
        (peer) => manifest.peerDependenciesMeta[peer]?.optional,
    )

    it("loads no optional peer and no tool of the specs", async () => {
        const child = TypeScriptProcess.start(join(__dirname, "loadRootEntry.ts"))
        const packages = await child.next<string[]>()
        await child.kill()

        expect(optional).to.include("ioredis")
        expect(packages.filter((name) => optional.includes(name))).to.deep.equal([])
        expect(packages).to.include("lru-cache")
        expect(packages.filter((name) => ["chai", "mocha", "testcontainers"].includes(name))).to.deep.equal([])
    })
})
