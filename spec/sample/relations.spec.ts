import { describeSample } from "./describeSample"

// each page, its statements, its trips; what it shows where that has changed
describeSample("02-relations", "slc_relations", [
    "page | statements | trips to the store",
    "find({ relations }) | no cache | 1 | 0",
    "Ada: Engines, Notes; Grace: Compilers; Edith: Hulls",
    "find({ relations }) | cold | 2 | 8",
    "find({ relations }) | warm | 0 | 1",
    "lazy, one by one | no cache | 4 | 0",
    "lazy, one by one | cold | 4 | 18",
    "lazy, one by one | warm | 0 | 4",
    "lazy, all at once | no cache | 4 | 0",
    "lazy, all at once | cold | 2 | 8",
    "lazy, all at once | warm | 0 | 2",
    "loadRelation() | no cache | 2 | 0",
    "loadRelation() | cold | 2 | 8",
    "loadRelation() | warm | 0 | 2",
    "-- books are cached of Ada, Grace, Edith",
    `-- "Engines" moved from Ada to Grace: books are cached of Edith`,
    "find({ relations }) | then | 1 | 4",
    "Ada: Notes; Grace: Compilers, Engines; Edith: Hulls",
    "find({ relations }) | warm | 0 | 1",
    "-- Ada was cleared by hand: books are cached of Grace, Edith",
    "find({ relations }) | then | 1 | 4",
    "-- in this page the books of 2 authors were found, of 1 not",
])
