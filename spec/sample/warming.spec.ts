import { typeormVersion } from "../support/resolve"
import { describeSample } from "./describeSample"

describeSample(
    "07-warming",
    "slc_warming",
    [
        "1 of 5",
        "2 of 5",
        "3 of 5",
        "4 of 5",
        "5 of 5",
        "task 3 failed: EntityNotFoundError",
        "-- what was warmed costs nothing",
        "step | statements | result",
        "countries | 0 | 2",
        "cities of Peru | 0 | 125",
        "cities of Chile, not warmed | 1 | 0",
        "-- rows by their ids",
        "warm(250 ids) | 3 | 3 queries",
        "city 7 | 0 | City 7",
        "city 250 | 0 | City 250",
    ],
    typeormVersion === "0.3.20" ? "this TypeORM stores what a loader gives from its second run on" : undefined,
)
