/** A short picture of any value, for messages. */
export function describe(value: unknown): string {
    if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
    // Its name, not its source.
    if (typeof value === "function") return value.name || "a function without a name"
    if (value === null || typeof value !== "object") return String(value)
    if (Array.isArray(value)) return "an array"
    const name = value.constructor?.name || "Object"
    if (name === "Object") return "a plain object"
    return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name} object`
}
