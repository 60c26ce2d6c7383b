import { typeormVersion } from "../support/resolve"
import { describeSample } from "./describeSample"

describeSample(
    "06-query-builder-cache",
    "slc_query_builder_cache",
    [
        "step | statements | result",
        "totals | 1 | Ada 9007199254741093, Grace 250",
        "totals, again | 0 | Ada 9007199254741093, Grace 250",
        "an order | 1 | 9007199254740993, 2026-01-02T03:04:05.000Z, wax",
        "an order, again: types are kept | 0 | 9007199254740993, 2026-01-02T03:04:05.000Z, wax",
        "a page and its count | 2 | 2 of 3",
        "a page and its count, again | 0 | 2 of 3",
        "-- an order was placed, and the transaction committed",
        "totals | 1 | Ada 9007199254741093, Grace 300",
        "totals, again | 0 | Ada 9007199254741093, Grace 300",
        "a page and its count | 2 | 2 of 4",
        `-- "front page" was removed by its name`,
        "a page and its count | 2 | 2 of 4",
        "totals, again | 0 | Ada 9007199254741093, Grace 300",
        "-- a query as the name of a value",
        "count of a query | 1 | 2",
        "count of a query, again | 0 | 2",
        "count of a query, tag invalidated 1 | 2",
    ],
    typeormVersion === "0.3.20" ? "this TypeORM stores what a loader gives from its second run on" : undefined,
)
