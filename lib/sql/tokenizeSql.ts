import moo from "moo"
import type { SqlDialect } from "./SqlDialect"

/**
 * What a token is. `word` is an unquoted word, `name` a quoted identifier, `text` a string, `either` a `"…"` that is a
 * string or an identifier depending on the server's settings, `variable` a named parameter or variable.
 */
export type SqlTokenKind = "word" | "name" | "text" | "either" | "number" | "parameter" | "variable" | "operator"

/** One token of an SQL text; comments and spaces are left out. */
export interface SqlToken {
    readonly kind: SqlTokenKind
    /** As written. */
    readonly text: string
    /** Lower-case identifier without quotes, or the content of a string. */
    readonly value: string
    /** The upper-case word when it is unquoted and not behind a dot, so that it may be a keyword; else "". */
    readonly keyword: string
    /** Of a parameter: its index in the parameters array, -1 when that is not certain. */
    readonly index: number
}

/** A way to read a text where a server's settings or version decide. */
export interface SqlLexing {
    /** A backslash escapes in ordinary strings. */
    readonly backslash: boolean
    /** The content of `/*! … *\/` is code. */
    readonly executable: boolean
    /** `#` begins a comment, backticks quote, `--` needs a space behind it: the ways of MySQL. */
    readonly mysql: boolean
}

// Most of a long text are these: moo finds single characters in front of all other rules without a regular expression,
// and one token serves for all of a kind.
const FAST: moo.Rules = { blank: " ", mark: ["(", ")", ",", ";"] }
const MARKS: Readonly<Record<string, SqlToken>> = Object.fromEntries(
    ["(", ")", ",", ";"].map((mark) => [mark, Object.freeze(token("operator", mark, ""))]),
)
const MOST_KNOWN = 10_000
const knownParameters: SqlToken[] = []
const ASCII_SPACE = /[ \t\n\r\f\v]+/
const NESTING: ReadonlySet<SqlDialect> = new Set<SqlDialect>(["postgres", "mssql"])
const FLAT_COMMENT = /\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\//
const lexers = new Map<string, moo.Lexer>()

/**
 * The tokens of a text, or `undefined` when it cannot be read: a string, comment or quote without an end, a NUL
 * character, or a notation that is not understood.
 */
export function tokenizeSql(sql: string, dialect: SqlDialect, lexing: SqlLexing): SqlToken[] | undefined {
    const lexer = lexerFor(dialect, lexing)
    const tokens: SqlToken[] = []
    let base = 0
    let open = 0
    let last = 0
    let certain = true
    lexer.reset(sql, { state: "code", line: 1, col: 1 })
    for (let lexed = lexer.next(); lexed !== undefined; lexed = lexer.next()) {
        switch (lexed.type) {
            case "blank":
                continue
            case "mark":
                tokens.push(MARKS[lexed.text] as SqlToken)
                continue
            case "odd":
                return undefined
            case "open":
                open++
                continue
            case "close":
                open--
                continue
            case "line":
            case "comment":
                if (lexing.mysql && lexed.text.includes("?")) certain = false
                continue
            case "space":
                continue
            case "dollar": {
                const start = base + lexed.offset + lexed.text.length
                const end = sql.indexOf(lexed.text, start)
                if (end < 0) return undefined
                tokens.push(token("text", lexed.text, sql.slice(start, end)))
                base = end + lexed.text.length
                lexer.reset(sql.slice(base), { state: "code", line: 1, col: 1 })
                continue
            }
            case "parameter": {
                const index = indexOf(lexed.text, dialect, last)
                if (lexed.text.startsWith("?")) last = Math.max(last, index + 1)
                tokens.push(parameter(lexed.text, index))
                continue
            }
            case "word": {
                const value = lexed.text.toLowerCase()
                const dotted = tokens.at(-1)?.text === "." && tokens.at(-2)?.kind !== "number"
                const keyword = dotted ? "" : lexed.text.toUpperCase()
                tokens.push({ kind: "word", text: lexed.text, value, keyword, index: -1 })
                continue
            }
            case "name":
                if (lexing.mysql && lexed.text.includes("?")) certain = false
                tokens.push(token("name", lexed.text, unquote(lexed.text).toLowerCase()))
                continue
            case "text":
            case "either":
                if (lexing.mysql && lexed.text.includes("?")) certain = false
                tokens.push(token(lexed.type, lexed.text, unquote(lexed.text)))
                continue
            case "placeholder":
                certain = false
                tokens.push(token("operator", lexed.text, ""))
                continue
            case "variable":
                // A named parameter takes a number of its own on SQLite, so the others can no longer be counted.
                if (dialect === "sqlite") certain = false
                tokens.push(token("variable", lexed.text, ""))
                continue
            default:
                tokens.push(token(lexed.type as SqlTokenKind, lexed.text, ""))
        }
    }
    if (open > 0) return undefined
    return certain ? tokens : tokens.map((each) => (each.kind === "parameter" ? { ...each, index: -1 } : each))
}

