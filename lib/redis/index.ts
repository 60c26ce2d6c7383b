export { RedisStore } from "./RedisStore"
export type { RedisStoreOptions } from "./RedisStore"
export type { RedisClient, RedisNode } from "./RedisClient"
