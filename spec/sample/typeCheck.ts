import { join } from "node:path"
import ts from "typescript"
import { exportsOf } from "../architecture/packageExports"
import { type CodeBlock, ROOT } from "./markdown"

/** What every example may take as given. */
const GIVEN = `
import type { DataSource as $DataSource, EntityManager } from "typeorm"
import type { Redis as $Redis } from "ioredis"
import * as slc from "typeorm-second-level-cache"
import { Book as $Book, Author as $Author } from "./entity"
declare global {
    class Author extends $Author {}
    class Book extends $Book {}
    const authors: slc.CachedRepository<Author>
    const books: slc.CachedRepository<Book>
    const cache: slc.SecondLevelCache
    const dataSource: $DataSource
    const manager: EntityManager
    const redis: $Redis
    const store: slc.CacheStore
    const url: string
    const describe: (title: string, body: () => void) => void
}
`
const ENTITY = `
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
@Entity()
export class Author {
    @PrimaryGeneratedColumn() id: number
    @Column() name: string
    @Column() email: string
    @OneToMany(() => Book, (book) => book.author) books: Book[]
}
@Entity()
export class Book {
    @PrimaryGeneratedColumn() id: number
    @Column() title: string
    @Column() price: number
    @ManyToOne(() => Author, (author) => author.books) author: Author
}
`
/** Where names come from that an example uses and does not import. */
const SOURCES: readonly (readonly [module: string, names: readonly string[]])[] = [
    ["typeorm-second-level-cache", exportsOf(".").names],
    ["typeorm-second-level-cache/redis", exportsOf("./redis").names],
    ["typeorm-second-level-cache/testing", exportsOf("./testing").names],
    [
        "typeorm",
        "DataSource Entity Column PrimaryGeneratedColumn OneToMany ManyToOne EntitySchema In ViewEntity ViewColumn".split(
            " ",
        ),
    ],
]

/** Type-checks examples, each as a module of its own, in one program: what TypeScript says, by page and line. */
export function typeCheck(blocks: readonly CodeBlock[]): string[] {
    const folder = join(ROOT, "docs", ".example")
    const files = new Map([
        [join(folder, "given.ts"), GIVEN],
        [join(folder, "entity.ts"), ENTITY],
    ])
    const examples = blocks.map((block, i) => {
        const imports = importsFor(block.code)
        const path = join(folder, `example-${i}.ts`)
        files.set(path, `${imports.join("\n")}\n${block.code}\nexport {}\n`)
        return { block, path, shift: Math.max(1, imports.length) }
    })
    const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path))
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
    // top-level await, and names that an example declares only to show them
    Object.assign(options, {
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        noUnusedLocals: false,
        noUnusedParameters: false,
        isolatedModules: false,
        types: ["node"],
    })
    const host = ts.createCompilerHost(options)
    const { readFile, fileExists, directoryExists, getSourceFile } = host
    host.readFile = (path) => files.get(path) ?? readFile(path)
    host.fileExists = (path) => files.has(path) || fileExists(path)
    host.directoryExists = (path) => path === folder || (directoryExists?.(path) ?? true)
    host.getSourceFile = (path, version, ...rest) => {
        const text = files.get(path)
        return text === undefined
            ? getSourceFile(path, version, ...rest)
            : ts.createSourceFile(path, text, version, true)
    }
    const program = ts.createProgram([...files.keys()], options, host)
    const complaints = examples.flatMap(({ block, path, shift }) =>
        diagnosticsOf(program, path).map(([line, text]) => `${block.page}:${block.line + line - shift} ${text}`),
    )
    const given = [...files.keys()].slice(0, 2).flatMap((path) => diagnosticsOf(program, path))
    return [...given.map(([line, text]) => `${line} ${text}`), ...complaints]
}

function diagnosticsOf(program: ts.Program, path: string): [line: number, text: string][] {
    const source = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((it) => [
        source!.getLineAndCharacterOfPosition(it.start ?? 0).line,
        ts.flattenDiagnosticMessageText(it.messageText, "\n"),
    ])
}

function importsFor(code: string): string[] {
    const own = [...code.matchAll(/^import[\s\S]*?from/gm)].join(" ")
    const isFree = (name: string): boolean =>
        new RegExp(`\\b${name}\\b`).test(code) &&
        !new RegExp(`\\b${name}\\b`).test(own) &&
        !new RegExp(`\\b(?:class|const|interface|type|function) ${name}\\b`).test(code)
    return SOURCES.flatMap(([module, names]) => {
        const used = names.filter(isFree)
        return used.length === 0 ? [] : [`import { ${used.join(", ")} } from "${module}"`]
    })
}
