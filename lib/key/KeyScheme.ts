import { digestPart, keyPart } from "./keyPart"
import { bareTableName } from "./tableName"

/** What an entry holds. */
export type EntryKind = "row" | "list" | "unique" | "value" | "relation" | (string & {})

/** A prefix as the user wrote it, or a function of it: one cache for several tenants. */
export type KeyPrefix = string | (() => string)

const HARMLESS_PREFIX = /^[A-Za-z0-9_.@:/{}-]{1,200}$/

/**
 * The one place that spells keys, but for locks, which follow from them (`lockKey`). Entries are
 * `<prefix>:v:<kind>:<region>:<fingerprint>:<text>`, tags are `<prefix>:t:<kind>:…`; every variable part goes through {@link keyPart}.
 */
export class KeyScheme {
    readonly #prefix: KeyPrefix
    #asked: string | undefined
    #root = ""
    #tags = ""
    #entries = ""

    /** @param prefix a function is asked on every call, so that it can tell the tenant of the moment */
    constructor(prefix: KeyPrefix) {
        this.#prefix = prefix
    }

    /** True when every call spells a key alike, so that it may be remembered. */
    get isFixed(): boolean {
        return typeof this.#prefix === "string"
    }

    /** `<prefix>:`, the beginning of every key. */
    get root(): string {
        this.#refresh()
        return this.#root
    }

    /** The beginnings of all keys of this prefix and of no other, whatever other prefixes begin with this one. */
    get ranges(): readonly [entries: string, tags: string] {
        this.#refresh()
        return [this.#entries, this.#tags]
    }

    /** Any write to the table. */
    table(name: string): string {
        return this.#tag("table", tablePart(name))
    }

    /** Rows of the table changed, nobody knows which. */
    rows(name: string): string {
        return this.#tag("rows", tablePart(name))
    }

    /** One row changed. */
    row(name: string, id: string): string {
        return this.#tag("row", `${tablePart(name)}:${keyPart(id)}`)
    }

    /** Rows got an owner through these columns, nobody knows which. See `RelationLink`. */
    relation(table: string, columns: string): string {
        return this.#tag("relation", `${tablePart(table)}:${keyPart(columns)}`)
    }

    /** Rows got this owner through these columns. */
    relationOf(table: string, columns: string, ownerId: string): string {
        return this.#tag("relation-of", `${tablePart(table)}:${keyPart(columns)}:${keyPart(ownerId)}`)
    }

    /** A tag that the user names. */
    user(tag: string): string {
        return this.#tag("user", keyPart(tag))
    }

    /** A value of a region. */
    value(region: string, name: string): string {
        return this.#tag("value", `${keyPart(region)}:${keyPart(name)}`)
    }

    /** All values of a region. */
    region(name: string): string {
        return this.#tag("region", keyPart(name))
    }

    /** The beginning of the keys of all entries of a kind. */
    kind(kind: EntryKind): string {
        this.#refresh()
        return `${this.#entries}${keyPart(kind)}:`
    }

    /** The beginning of the keys of a region's values. */
    values(region: string, version: string): string {
        return `${this.kind("value")}${keyPart(region)}:${keyPart(version)}:`
    }

    /** Any write that could not be attributed to a table. */
    unattributed(): string {
        return this.#tag("unattributed", "")
    }

    /**
     * The key of an entry.
     *
     * @param fingerprint of the schema, so that old and new code do not read each other's entries
     * @param text the canonical text of what the entry answers; any length
     */
    entry(kind: EntryKind, region: string, fingerprint: string, text: string): string {
        this.#refresh()
        return `${this.#entries}${keyPart(kind)}:${keyPart(region)}:${keyPart(fingerprint)}:${keyPart(text)}`
    }

    #tag(kind: string, rest: string): string {
        this.#refresh()
        return `${this.#tags}${kind}:${rest}`
    }

    #refresh(): void {
        const prefix = typeof this.#prefix === "string" ? this.#prefix : this.#prefix()
        if (prefix === this.#asked) return
        const part = prefixPart(prefix)
        this.#asked = prefix
        this.#root = `${part}:`
        this.#tags = `${part}:t:`
        this.#entries = `${part}:v:`
    }
}

/** The first `v` or `t` between colons ends the prefix, so a prefix that has one of its own would be ambiguous. */
function prefixPart(prefix: string): string {
    const text = String(prefix)
    const plain = HARMLESS_PREFIX.test(text) && !text.split(":").some((token) => token === "v" || token === "t")
    return plain ? text : digestPart(text)
}

function tablePart(name: string): string {
    return keyPart(bareTableName(name))
}
