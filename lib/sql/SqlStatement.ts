import type { SqlDialect } from "./SqlDialect"
import type { SqlToken } from "./tokenizeSql"

/** A name as it stands in a text: its last part, all its parts, and the index of the token behind it. */
export interface SqlName {
    readonly name: string
    readonly parts: readonly string[]
    readonly next: number
}

// Reserved everywhere, so that they cannot be the name of anything when they are not quoted.
const NEVER_NAMES: ReadonlySet<string> = new Set(["SET", "FROM", "WHERE", "VALUES", "SELECT", "INTO", "AND", "OR"])

/** The tokens of one statement, with its parentheses paired. */
export class SqlStatement {
    readonly tokens: readonly SqlToken[]
    readonly dialect: SqlDialect
    /** It has an identifier placeholder (`??`) of the MySQL drivers, which names a table that the text does not. */
    readonly hasPlaceholder: boolean
    // Of each parenthesis that opens a group the index of the one that closes it.
    readonly #pairs: Int32Array
    // Of each token the index of the parenthesis that opens its group, -1 outside of all.
    readonly #openers: Int32Array

    constructor(tokens: readonly SqlToken[], dialect: SqlDialect) {
        this.tokens = tokens
        this.dialect = dialect
        this.#pairs = new Int32Array(tokens.length).fill(tokens.length)
        this.#openers = new Int32Array(tokens.length)
        this.hasPlaceholder = this.#pair()
    }

    get length(): number {
        return this.tokens.length
    }

    /** The upper-case keyword at an index, "" when there is none. */
    keyword(index: number): string {
        return this.tokens[index]?.keyword ?? ""
    }

    /** The operator at an index, "" when there is none. */
    operator(index: number): string {
        const token = this.tokens[index]
        return token?.kind === "operator" ? token.text : ""
    }

    /** The index of the first keyword, behind parentheses that open the statement. */
    first(): number {
        let index = 0
        while (this.operator(index) === "(") index++
        return index
    }

    /** The index behind the token at an index, or behind the whole group when it opens one. */
    skip(index: number): number {
        return this.operator(index) === "(" ? Math.min(this.#pairs[index] ?? this.length, this.length) + 1 : index + 1
    }

    /** The index of the parenthesis that closes the one at an index; the length when nothing closes it. */
    closeOf(index: number): number {
        return this.#pairs[index] ?? this.length
    }

    /** Where the statement that begins at an index ends: at the parenthesis that closes its group, or at the end. */
    endOf(index: number): number {
        const opener = this.#openers[index] ?? -1
        return opener < 0 ? this.length : this.closeOf(opener)
    }

    /** The index of the first of these keywords in a range, outside of nested groups; -1 when there is none. */
    find(from: number, to: number, ...keywords: readonly string[]): number {
        for (let index = from; index < to; index = this.skip(index))
            if (keywords.includes(this.keyword(index))) return index
        return -1
    }

    /** The table or column name at an index. */
    nameAt(index: number): SqlName | undefined {
        const first = this.#partAt(index)
        if (first === undefined || NEVER_NAMES.has(this.keyword(index))) return undefined
        const parts = [first]
        let next = index + 1
        while (this.operator(next) === ".") {
            // Two dots: the schema is left out.
            const at = this.operator(next + 1) === "." ? next + 2 : next + 1
            const part = this.#partAt(at)
            if (part === undefined) break
            parts.push(part)
            next = at + 1
        }
        return { name: parts.at(-1) ?? first, parts, next }
    }

    #partAt(index: number): string | undefined {
        const token = this.tokens[index]
        switch (token?.kind) {
            case "word":
            case "name":
                return token.value
            case "either":
                return token.value.toLowerCase()
            case "text":
                // SQLite takes a string for a name where only a name can stand.
                return this.dialect === "sqlite" ? token.value.toLowerCase() : undefined
            default:
                return undefined
        }
    }

    /** Pairs the parentheses, and answers whether there is a placeholder. */
    #pair(): boolean {
        const open: number[] = []
        let opener = -1
        let placeholder = false
        for (let index = 0; index < this.tokens.length; index++) {
            const operator = this.operator(index)
            if (operator === ")" && opener >= 0) {
                this.#pairs[opener] = index
                opener = open.pop() ?? -1
            }
            this.#openers[index] = opener
            if (operator === "(") {
                open.push(opener)
                opener = index
            } else if (operator.length > 1 && operator.startsWith("??")) placeholder = true
        }
        return placeholder
    }
}
