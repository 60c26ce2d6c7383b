import { typeormVersion } from "../support/resolve"
import { describeSample } from "./describeSample"

describeSample(
    "05-function-cache",
    "slc_function_cache",
    [
        "step | statements | result",
        `best(2) | 1 | ["Anvil 5.0","Bellows 4.0"]`,
        `best(2), again | 0 | ["Anvil 5.0","Bellows 4.0"]`,
        `best(1): other arguments | 1 | ["Anvil 5.0"]`,
        "countReviews(anvil) | 1 | 1",
        "countReviews(bellows) | 1 | 1",
        "countReviews(anvil), again | 0 | 1",
        "-- a review was written: every function that read the table is run anew",
        `best(2) | 1 | ["Bellows 4.0","Anvil 3.0"]`,
        "countReviews(anvil) | 1 | 2",
        "countReviews(anvil), again | 0 | 2",
        "-- a value by name, which another cached value is a part of",
        `dashboard() | 2 | {"products":2,"best":["Bellows 4.0"]}`,
        `dashboard(), again | 0 | {"products":2,"best":["Bellows 4.0"]}`,
        `dashboard(), a product renamed | 2 | {"products":2,"best":["Big Bellows 4.0"]}`,
        "-- a function that asks somebody else",
        `rate("EUR") | 0 | 3, asked 1 times`,
        `rate("EUR"), again | 0 | 3, asked 1 times`,
        `rate("EUR"), the day closed | 0 | 3, asked 2 times`,
        `-- the region "reports" has had 1 hits and 5 misses`,
    ],
    typeormVersion === "0.3.20" ? "this TypeORM stores what a loader gives from its second run on" : undefined,
)
