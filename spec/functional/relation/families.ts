import type { ObjectLiteral } from "typeorm"
import type { Change } from "./Change"
import {
    Author,
    Book,
    Box,
    Branch,
    City,
    Country,
    Course,
    Desk,
    Good,
    House,
    Keeper,
    Member,
    Paper,
    Person,
    Phone,
    Player,
    Post,
    Pupil,
    Room,
    School,
    Service,
    Shop,
    Sponsor,
    Sticker,
    Student,
    Team,
    Thread,
    Writer,
} from "./entity"
import type { Family } from "./Family"
import { CLEAR, LIST_CHANGES } from "./listChanges"
import { ListLink, type ListLinkOptions } from "./ListLink"
import {
    Animal,
    Artist,
    Bone,
    Bound,
    Cat,
    Citizen,
    Dog,
    Faded,
    Guest,
    Holder,
    Hotel,
    Lost,
    Passport,
    Performance,
    Song,
    Zoo,
} from "./oddEntity"
import {
    BOUND_CHANGES,
    EARLY_CHANGES,
    FADED_CHANGES,
    GUEST_CHANGES,
    KIND_CHANGES,
    LOST_CHANGES,
    SOFT_CHANGES,
    PERFORMANCE_CHANGES,
    UNIQUE_CHANGES,
} from "./oddChanges"
import { PAIR_CHANGES } from "./pairChanges"
import { PairLink, type PairLinkOptions } from "./PairLink"
import { SINGLE, SINGLE_CHANGES } from "./singleChanges"
import { TREES } from "./trees"

interface More {
    readonly isThorough?: boolean
    readonly isWide?: boolean
    /** Changes beside those of every list. */
    readonly changes?: readonly Change<never>[]
    /** Instead of those of every list. */
    readonly only?: readonly Change<never>[]
    readonly widened?: Family["widened"]
    readonly isReferred?: boolean
    readonly ownerIsWide?: boolean
    readonly isOneCached?: boolean
}

const OWNERS = [1, 2, 3]
const ITEMS = [1, 2, 3, 4, 5]

function listOf(title: string, tables: string[], options: ListLinkOptions, more: More = {}): Family {
    const link = new ListLink(options)
    const { isWide = false, isReferred = false, isThorough = false } = more
    return {
        title,
        tables,
        link,
        relations: [
            {
                target: link.owner,
                relation: link.many,
                keys: OWNERS.map((at) => link.ownerKey(at)),
                further: link.one,
                side: "lists",
                isWide,
                isThorough,
            },
            {
                target: link.related,
                relation: link.one,
                keys: ITEMS.map((at) => link.itemKey(at)),
                further: link.many,
                side: "ones",
                isWide: more.ownerIsWide ?? isWide,
                isThorough,
                isCached: more.isOneCached ?? true,
            },
        ],
        changes: more.only ?? [...LIST_CHANGES, ...(isReferred ? [] : CLEAR), ...(more.changes ?? [])],
        fill: (manager) => link.fill(manager),
        ...(more.widened === undefined ? {} : { widened: more.widened }),
    }
}

function pairsOf(title: string, tables: string[], options: PairLinkOptions, more: More = {}): Family {
    const link = new PairLink(options)
    const { isWide = false } = more
    const keys = { lists: OWNERS.map((at) => link.leftKey(at)), ones: OWNERS.map((at) => link.rightKey(at)) }
    return {
        title,
        tables,
        link,
        relations: [
            { target: link.left, relation: link.rights, keys: keys.lists, further: link.lefts, side: "lists", isWide },
            { target: link.right, relation: link.lefts, keys: keys.ones, further: link.rights, side: "ones", isWide },
        ],
        changes: [...PAIR_CHANGES, ...(more.changes ?? [])] as readonly Change<unknown>[],
        fill: (manager) => link.fill(manager),
        ...(more.widened === undefined ? {} : { widened: more.widened }),
    }
}

const uuid = (position: number): ObjectLiteral => ({ id: `00000000-0000-4000-8000-00000000000${position}` })
const word = (position: number): ObjectLiteral => ({ id: `word-${position}` })
const composite = (position: number): ObjectLiteral =>
    position === 3 ? { country: "de", number: 1 } : { country: "at", number: position }
const tenth = (position: number): ObjectLiteral => ({ id: position + 10 })

/** A table that refers to itself: whoever refers to nobody hangs on all of it, and a row that goes may be anybody's. */
const intoItself: Family["widened"] = ({ title }) =>
    /remove\(item\)|delete|condition/i.test(title) ? { lists: "all", ones: "all" } : { ones: "all" }

