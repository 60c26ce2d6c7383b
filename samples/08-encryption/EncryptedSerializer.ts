// #region serializer
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { CacheError, JsonSerializer, type BinarySerializer, type Encoded } from "typeorm-second-level-cache"

const IV = 12
const TAG = 16

/** AES-256-GCM: nobody without the key reads an entry, or changes one unnoticed. */
export class EncryptedSerializer implements BinarySerializer {
    readonly isBinary = true
    /** Part of every key: entries under another key are not read, so that a key is replaced without a flush. */
    readonly name: string

    readonly #json = new JsonSerializer()

    /** @param secret 32 bytes */
    constructor(
        readonly keyId: string,
        private readonly secret: Buffer,
    ) {
        this.name = `json.gcm.${keyId}`
    }

    serialize(tree: Encoded): Uint8Array {
        const iv = randomBytes(IV)
        const cipher = createCipheriv("aes-256-gcm", this.secret, iv)
        const content = [cipher.update(this.#json.serialize(tree)), cipher.final()]
        return Buffer.concat([iv, cipher.getAuthTag(), ...content])
    }

    deserialize(bytes: Uint8Array): Encoded {
        try {
            const decipher = createDecipheriv("aes-256-gcm", this.secret, bytes.subarray(0, IV), { authTagLength: TAG })
            decipher.setAuthTag(bytes.subarray(IV, IV + TAG))
            const content = [decipher.update(bytes.subarray(IV + TAG)), decipher.final()]
            return this.#json.deserialize(Buffer.concat(content).toString())
        } catch (cause) {
            // a miss, and a warning in the log
            throw new CacheError("E_CORRUPT_ENTRY", "An entry is not of this key, or was changed.", { cause })
        }
    }
}
// #endregion
