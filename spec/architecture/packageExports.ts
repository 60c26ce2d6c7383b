import { readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"

/** The package's folder. */
export const ROOT = join(__dirname, "..", "..")

interface Manifest {
    readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
    readonly peerDependencies: Readonly<Record<string, string>>
    readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>
    readonly dependencies: Readonly<Record<string, string>>
}

/** package.json. */
export const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest

/** The entries of the package that are code, such as `.` and `./redis`. */
export const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json")

/** The source of an entry, as a path below the package's folder. */
export const sourceOf = (entry: string): string => (entry === "." ? "lib/index.ts" : `lib/${entry.slice(2)}/index.ts`)

/** What an entry exports. */
export interface Exports {
    /** All names, sorted. */
    readonly names: string[]
    /** Statements that do not say what they export, or that do more than export. */
    readonly unnamed: string[]
}

/** Reads the exports of an entry, types included, from its source. */
export function exportsOf(entry: string): Exports {
    const path = join(ROOT, sourceOf(entry))
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true)
    const names: string[] = []
    const unnamed: string[] = []
    for (const statement of source.statements)
        if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
            names.push(...statement.exportClause.elements.map((element) => element.name.text))
        else unnamed.push(statement.getText(source))
    return { names: names.sort(), unnamed }
}
