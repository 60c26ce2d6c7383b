import { describeSample } from "./describeSample"

describeSample("01-quick-start", "slc_quick_start", [
    "author 1 | Ada | SQL: 1 with the cache, 1 without",
    "author 1, again | Ada | SQL: 0 with the cache, 1 without",
    "author 2 | Grace | SQL: 1 with the cache, 1 without",
    "all authors | Ada, Grace | SQL: 1 with the cache, 1 without",
    "all authors, again | Ada, Grace | SQL: 0 with the cache, 1 without",
    "-- author 1 was renamed, and the transaction committed",
    "author 1 | Ada Lovelace | SQL: 1 with the cache, 1 without",
    "author 1, again | Ada Lovelace | SQL: 0 with the cache, 1 without",
    "author 2 | Grace | SQL: 0 with the cache, 1 without",
    "all authors | Ada Lovelace, Grace | SQL: 1 with the cache, 1 without",
    "-- author 2 was renamed, and the transaction rolled back",
    "author 2 | Grace | SQL: 1 with the cache, 1 without",
    "author 2, again | Grace | SQL: 0 with the cache, 1 without",
    "SQL of all reads: 6 with the cache, 11 without. 5 saved.",
])
