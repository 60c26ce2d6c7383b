import type { SqlAnalysis } from "./SqlAnalysis"
import { wordsOf } from "./tableNames"

const READS =
    /^[\s(]*(?:select|with|values|table|show|explain|describe|desc|pragma|set|use|begin|commit|rollback|savepoint|release|start|end)\b/i
/** Every word that a write cannot do without. */
export const WRITE_WORDS =
    /\b(?:insert|upsert|replace|update|delete|merge|truncate|into|copy|load|create|alter|drop|rename|refresh|call|exec|execute|do|prepare|writetext|updatetext|bulk|analyze)\b/i

/** What is said of a text that cannot be lexed: every word is a table, and if it may write, anything may be written. */
export function analyzeUnreadable(sql: string): SqlAnalysis {
    const words = [...wordsOf(sql)]
    const writing = WRITE_WORDS.test(sql) || !READS.test(sql)
    return {
        writes: writing
            ? words.map((table) => ({ table, verb: "unknown", cascade: false, columns: undefined, rows: undefined }))
            : [],
        tables: words,
        tablesKnown: false,
        unattributed: writing,
        transaction: undefined,
        transactions: [],
        implicitCommit: false,
    }
}
