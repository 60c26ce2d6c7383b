/** The same bytes, not copied. */
export function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
    return Buffer.from(buffer, byteOffset, byteLength)
}
