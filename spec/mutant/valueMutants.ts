import type { Mutant } from "./Mutant"

const REGION = "lib/value/CacheRegion.ts"
const TEMPLATE = "lib/value/keyTemplate.ts"
const KEYS = "lib/key/KeyScheme.ts"
const VALUE = "spec/functional/value/value.spec.ts"
const CACHEABLE = "spec/functional/value/Cacheable.spec.ts"

/** The guards of values by name, and of decorated methods. */
export const VALUE_MUTANTS: readonly Mutant[] = [
    {
        guard: "undefined is told from a miss",
        file: REGION,
        edits: [
            ["return (await this.#peek(name)) !== undefined", "return (await this.#peek(name))?.value !== undefined"],
        ],
        spec: VALUE,
        grep: "null and undefined",
        databases: "sqlite",
    },
    {
        guard: "a loader that throws is not stored",
        file: REGION,
        edits: [
            [
                "            return loader()\n        })\n",
                "            return Promise.resolve(loader()).catch((error: unknown) => error as T)\n        })\n",
            ],
        ],
        spec: VALUE,
        grep: "whose loader throws",
        databases: "sqlite",
    },
    {
        guard: "a load joins none that waits for it",
        file: "lib/cache/SingleFlight.ts",
        edits: [["        if (flight.isOutside || waitsForAny(flight, ancestry(own))) return undefined\n", ""]],
        spec: VALUE,
        grep: "a function that asks for the very value",
        databases: "sqlite",
    },
    {
        guard: "a value that unless() takes out is not stored",
        file: REGION,
        edits: [["unless?.(result) === true", "unless === null"]],
        spec: CACHEABLE,
        grep: "does not store what `unless`",
        databases: "sqlite",
    },
    {
        guard: "the tags of a value are noted before its loader runs",
        file: REGION,
        edits: [
            [
                "        const read = [...scope.stamps.keys()]",
                "        for (const [tag, stamp] of (await cache.stampsOf(own)) ?? []) (scope.stamps as Map<string, string>).set(tag, stamp)\n        const read = [...scope.stamps.keys()]",
            ],
        ],
        spec: VALUE,
        grep: "deleted under way do not come back",
        databases: "sqlite",
    },
    {
        guard: "a value hangs on its tags",
        file: REGION,
        edits: [["return (tags ?? []).map(", "return (tags === null ? [] : []).map("]],
        spec: VALUE,
        grep: "their tags take them away",
        databases: "sqlite",
    },
    {
        guard: "set() puts an end to loads that are under way",
        file: REGION,
        edits: [["        await invalidator.invalidate([tags[0]])\n", ""]],
        spec: VALUE,
        grep: "deleted under way do not come back",
        databases: "sqlite",
    },
    {
        guard: "delete() puts an end to loads that are under way",
        file: REGION,
        edits: [["        await this.#parts.invalidator.invalidate(list.map((name) => this.#tagsOf(name)[0]))\n", ""]],
        spec: VALUE,
        grep: "deleted under way do not come back",
        databases: "sqlite",
    },
    {
        guard: "values of one name in two regions have two keys",
        file: KEYS,
        edits: [["${keyPart(region)}:${keyPart(version)}:`", "${keyPart(version)}:`"]],
        spec: VALUE,
        grep: "of a region have their own names",
        databases: "sqlite",
    },
    {
        guard: "values of one name in two regions have two tags",
        file: KEYS,
        edits: [[`this.#tag("value", \`\${keyPart(region)}:\${keyPart(name)}\`)`, `this.#tag("value", keyPart(name))`]],
        spec: VALUE,
        grep: "of a region have their own names",
        databases: "sqlite",
    },
    {
        guard: "a region goes alone",
        file: KEYS,
        edits: [[`return this.#tag("region", keyPart(name))`, `return this.#tag("region", keyPart(name && ""))`]],
        spec: VALUE,
        grep: "of a region have their own names",
        databases: "sqlite",
    },
    {
        guard: "a pattern removes values of its region alone",
        file: REGION,
        edits: [
            [
                "const prefix = this.#prefix()\n        let",
                'const prefix = this.#parts.keys.kind("value")\n        let',
            ],
        ],
        spec: VALUE,
        grep: "are found by patterns",
        databases: "sqlite",
    },
    {
        guard: "an entity of another schema is not read",
        file: "lib/hydration/EntityValueCodec.ts",
        edits: [
            ["metadata.name === name && graphFingerprint(metadata) === fingerprint && ", "metadata.name === name && "],
        ],
        spec: "spec/unit/hydration/EntityValueCodec.spec.ts",
        grep: "of another schema",
        databases: "sqlite",
    },
    {
        guard: "what parts keys is escaped in arguments",
        file: TEMPLATE,
        edits: [[`value.replace(/[:%?"{}\\\\]/g, encodeURIComponent)`, "value"]],
        spec: CACHEABLE,
        grep: "one list of values for another",
        databases: "sqlite",
    },
    {
        guard: "words are told from the values that they name",
        file: TEMPLATE,
        edits: [["return /^(undefined|null|true|false)$|^$/.test(value)", `return value === ""`]],
        spec: CACHEABLE,
        grep: "one list of values for another",
        databases: "sqlite",
    },
    {
        guard: "arguments are parted by a mark",
        file: TEMPLATE,
        edits: [["if (before.mark === undefined)", "if (before.mark === null)"]],
        spec: "spec/unit/value/keyTemplate.spec.ts",
        grep: "could run into each other",
        databases: "sqlite",
    },
    {
        guard: "what parts two arguments is escaped in the first",
        file: TEMPLATE,
        edits: [["mark === undefined || !text.includes(mark)", "mark === undefined || text.includes(mark)"]],
        spec: "spec/unit/value/keyTemplate.spec.ts",
        grep: "whatever mark parts them",
        databases: "sqlite",
    },
    {
        guard: "arguments are part of a key that nobody has spelt",
        file: TEMPLATE,
        edits: [["${digestPart(text.text).slice(1)}", "${digestPart(String(args)).slice(1)}"]],
        spec: CACHEABLE,
        grep: "tells arguments apart",
        databases: "sqlite",
    },
    {
        guard: "methods of one name have keys of their own",
        file: TEMPLATE,
        edits: [["Function.prototype.toString.call(method)).slice", "owner).slice"]],
        spec: "spec/unit/value/keyTemplate.spec.ts",
        grep: "methods apart",
        databases: "sqlite",
    },
    {
        guard: "an argument without a text is refused",
        file: TEMPLATE,
        edits: [["if (text.bypass !== undefined)", "if (text.bypass === null)"]],
        spec: CACHEABLE,
        grep: "tells arguments apart",
        databases: "sqlite",
    },
]
