import type { DataSource, EntityMetadata } from "typeorm"
import { decodeValue, encodeValue, type Encoded } from "../serializer/ValueCodec"
import { corruptEntry } from "../error/corruptEntry"
import { hydratorOf } from "./EntityHydrator"
import { graphFingerprint } from "./schemaFingerprint"

/** Values as functions give them: plain data of any depth with entities of a DataSource anywhere in it. */
export class EntityValueCodec {
    readonly #dataSource: () => DataSource | undefined
    #known: { readonly metadatas: unknown; readonly byPrototype: ReadonlyMap<unknown, EntityMetadata> } | undefined

    /** @param dataSource asked on every call: values may be stored before there is one */
    constructor(dataSource: () => DataSource | undefined) {
        this.#dataSource = dataSource
    }

    /** @param path what a message calls the value @throws CacheError `E_SERIALIZE` for what could not be made again */
    encode(value: unknown, path: string): Encoded {
        return encodeValue(value, path, (object) => {
            const metadata = this.#entities().get(Object.getPrototypeOf(object))
            if (metadata === undefined) return undefined
            return [metadata.name, graphFingerprint(metadata), hydratorOf(metadata).dehydrate(object)]
        })
    }

    /** A fresh value. @throws CacheError `E_CORRUPT_ENTRY` also for an entity that was stored under another schema */
    decode(encoded: Encoded): unknown {
        return decodeValue(encoded, (content) => {
            const [name, fingerprint, record] = Array.isArray(content) ? (content as readonly Encoded[]) : []
            for (const metadata of this.#entities().values())
                if (metadata.name === name && graphFingerprint(metadata) === fingerprint && record !== undefined)
                    return hydratorOf(metadata).hydrate(record)
            throw corruptEntry("The stored value holds an entity that is not known here, or under another schema.")
        })
    }

    #entities(): ReadonlyMap<unknown, EntityMetadata> {
        const metadatas = this.#dataSource()?.entityMetadatas ?? []
        if (this.#known?.metadatas !== metadatas) {
            const byPrototype = new Map<unknown, EntityMetadata>()
            for (const metadata of metadatas)
                if (typeof metadata.target === "function") byPrototype.set(metadata.target.prototype, metadata)
            this.#known = { metadatas, byPrototype }
        }
        return this.#known.byPrototype
    }
}