function token(kind: SqlTokenKind, text: string, value: string): SqlToken {
    return { kind, text, value, keyword: "", index: -1 }
}

/** The token of a parameter, the same for all texts: they are most of what a bulk insert leaves for the collector. */
function parameter(text: string, index: number): SqlToken {
    const known = knownParameters[index]
    if (known?.text === text) return known
    const found: SqlToken = { kind: "parameter", text, value: "", keyword: "", index }
    // In order, so that the array stays dense.
    if (index >= 0 && index < MOST_KNOWN && index <= knownParameters.length) knownParameters[index] = found
    return found
}

function unquote(text: string): string {
    const quote = text.charAt(text.length - 1)
    const inner = text.slice(text.indexOf(quote === "]" ? "[" : quote) + 1, -1)
    return inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner
}

function indexOf(text: string, dialect: SqlDialect, last: number): number {
    if (text === "?") return last
    const number = Number(text.slice(1))
    return text.startsWith("@") && dialect === "mssql" ? number : number - 1
}

function lexerFor(dialect: SqlDialect, lexing: SqlLexing): moo.Lexer {
    const key = `${dialect} ${lexing.backslash} ${lexing.executable} ${lexing.mysql}`
    let lexer = lexers.get(key)
    if (lexer === undefined) lexers.set(key, (lexer = moo.states(states(dialect, lexing), "code")))
    return lexer
}

