import { expect } from "chai"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ROOT } from "./packageExports"

const MOST_LINES = 400
const VAGUE = /^(types|helpers?|utils?|misc|common|constants)\.ts$/

const files = readdirSync(join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.replaceAll("\\", "/"))

const text = (path: string): string => readFileSync(join(ROOT, "lib", path), "utf8")

describe("the sources", () => {
    it(`have at most ${MOST_LINES} lines each`, () => {
        const long = files.filter((path) => text(path).trimEnd().split("\n").length > MOST_LINES)
        expect(long).to.deep.equal([])
    })

    it("are named after what they hold", () => {
        expect(files.filter((path) => VAGUE.test(path.split("/").at(-1) ?? ""))).to.deep.equal([])
    })

    it("have no default exports", () => {
        expect(files.filter((path) => /^export default\b/m.test(text(path)))).to.deep.equal([])
    })

    it("never import specs, samples or what has been built", () => {
        expect(files.filter((path) => /from "[./]+\/(spec|samples|dist)\//.test(text(path)))).to.deep.equal([])
    })
})
