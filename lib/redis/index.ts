export { RedisStore } from "./RedisStore"
export type { RedisStoreOptions, ReplicaOptions } from "./RedisStore"
export type { RedisClient, RedisNode } from "./RedisClient"