/** Every kind of relation, with the ways of changing it. */
export const FAMILIES: readonly Family[] = [
    listOf(
        "books of an author",
        ["book", "author"],
        { owner: Author, many: "books", related: Book, one: "author" },
        { isThorough: true },
    ),
    listOf("books of an editor", ["book", "author"], { owner: Author, many: "edited", related: Book, one: "editor" }),
    listOf("lazy relations", ["good", "shop"], {
        owner: Shop,
        many: "goods",
        related: Good,
        one: "shop",
    }),
    listOf(
        "an eager list",
        ["room", "house"],
        { owner: House, many: "rooms", related: Room, one: "house" },
        { ownerIsWide: true, isThorough: true },
    ),
    listOf(
        "an eager owner",
        ["pupil", "school"],
        { owner: School, many: "pupils", related: Pupil, one: "school" },
        { isWide: true, ownerIsWide: false },
    ),
    listOf("a composite key", ["desk", "branch_service", "branch"], {
        owner: Branch,
        many: "desks",
        related: Desk,
        one: "branch",
        ownerKey: composite,
    }),
    listOf(
        "a table with itself",
        ["member_follows", "member"],
        { owner: Member, many: "pupils", related: Member, one: "mentor", itemKey: tenth },
        { isReferred: true, widened: intoItself },
    ),
    listOf("a uuid and a string", ["player", "team_sponsor", "team"], {
        owner: Team,
        many: "players",
        related: Player,
        one: "team",
        ownerKey: uuid,
        itemKey: word,
    }),
    listOf(
        "an EntitySchema",
        ["crate", "keeper"],
        { owner: Keeper, many: "crates", related: "Crate", one: "keeper" },
        { isOneCached: false },
    ),
    listOf("a list in an embedded", ["phone", "person"], {
        owner: Person,
        many: "contact.phones",
        related: Phone,
        one: "person",
    }),
    listOf(
        "a unique column",
        ["city", "country"],
        {
            owner: Country,
            many: "cities",
            related: City,
            one: "country",
            moreOfOwner: (at) => ({ code: `c${at}` }),
        },
        { isWide: true, changes: UNIQUE_CHANGES },
    ),
    listOf(
        "rows that are removed softly",
        ["post", "thread"],
        { owner: Thread, many: "posts", related: Post, one: "thread" },
        { changes: SOFT_CHANGES, isThorough: true },
    ),
    listOf(
        "a parent class",
        ["bone", "animal", "zoo"],
        { owner: Zoo, many: "animals", related: Animal, one: "zoo" },
        { isReferred: true, changes: KIND_CHANGES },
    ),
    listOf(
        "a child class",
        ["bone", "animal", "zoo"],
        { owner: Zoo, many: "cats", related: Cat, one: "cattery" },
        { isReferred: true, changes: KIND_CHANGES },
    ),
    listOf("a child class as owner", ["bone", "animal"], { owner: Dog, many: "bones", related: Bone, one: "dog" }),
    listOf(
        "orphans that are deleted",
        ["lost", "box_owner"],
        { owner: Holder, many: "losts", related: Lost, one: "holder" },
        { only: LOST_CHANGES },
    ),
    listOf(
        "orphans that are removed softly",
        ["faded", "box_owner"],
        { owner: Holder, many: "fadeds", related: Faded, one: "holder" },
        { only: FADED_CHANGES },
    ),
    listOf(
        "rows that cannot be without an owner",
        ["bound", "box_owner"],
        { owner: Holder, many: "bounds", related: Bound, one: "holder", lastOwner: 3 },
        { only: BOUND_CHANGES },
    ),
    listOf(
        "owners whom nothing makes stay",
        ["guest", "hotel"],
        { owner: Hotel, many: "guests", related: Guest, one: "hotel", lastOwner: 3 },
        { only: GUEST_CHANGES, isOneCached: false },
    ),
    pairsOf("pairs", ["student_course", "student", "course"], {
        left: Student,
        rights: "courses",
        right: Course,
        lefts: "students",
    }),
    pairsOf("lazy pairs", ["writer_paper", "writer", "paper"], {
        left: Writer,
        rights: "papers",
        right: Paper,
        lefts: "writers",
    }),
    pairsOf(
        "pairs without foreign keys",
        ["box_sticker", "box", "sticker"],
        { left: Box, rights: "stickers", right: Sticker, lefts: "boxes" },
        { isWide: true, changes: EARLY_CHANGES },
    ),
    pairsOf("pairs of a composite key", ["branch_service", "desk", "branch", "service"], {
        left: Branch,
        rights: "services",
        right: Service,
        lefts: "branches",
        leftKey: composite,
    }),
    pairsOf("pairs of a uuid and a string", ["team_sponsor", "player", "team", "sponsor"], {
        left: Team,
        rights: "sponsors",
        right: Sponsor,
        lefts: "teams",
        leftKey: uuid,
        rightKey: word,
    }),
    pairsOf(
        "pairs of a table with itself",
        ["member_follows", "member"],
        {
            left: Member,
            rights: "follows",
            right: Member,
            lefts: "followers",
            rightKey: tenth,
        },
        { widened: ({ title }) => (/condition/.test(title) ? { lists: "all", ones: "all" } : {}) },
    ),
    performances(),
    {
        title: "one to one",
        tables: ["passport", "citizen"],
        link: undefined,
        relations: [
            {
                target: Citizen,
                relation: "passport",
                keys: OWNERS.map((id) => ({ id })),
                further: "citizen",
                side: "lists",
            },
            {
                target: Passport,
                relation: "citizen",
                keys: OWNERS.map((id) => ({ id })),
                further: "passport",
                side: "ones",
            },
        ],
        changes: SINGLE_CHANGES,
        fill: SINGLE.fill,
    },
    ...TREES,
]

function performances(): Family {
    const family = pairsOf(
        "pairs whose table is an entity",
        ["performance", "artist", "song"],
        { left: Artist, rights: "songs", right: Song, lefts: "artists" },
        { changes: PERFORMANCE_CHANGES },
    )
    const more = { further: undefined, isWide: true } as const
    return {
        ...family,
        relations: [
            ...family.relations,
            { ...family.relations[0]!, relation: "performances", ...more },
            { ...family.relations[1]!, relation: "performances", ...more },
            {
                target: Performance,
                relation: "artist",
                keys: [
                    { artistId: 1, songId: 1 },
                    { artistId: 1, songId: 2 },
                    { artistId: 2, songId: 2 },
                    { artistId: 3, songId: 3 },
                ],
                side: "lists",
                ...more,
            },
        ],
    }
}
