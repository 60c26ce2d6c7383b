import fc from "fast-check"
import type { SqlDialect } from "../../../lib/sql/SqlDialect"

/** How a dialect writes what could hide a write: a string, a quoted name, a comment around any text. */
export interface Notation {
    readonly string: (text: string) => string
    readonly name: (text: string) => string
    readonly comments: readonly ((text: string) => string)[]
}

const doubled = (quote: string) => (text: string) => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`
const line = (text: string) => `-- ${text.replaceAll(/[\r\n]/g, " ")}\n`
const flat = (text: string) => `/* ${text.replaceAll("*/", "* /").replaceAll("/*", "/ *")} */`

export const NOTATIONS: Readonly<Record<Exclude<SqlDialect, "other">, Notation>> = {
    postgres: {
        string: doubled("'"),
        name: doubled('"'),
        comments: [line, flat, (text) => `/* /* ${flat(text)} */ ' */`],
    },
    mysql: {
        string: (text) => `'${text.replaceAll(/['\\]/g, "\\$&")}'`,
        name: doubled("`"),
        comments: [line, flat, (text) => `# ${text.replaceAll("\n", " ")}\n`],
    },
    sqlite: { string: doubled("'"), name: doubled('"'), comments: [line, flat] },
    mssql: { string: doubled("'"), name: (text) => `[${text.replaceAll("]", "]]")}]`, comments: [line, flat] },
    oracle: { string: doubled("'"), name: doubled('"'), comments: [line, flat] },
}

/** Text that would hide or fake something if its quotes or its comment did not hold. */
export const hostile = fc
    .array(
        fc.constantFrom(
            "'",
            '"',
            "`",
            "\\",
            "--",
            "/*",
            "*/",
            "#",
            "$$",
            "$a$",
            ";",
            "[",
            "]",
            "(",
            ")",
            "\n",
            " DELETE FROM ",
            " SELECT ",
            "EXPLAIN ",
            "x",
            "?",
            "$1",
            "E'",
            "/",
        ),
        { maxLength: 8 },
    )
    .map((parts) => parts.join(""))
    .filter((text) => !text.includes("*/*") && !text.includes("/*!"))
