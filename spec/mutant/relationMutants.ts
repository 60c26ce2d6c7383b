import type { Mutant } from "./Mutant"

const READ_THROUGH = "lib/cache/ReadThrough.ts"
const FILLER = "lib/cache/Filler.ts"
const STAMPER = "lib/cache/Stamper.ts"
const LINK_TAGS = "lib/invalidation/linkTags.ts"
const RELATION_READER = "lib/repository/RelationReader.ts"
const RACES = "spec/race/relation.spec.ts"
const AWAY = "spec/fault/relationAway.spec.ts"
const STATEMENTS = "spec/unit/invalidation/linkTags.spec.ts"

/** The guards of entries that hold related rows. */
export const RELATION_MUTANTS: readonly Mutant[] = [
    {
        guard: "stamps of late tags are compared",
        file: "lib/cache/Entry.ts",
        edits: [["stamps[known + i] !== lateStates[i] || ", ""]],
        spec: RACES,
        grep: "a row of an owner that changes older than committed, with entry",
    },
    {
        guard: "an entry hangs on a tag that its reader knows",
        file: "lib/cache/Entry.ts",
        edits: [["known <= 0 || ", ""]],
        spec: "spec/unit/cache/Entry.spec.ts",
        grep: "all that it carries is late",
        databases: "sqlite",
    },
    {
        guard: "an entry with late tags is no answer to whoever does not look at them",
        file: READ_THROUGH,
        edits: [["lateTagsOf(entry).length !== lateStates.length || ", ""]],
        spec: "spec/unit/cache/ReadThrough.spec.ts",
        grep: "who does not know of them",
        databases: "sqlite",
    },
    {
        guard: "tables are looked at again behind the stamps of related rows",
        file: STAMPER,
        edits: [["before.some((stamp, i) => again.tags[i] !== stamp) ? undefined : stamps", "stamps"]],
        spec: RACES,
        grep: "a row of an owner that changes older than committed, with stamps",
    },
    {
        guard: "stamps of related rows are read before those of their tables",
        file: STAMPER,
        edits: [
            [
                "        const stamps = await this.#gate.stamp(narrow,",
                "        const again = await this.#gate.read([], wide)\n        const stamps = await this.#gate.stamp(narrow,",
            ],
            ["        const again = await this.#gate.read([], wide)\n        if (again", "        if (again"],
        ],
        spec: RACES,
        grep: "a row of an owner that changes older than committed, with stamps",
    },
    {
        guard: "stamps of related rows guard the tables of the request, not those of its narrow tags alone",
        file: FILLER,
        edits: [["let at = it.tagCount ?? tags.length;", "let at = tags.length;"]],
        spec: RACES,
        grep: "a row of an owner that changes older than committed, with stamps",
    },
    {
        guard: "held tags are looked at for related rows",
        file: READ_THROUGH,
        edits: [["this.#held.cover(tags, answer.tags, held).forEach(", "answer.tags.forEach("]],
        spec: AWAY,
        grep: "who wrote a row that they hold",
        databases: "sqlite",
    },
    {
        guard: "held tags are looked at before the read of related rows is sent",
        file: READ_THROUGH,
        edits: [
            [
                "        const held = this.#held.among(tags)\n        const answer = await source.read",
                "        const held = undefined\n        const answer = await source.read",
            ],
        ],
        spec: AWAY,
        grep: "answered by hand before a row that they hold",
        databases: "sqlite",
    },
    {
        guard: "held tags are looked at for what is read in advance",
        file: "lib/cache/ReadAhead.ts",
        edits: [["this.#held.cover(newTags, arrived.tags, held).forEach(", "arrived.tags.forEach("]],
        spec: AWAY,
        grep: "answered joined before a row that they hold",
        databases: "sqlite",
    },
    {
        guard: "held tags are looked at before something is read in advance",
        file: "lib/cache/ReadAhead.ts",
        edits: [["const held = this.#held.among(newTags)", "const held = undefined"]],
        spec: AWAY,
        grep: "answered joined before a row that they hold",
        databases: "sqlite",
    },
    {
        guard: "held tags are looked at once more before related rows are stored",
        file: STAMPER,
        edits: [[" || this.#held.among([...narrow, ...wide]) !== undefined", ""]],
        spec: "spec/unit/cache/ReadThrough.spec.ts",
        grep: "late tag is fenced or held",
        databases: "sqlite",
    },
    {
        guard: "a foreign key of an insert names an owner",
        file: LINK_TAGS,
        edits: [
            [
                '    if (verb !== "insert" || inserted === undefined) return undefined\n',
                "    if (link) return new Set()\n",
            ],
        ],
        spec: RACES,
        grep: "a row that is inserted for an owner older than committed, with entry",
    },
    {
        guard: "a foreign key of an update names an owner",
        file: LINK_TAGS,
        edits: [["return ownerTags(link, [assignedValues(assigned, parameters)], keys)", "return new Set()"]],
        spec: RACES,
        grep: "a row that comes to an owner older than committed, with entry",
    },
    {
        guard: "a pair that is made names the owners of both sides",
        file: LINK_TAGS,
        edits: [
            [
                '    if (verb === "insert" && inserted !== undefined)\n        return ownerTags(',
                '    if (verb === "insert") return new Set()\n    if (verb === "insert" && inserted !== undefined)\n        return ownerTags(',
            ],
        ],
        spec: RACES,
        grep: "a pair that the other side makes older than committed, with entry",
    },
    {
        guard: "a pair that is taken away names its owner",
        file: LINK_TAGS,
        edits: [["        for (const tag of found) tags.add(tag)\n", ""]],
        spec: RACES,
        grep: "a pair that is taken away older than committed, with entry",
    },
    {
        guard: "pairs that go with one side name its row for the other",
        file: LINK_TAGS,
        edits: [["own ?? otherSideTags(condition, link, graph, parameters, keys)", "own ?? []"]],
        spec: STATEMENTS,
        grep: "part_label.* WHERE .labelId. = .",
        databases: "sqlite",
    },
    {
        guard: "any owner is meant when nobody knows which",
        file: LINK_TAGS,
        edits: [
            [
                "if (tags === undefined || tags.size > MAX_OWNERS) yield wideTag(link, keys)",
                "if (tags === undefined) continue",
            ],
        ],
        spec: RACES,
        grep: "a statement that tells nothing older than committed, with entry",
    },
    {
        guard: "rows that come into sight are told to all links that lead to them",
        file: LINK_TAGS,
        edits: [["        for (const link of visibility.links) yield wideTag(link, keys)\n}", "        return\n}"]],
        spec: RACES,
        grep: "a row of an owner that comes back into sight older than committed, with entry",
    },
    {
        guard: "an entity on the table of a junction leaves it a junction",
        file: "lib/invalidation/LinkGraph.ts",
        edits: [
            ["name === link.name && isJunction === link.isJunction)", "name === link.name && isJunction !== null)"],
        ],
        spec: "spec/functional/relation/junctionEntity.spec.ts",
        grep: "the entity is deleted$",
        databases: "sqlite",
    },
    {
        guard: "the other side of a pair is a side of the junction",
        file: LINK_TAGS,
        edits: [
            ["filter(({ name, isJunction }) => isJunction && name", "filter(({ name }) => name"],
            ["third !== undefined) return", "third === null) return"],
        ],
        spec: STATEMENTS,
        grep: "stamp.* WHERE .id. = .* AND .byId.",
        databases: "sqlite",
    },
    {
        guard: "an entry hangs on rows of the related table that nobody names",
        file: RELATION_READER,
        edits: [["        tags.push(keys.rows(target))\n", ""]],
        spec: RACES,
        grep: "a row that goes from an owner without being named older than committed, with entry",
    },
    {
        guard: "an entry of an owner's foreign key hangs on rows that nobody names",
        file: RELATION_READER,
        edits: [["        if (this.#link?.namesOwner !== true) tags.push(keys.rows(tableName(this.owner)))\n", ""]],
        spec: RACES,
        grep: "an owner's foreign key that changes with others older than committed, with entry",
    },
    {
        guard: "no row behind an owner's foreign key hangs on the table",
        file: RELATION_READER,
        edits: [[" || (items.length === 0 && this.#link === undefined))", ")"]],
        spec: RACES,
        grep: "when it comes back into sight older than committed, with entry",
    },
    {
        guard: "a link is told of though no relation declares it",
        file: "lib/invalidation/LinkGraph.ts",
        edits: [["if (inverseRelation === undefined) note(", "if (inverseRelation === null) note("]],
        spec: STATEMENTS,
        grep: "INSERT INTO .loose. .*\\[1,7\\]",
        databases: "sqlite",
    },
    {
        guard: "lazy relations of several tenants are read apart",
        file: "lib/repository/LazyRelations.ts",
        edits: [["        const { prefix } = reader\n", '        const prefix = reader && ""\n']],
        spec: "spec/functional/relation/lazyPrefix.spec.ts",
        grep: "what their own tenant has written",
        databases: "sqlite",
    },
]
