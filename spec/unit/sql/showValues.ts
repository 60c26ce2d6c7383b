import type { SqlDefault, SqlNow, SqlOperand } from "../../../lib/sql/SqlAnalysis"

type Value = SqlOperand | SqlDefault | SqlNow

/** `a=$0 b=5 c=default` for the values that a write gives. */
export function showValues(values: ReadonlyMap<string, Value>): string {
    return [...values].map(([column, value]) => `${column}=${showValue(value)}`).join(" ")
}

function showValue(value: Value): string {
    if ("default" in value) return "default"
    if ("now" in value) return "now"
    return "parameter" in value ? `$${value.parameter}` : JSON.stringify(value.literal)
}
