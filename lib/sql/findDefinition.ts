import type { SqlStatement } from "./SqlStatement"

/** What a CREATE, ALTER, DROP or RENAME touches. */
export interface SqlDefinition {
    readonly tables: readonly string[]
    readonly cascade: boolean
    /** It may change the rows of tables that it does not name. */
    readonly unattributed: boolean
    /** The index to go on with. */
    readonly next: number
}

const TABLES: ReadonlySet<string> = new Set(["TABLE", "TABLES", "VIEW", "SYNONYM"])
// Their bodies do not run now.
const BODIES: ReadonlySet<string> = new Set([
    ...["FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "EVENT", "RULE", "PACKAGE", "AGGREGATE"],
])
const CONTAINERS: ReadonlySet<string> = new Set(["DATABASE", "SCHEMA", "OWNED", "TABLESPACE", "SERVER", "CLUSTER"])
const KINDS: ReadonlySet<string> = new Set([
    ...TABLES,
    ...BODIES,
    ...CONTAINERS,
    ...["INDEX", "TYPE", "DOMAIN", "SEQUENCE", "EXTENSION", "ROLE", "USER", "LOGIN", "COLUMN", "CONSTRAINT", "POLICY"],
    ...["COLLATION", "CAST", "OPERATOR", "PUBLICATION", "SUBSCRIPTION", "STATISTICS", "LANGUAGE", "GROUP", "SYSTEM"],
])
const RENAMED_PARTS: readonly string[] = ["COLUMN", "CONSTRAINT", "INDEX", "KEY"]
/** A kind stands this near behind the verb: DEFINER = 'a'@'b' SQL SECURITY … is the longest way there. */
const NEAR = 16

/** What a statement that defines something touches; creating a body of code or an index touches nothing. */
export function findDefinition(statement: SqlStatement, index: number): SqlDefinition {
    const verb = statement.keyword(index)
    const end = statement.endOf(index)
    const at = kindOf(statement, index + 1, Math.min(end, index + NEAR))
    const kind = statement.keyword(at)
    const cascade = cascades(statement, index, end)
    const nothing: SqlDefinition = { tables: [], cascade, unattributed: false, next: at < 0 ? index + 1 : at + 1 }

    if (verb === "RENAME") return kind === "USER" ? nothing : { ...nothing, tables: renamed(statement, index + 1, end) }
    if (BODIES.has(kind) && verb !== "DROP") return { ...nothing, next: end }
    if (TABLES.has(kind)) {
        const tables = tablesAt(statement, at + 1, end, verb)
        return { ...nothing, tables, unattributed: tables.length === 0 }
    }
    if (verb === "CREATE") return nothing
    if (verb === "DROP") return { ...nothing, unattributed: CONTAINERS.has(kind) || (cascade && kind !== "") }
    const moves = CONTAINERS.has(kind) && statement.find(at, end, "RENAME", "TRANSFER") >= 0
    const relabels = kind === "TYPE" && statement.find(at, end, "VALUE", "ATTRIBUTE") >= 0
    return { ...nothing, unattributed: moves || (relabels && statement.find(at, end, "ADD") < 0) }
}

function kindOf(statement: SqlStatement, from: number, to: number): number {
    for (let index = from; index < to; index++) if (KINDS.has(statement.keyword(index))) return index
    return -1
}

function tablesAt(statement: SqlStatement, from: number, to: number, verb: string): string[] {
    const found: string[] = []
    let index = from
    for (;;) {
        while (["IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"].includes(statement.keyword(index))) index++
        const name = statement.nameAt(index)
        if (name === undefined) return found
        found.push(name.name)
        index = name.next
        if (verb !== "DROP" || statement.operator(index) !== ",") break
        index++
    }
    // RENAME TO b, ATTACH PARTITION b, EXCHANGE PARTITION … WITH TABLE b, PARTITION OF b, SWITCH TO b, INHERIT b.
    for (; index < to; index = statement.skip(index)) {
        const keyword = statement.keyword(index)
        if (keyword === "RENAME" && RENAMED_PARTS.includes(statement.keyword(index + 1))) {
            while (index < to && statement.operator(index) !== ",") index = statement.skip(index)
            continue
        }
        if (!["RENAME", "TO", "AS", "TABLE", "PARTITION", "OF", "INHERIT"].includes(keyword)) continue
        if (verb === "CREATE" && keyword !== "OF") continue
        const name = statement.nameAt(index + 1)
        if (name !== undefined && !["TO", "AS"].includes(statement.keyword(index + 1))) found.push(name.name)
    }
    return found
}

function renamed(statement: SqlStatement, from: number, to: number): string[] {
    const found: string[] = []
    for (let index = from; index < to;) {
        const skipped = ["TABLE", "TABLES", "IF", "EXISTS", "TO", "WAIT", "NOWAIT"].includes(statement.keyword(index))
        const name = skipped ? undefined : statement.nameAt(index)
        if (name !== undefined) found.push(name.name)
        index = name?.next ?? index + 1
    }
    return found
}

/** The CASCADE of ON DELETE CASCADE is another one. */
function cascades(statement: SqlStatement, from: number, to: number): boolean {
    for (let index = from; index < to; index = statement.skip(index))
        if (statement.keyword(index) === "CASCADE" && !["DELETE", "UPDATE"].includes(statement.keyword(index - 1)))
            return true
    return false
}