function states(dialect: SqlDialect, lexing: SqlLexing): Record<string, moo.Rules> {
    const code = rules(dialect, lexing)
    const nested: moo.Rules = {
        open: { match: /\/\*/, push: "nested" },
        close: { match: /\*\//, pop: 1 },
        comment: { match: /[^*/]+|[*/]/, lineBreaks: true },
    }
    if (NESTING.has(dialect)) return { code: { ...FAST, open: { match: /\/\*/, push: "nested" }, ...code }, nested }
    if (!lexing.mysql || !lexing.executable) return { code: { ...FAST, ...code } }
    const executable = { ...FAST, open: { match: /\/\*M?!(?:\d{5,6})?/, push: "executable" }, ...code }
    return { code: executable, executable: { ...FAST, close: { match: /\*\//, pop: 1 }, ...code } }
}

// The order counts: the first rule that matches at a place wins.
function rules(dialect: SqlDialect, { backslash, mysql }: SqlLexing): moo.Rules {
    const ascii = dialect === "postgres" || dialect === "sqlite" || mysql
    const single = backslash ? /'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'/ : /'[^']*(?:''[^']*)*'/
    const double = backslash && mysql ? /"[^"\\]*(?:(?:\\[^]|"")[^"\\]*)*"/ : /"[^"]*(?:""[^"]*)*"/
    const backtick = /`[^`]*(?:``[^`]*)*`/
    const rule = (match: RegExp | RegExp[]): moo.Rule => anyOf([match].flat())

    const found: Record<string, moo.Rule> = {
        // In front for speed: nothing else begins with their characters.
        ...(mysql ? { placeholder: rule(/\?\?+/) } : {}),
        ...parameters(dialect, rule),
        space: rule(ascii ? ASCII_SPACE : /\s+/),
        line: rule(mysql ? [/--(?=[\s\x00-\x1f])[^\n]*/, /--(?![^])/, /#[^\n]*/] : lineComment(dialect)),
    }
    if (!NESTING.has(dialect)) found["comment"] = rule(FLAT_COMMENT)
    // Read nowhere: a comment without an end, U&"…" with its own escapes, q'[…]' with quotes of one's own choice.
    const odd = [/\/\*/, /\x00/]
    if (dialect === "postgres") odd.push(/[uU]&["']/)
    if (dialect === "oracle") odd.push(/[nN]?[qQ]'/)
    found["odd"] = rule(odd)
    if (dialect === "postgres") {
        found["escaped"] = { ...rule(/[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'/), type: () => "text" }
        found["dollar"] = rule(/\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/)
    }
    found["text"] = rule(single)
    found[mysql || dialect === "other" ? "either" : "name"] = rule(double)
    const names: RegExp[] = []
    if (mysql || dialect === "sqlite" || dialect === "other") names.push(backtick)
    if (dialect === "sqlite") names.push(/\[[^\]]*\]/)
    if (dialect === "mssql") names.push(/\[[^\]]*(?:\]\][^\]]*)*\]/)
    if (names.length > 0) found["quoted"] = { ...rule(names), type: () => "name" }
    found["unclosed"] = { ...rule(unclosed(dialect, mysql)), type: () => "odd" }
    found["number"] = rule([
        /0[xX][0-9a-fA-F]+/,
        mysql
            ? /\d+(?:\.\d*)?[eE][+-]?\d+(?![\w$])|\d+(?:\.\d*)?(?![\w$\u0080-\uffff])/
            : /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/,
        /(?<![\w$\]"`])\.\d+(?:[eE][+-]?\d+)?/,
    ])
    found["word"] = rule(wordOf(dialect, mysql))
    found["operator"] = rule([/::/, /:=/, dialect === "postgres" ? /[<>=!~^&|%@#]+/ : /[<>=!~^&|%]+/, /[^]/])
    return found
}

function anyOf(rules: readonly RegExp[]): moo.Rule {
    const match = new RegExp(rules.map(({ source }) => `(?:${source})`).join("|"))
    // Lines are of no interest, but moo insists on counting them where a rule takes a line break for itself.
    return { match, lineBreaks: match.test("\n") }
}

function lineComment(dialect: SqlDialect): RegExp {
    return dialect === "sqlite" ? /--[^\n]*/ : /--[^\n\r]*/
}

function unclosed(dialect: SqlDialect, mysql: boolean): RegExp[] {
    const found = [/['"]/]
    if (mysql || dialect === "sqlite" || dialect === "other") found.push(/`/)
    if (dialect === "sqlite" || dialect === "mssql") found.push(/\[/)
    return found
}

function parameters(dialect: SqlDialect, rule: (match: RegExp | RegExp[]) => moo.Rule): Record<string, moo.Rule> {
    switch (dialect) {
        case "postgres":
            return { parameter: rule(/\$\d+/) }
        case "mysql":
            return { parameter: rule(/\?/), variable: rule([/@@?[\w$.\u0080-\uffff]+/, /@(?=['"`])/]) }
        case "sqlite":
            return { parameter: rule([/\?\d+/, /\?/]), variable: rule([/[:@$][\w$:\u0080-\uffff]+/]) }
        case "mssql":
            return { parameter: rule(/@\d+(?![\w$#@])/), variable: rule(/@@?[\w$#@]+/) }
        case "oracle":
            return { parameter: rule(/:\d+(?![\w$#])/), variable: rule(/:[\w$#]+/) }
        case "other":
            return { parameter: rule([/\?/, /\$\d+/]), variable: rule([/@@?[\w$]+/, /(?<!:):[A-Za-z_][\w$]*/]) }
    }
}

function wordOf(dialect: SqlDialect, mysql: boolean): RegExp[] {
    if (mysql) return [/[\w$\u0080-\uffff]+/]
    if (dialect === "mssql" || dialect === "oracle") return [/[A-Za-z_#\u0080-\uffff][\w$#@\u0080-\uffff]*/]
    return [/[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/]
}
