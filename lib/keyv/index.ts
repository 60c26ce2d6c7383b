export { KeyvStore } from "./KeyvStore"
export type { KeyvStoreOptions } from "./KeyvStore"
export type { CacheManagerLike, KeyvLike } from "./KeyvLike"
