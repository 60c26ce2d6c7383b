import { expect } from "chai"
import { join } from "node:path"
import ts from "typescript"
import { entries, manifest, ROOT, sourceOf } from "./packageExports"

const BUILT = join(ROOT, ".declaration")

/** The declarations as the build makes them, by the path that they would have, without writing them. */
function declarations(): ReadonlyMap<string, string> {
    const path = join(ROOT, "tsconfig.build.json")
    const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file))
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
    const files = new Map<string, string>()
    ts.createProgram(fileNames, { ...options, outDir: BUILT, emitDeclarationOnly: true }).emit(
        undefined,
        (name, text) => files.set(name, text),
    )
    return files
}

describe("the declarations", function () {
    this.timeout(120_000)

    let program: ts.Program
    before(() => {
        const files = declarations()
        const options: ts.CompilerOptions = {
            strict: true,
            skipLibCheck: false,
            target: ts.ScriptTarget.ES2022,
            module: ts.ModuleKind.Node16,
            moduleResolution: ts.ModuleResolutionKind.Node16,
            types: ["node"],
            noEmit: true,
        }
        const host = ts.createCompilerHost(options)
        const { readFile, fileExists, directoryExists, getSourceFile } = host
        host.readFile = (path) => files.get(path) ?? readFile(path)
        host.fileExists = (path) => files.has(path) || fileExists(path)
        host.directoryExists = (path) => path.startsWith(BUILT) || (directoryExists?.(path) ?? true)
        host.getSourceFile = (path, version, ...rest) => {
            const text = files.get(path)
            return text === undefined
                ? getSourceFile(path, version, ...rest)
                : ts.createSourceFile(path, text, version, true)
        }
        const roots = entries.map((entry) => join(BUILT, sourceOf(entry).replace(/^lib\/(.*)\.ts$/, "$1.d.ts")))
        program = ts.createProgram(roots, options, host)
    })

    it("are right by themselves, for whoever has skipLibCheck off", () => {
        const complaints = program
            .getSourceFiles()
            .filter(({ fileName }) => fileName.startsWith(BUILT))
            .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
            .map((it) => `${it.file?.fileName}: ${ts.flattenDiagnosticMessageText(it.messageText, "\n")}`)
        expect(complaints).to.deep.equal([])
    })

    it("name no package whose types a user need not have", () => {
        const given = ["@types/node", ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]
        const named = program
            .getSourceFiles()
            .filter(({ fileName }) => fileName.startsWith(BUILT))
            .flatMap(({ fileName, imports }: ts.SourceFile & { imports?: readonly ts.StringLiteralLike[] }) =>
                (imports ?? []).map(({ text }) =>
                    ts.resolveModuleName(text, fileName, program.getCompilerOptions(), ts.sys),
                ),
            )
            .flatMap(({ resolvedModule }) => resolvedModule?.packageId?.name ?? [])
        expect(named).to.include("typeorm")
        expect(named.filter((name) => !given.includes(name))).to.deep.equal([])
    })
})
