export { decodeValue } from "./decodeValue"
export { estimateSize, TAG } from "./Encoded"
export type { Encoded, Tagged } from "./Encoded"
export { encodeValue } from "./encodeValue"
