import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

export const ROOT = join(__dirname, "..", "..")

/** A fenced block of a page. */
export interface CodeBlock {
    /** The page, from the package's folder. */
    readonly page: string
    /** Line of its first line of code, from 1. */
    readonly line: number
    readonly language: string
    readonly code: string
    /** `file.ts#region,region` when a comment `<!-- sample: … -->` in front of it says where it is copied from. */
    readonly sample: string | undefined
}

/** Every page that a user reads, as a path from the package's folder. */
export const pages: readonly string[] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ...["docs", "samples"].flatMap((folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter((path) => path.endsWith(".md"))
            .map((path) => `${folder}/${path.replaceAll("\\", "/")}`),
    ),
].sort()

export function textOf(page: string): string {
    return readFileSync(join(ROOT, page), "utf8")
}

/** The fenced blocks of a page. */
export function codeBlocksOf(page: string): CodeBlock[] {
    const blocks: CodeBlock[] = []
    const lines = textOf(page).split("\n")
    let sample: string | undefined
    for (let i = 0; i < lines.length; i++) {
        sample = /^<!-- sample: (\S+) -->$/.exec(lines[i]!)?.[1] ?? (lines[i] === "" ? sample : undefined)
        const language = /^\s*```(\w*)\s*$/.exec(lines[i + 1] ?? "")?.[1]
        if (language === undefined) continue
        const first = i + 2
        let end = first
        while (end < lines.length && !/^\s*```\s*$/.test(lines[end]!)) end++
        blocks.push({ page, line: first + 1, language, code: lines.slice(first, end).join("\n"), sample })
        sample = undefined
        i = end
    }
    return blocks
}

/** The text between `// #region name` and `// #endregion` of a file, indented no more than needed. */
export function regionOf(file: string, name: string): string {
    const lines = textOf(file).split("\n")
    const start = lines.findIndex((line) => line.trim() === `// #region ${name}`)
    const end = lines.findIndex((line, i) => i > start && line.trim() === "// #endregion")
    if (start < 0 || end < 0) throw new Error(`${file} has no region ${name}`)
    const body = lines.slice(start + 1, end)
    const indent = Math.min(...body.filter((line) => line !== "").map((line) => line.search(/\S/)))
    return body.map((line) => line.slice(indent)).join("\n")
}

/** Relative links of a page that lead nowhere: to no file, or to no heading. */
export function brokenLinksOf(page: string): string[] {
    const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, "")
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1]!)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
            const [path = "", anchor] = link.split("#")
            const target = path === "" ? page : relative(ROOT, join(ROOT, dirname(page), path))
            try {
                if (anchor === undefined) return !existsSync(join(ROOT, target))
                return !anchorsOf(target).includes(anchor)
            } catch {
                return true
            }
        })
}

/** The anchors that GitHub gives to a page's headings. */
export function anchorsOf(page: string): string[] {
    return headingsOf(page).map((heading) =>
        heading
            .toLowerCase()
            .replace(/[^\p{L}\p{N}\s_-]/gu, "")
            .replaceAll(/\s/g, "-"),
    )
}

export function headingsOf(page: string, level?: number): string[] {
    const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, "")
    return [...prose.matchAll(/^(#+) (.+)$/gm)]
        .filter(([, marks]) => level === undefined || marks!.length === level)
        .map((match) => match[2]!)
}

/** The text under a heading, up to the next one of its level or above. */
export function sectionOf(page: string, heading: string): string {
    const text = textOf(page)
    const start = text.search(new RegExp(`^#+ ${heading.replace(/[^\w ]/g, "\\$&")}$`, "m"))
    if (start < 0) throw new Error(`${page} has no section ${heading}`)
    const level = /^#+/.exec(text.slice(start))![0].length
    const rest = text.slice(text.indexOf("\n", start))
    const end = rest.search(new RegExp(`^#{1,${level}} `, "m"))
    return end < 0 ? rest : rest.slice(0, end)
}
