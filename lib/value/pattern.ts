import { CacheError } from "../error/CacheError"
import { describe } from "../util/describe"

const ANY_TEXT = Symbol("*")
const ANY_CHARACTER = Symbol("?")

type Token = string | typeof ANY_TEXT | typeof ANY_CHARACTER

/**
 * Whether a name matches a pattern: `*` stands for any text, `?` for one character, `\` takes the next one by its letter.
 *
 * @throws CacheError `E_OPTION`
 */
export function matcherOf(pattern: string): (name: string) => boolean {
    const tokens = typeof pattern === "string" && pattern.length <= 1_000 ? tokensOf(pattern) : undefined
    if (tokens === undefined || tokens.length === 0)
        throw new CacheError("E_OPTION", `${describe(pattern)} is no pattern.`, {
            advice: `Write a text such as "article:*": * for any text, ? for one character, \\ before one that is meant.`,
        })
    return (name) => matches(tokens, [...name])
}

/** `undefined` for a pattern that ends where a character should follow. */
function tokensOf(pattern: string): Token[] | undefined {
    const tokens: Token[] = []
    let isEscaped = false
    for (const char of pattern) {
        if (isEscaped) tokens.push(char)
        else if (char === "*") tokens.push(ANY_TEXT)
        else if (char === "?") tokens.push(ANY_CHARACTER)
        else if (char !== "\\") tokens.push(char)
        isEscaped = !isEscaped && char === "\\"
    }
    return isEscaped ? undefined : tokens
}

/** Not a regular expression: one with several stars tries every way to part a name, which can take for ever. */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
    let next = 0
    let at = 0
    let star = -1
    let taken = 0
    while (at < text.length) {
        const token = tokens[next]
        if (token === ANY_TEXT) {
            star = next++
            taken = at
        } else if (token === ANY_CHARACTER || token === text[at]) {
            next++
            at++
        } else if (star >= 0) {
            // what an earlier star took need not change: the last one can take the rest
            next = star + 1
            at = ++taken
        } else return false
    }
    return tokens.slice(next).every((token) => token === ANY_TEXT)
}
