import { CacheError } from "../error/CacheError"
import { CanonicalText } from "../key/CanonicalText"
import { digestPart } from "../key/keyPart"
import { describe } from "../util/describe"

/** A text with the arguments of a call in it. */
export type KeyTemplate = (args: readonly unknown[]) => string

interface Hole {
    readonly index: number
    /** The name stands for this argument and all behind it. */
    readonly isRest: boolean
    readonly path: readonly string[]
    readonly text: string
    /** Where the value ends; none for the last. */
    mark: string | undefined
}

/** What can part two values: nothing that spelling one needs. */
const MARK = /[^\p{L}\p{N}%"]/u

const HOLE = /\{([^{}]*)\}/g

/** Comments and texts in a function's source: a comma in one parts no parameters. */
const NO_CODE = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|`(?:\\[\s\S]|[^`\\])*`/g

/** Parts of larger values are not looked at: they have no text, see {@link CanonicalText}. */
const MOST_PARTS = 50_000

/**
 * Compiles a template such as `posts:{page}:{1}:{user.id}`: in braces the name or the position of a parameter, and behind
 * it, with dots, the way to a property. Between two of them there is a mark such as a colon, which no value before it has:
 * it is escaped.
 *
 * @param method whose parameters it names
 * @param owner for messages
 * @throws CacheError `E_OPTION` for a name that is no parameter, braces that do not match, or no mark between two of them
 */
export function compileTemplate(template: string, method: Function, owner: string): KeyTemplate {
    const refuse = (what: string, advice?: string): never => {
        throw new CacheError(
            "E_OPTION",
            `${owner}: the key ${describe(template)} ${what}.`,
            advice === undefined ? {} : { advice },
        )
    }
    if (typeof template !== "string" || template === "") refuse("is no text")
    if (/[{}]/.test(template.replace(HOLE, ""))) refuse("has braces that do not match")
    const names = parameterNames(method)
    const parts: (string | Hole)[] = []
    let at = 0
    for (const match of template.matchAll(HOLE)) {
        const between = template.slice(at, match.index)
        const before = parts.at(-1)
        if (before !== undefined && typeof before !== "string") {
            before.mark = /:/.exec(between)?.[0] ?? MARK.exec(between)?.[0]
            if (before.mark === undefined)
                refuse(
                    `has no mark such as ":" before ${match[0]}`,
                    "Without one, other arguments could have the same key.",
                )
        }
        parts.push(between)
        at = match.index + match[0].length
        const [first = "", ...path] = match[1]!.trim().split(".")
        const isRest = names.includes(`...${first}`)
        const index = /^\d+$/.test(first) ? Number(first) : names.indexOf(isRest ? `...${first}` : first)
        if (first === "" || index < 0 || path.includes(""))
            refuse(
                `names ${match[0]}, which is no parameter`,
                `Parameters are ${names.filter(Boolean).join(", ") || "none"}; {0} is the first.`,
            )
        parts.push({ index, isRest, path, text: match[0], mark: undefined })
    }
    parts.push(template.slice(at))
    return (args) =>
        parts
            .map((part) => {
                if (typeof part === "string") return part
                let value: unknown = part.isRest ? args.slice(part.index) : args[part.index]
                for (const step of part.path) {
                    if (value === null || value === undefined)
                        refuse(`asks for ${part.text}, and there is ${String(value)} on the way`)
                    value = (value as Record<string, unknown>)[step]
                }
                return (
                    escapeMark(spell(value), part.mark) ??
                    refuse(`asks for ${part.text}, which is ${describe(value)}`, "Name one of its properties.")
                )
            })
            .join("")
}

/** The key of a call where no template says it: class, method and all arguments. */
export function automaticKey(owner: string, method: Function): KeyTemplate {
    // two classes of one name would share their keys
    const source = digestPart(Function.prototype.toString.call(method)).slice(1, 9)
    return (args) => {
        const text = new CanonicalText()
        text.value(inOrder([...args], 0, { left: MOST_PARTS }))
        if (text.bypass !== undefined)
            throw new CacheError(
                "E_OPTION",
                `${owner}: an argument has no text that tells it from others (${text.bypass}).`,
                {
                    advice: `Give a key such as key: "${owner}:{0.id}".`,
                },
            )
        return `${owner}:${source}:${digestPart(text.text).slice(1)}`
    }
}

/** Plain objects by the order of their keys, which tells nothing. What goes too deep, or on for ever, has no text anyway. */
function inOrder(value: unknown, depth: number, parts: { left: number }): unknown {
    if (typeof value !== "object" || value === null || depth > 40 || --parts.left < 0) return value
    if (Array.isArray(value)) return value.map((it) => inOrder(it, depth + 1, parts))
    if (Object.getPrototypeOf(value) !== Object.prototype) return value
    const fields = value as Record<string, unknown>
    const keys = Object.keys(value).sort()
    return Object.fromEntries(keys.map((key) => [key, inOrder(fields[key], depth + 1, parts)]))
}

/** Values that differ have different spellings, but for a number or a date and the text that it has as well. */
function spell(value: unknown): string | undefined {
    switch (typeof value) {
        case "string":
            // what parts keys, and the words for what is no text
            return /^(undefined|null|true|false)$|^$/.test(value)
                ? `"${value}"`
                : value.replace(/[:%?"{}\\]/g, encodeURIComponent)
        case "number":
        case "bigint":
        case "boolean":
        case "undefined":
            return String(value)
        case "object":
            if (value === null) return "null"
            return value instanceof Date && !Number.isNaN(value.getTime())
                ? value.toISOString().replace(/:/g, "%3A")
                : undefined
        default:
            return undefined
    }
}

function escapeMark(text: string | undefined, mark: string | undefined): string | undefined {
    if (text === undefined || mark === undefined || !text.includes(mark)) return text
    return text.replaceAll(mark, `%${Buffer.from(mark).toString("hex")}`)
}

/** The names of a function's parameters, `...` before that of the rest; an empty one where a pattern stands. */
export function parameterNames(method: Function): readonly string[] {
    const source = Function.prototype.toString.call(method).replace(NO_CODE, "")
    const open = source.indexOf("(")
    const names: string[] = []
    let depth = 0
    let part = ""
    for (let at = open; at >= 0 && at < source.length; at++) {
        const char = source[at]!
        if ("([{".includes(char)) depth++
        else if (")]}".includes(char)) depth--
        if (depth === 0 || (depth === 1 && char === ",")) {
            names.push(part)
            part = ""
            if (depth === 0) break
        } else if (at > open) part += char
    }
    return names.map((text) => {
        const [, dots = "", name] = /^\s*(\.\.\.)?\s*([\p{L}$_][\p{L}\p{N}$_]*)/u.exec(text) ?? []
        return name === undefined ? "" : dots + name
    })
}
