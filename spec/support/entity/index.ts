import { Animal, Cat, Dog } from "./Animal"
import { Author } from "./Author"
import { Book } from "./Book"
import { Category } from "./Category"
import { Computed } from "./Computed"
import { Device } from "./Device"
import { Ledger } from "./Ledger"
import { Membership } from "./Membership"
import { Note } from "./Note"
import { Place, Shelf } from "./Place"
import { Profile } from "./Profile"
import { Review } from "./Review"
import { Secret } from "./Secret"
import { Tag } from "./Tag"

export { Animal, Cat, Dog } from "./Animal"
export { Author } from "./Author"
export { Book } from "./Book"
export { Category } from "./Category"
export { Computed } from "./Computed"
export { Device, DeviceKind } from "./Device"
export { Ledger } from "./Ledger"
export { Membership } from "./Membership"
export { Money } from "./Money"
export { Note } from "./Note"
export { Address, Geo, Place, Shelf, ShelfKey } from "./Place"
export { Profile } from "./Profile"
export { Review } from "./Review"
export { Secret } from "./Secret"
export { Tag } from "./Tag"

/** The entities that are related to each other: none of them goes without the rest. */
export const LIBRARY = [Author, Book, Note, Profile, Review, Tag]

/** All entities of the spec domain. */
export const ENTITIES = [
    ...LIBRARY,
    ...[Animal, Cat, Category, Computed, Device, Dog, Ledger, Membership, Place, Secret, Shelf],
]
