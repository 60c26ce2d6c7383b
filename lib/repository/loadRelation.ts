import type { ObjectLiteral, Repository } from "typeorm"
import { callCacheOf } from "./CallCache"
import { checkOwner, relationNamed } from "./checkOwner"
import { readersOf } from "./EntityReaders"

/** Reads a relation of some entities into them: from the cache where that may answer, else in one query. */
export async function loadRelation<Entity extends ObjectLiteral>(
    { metadata, manager }: Repository<Entity>,
    owners: readonly Entity[],
    name: string,
): Promise<void> {
    const relation = relationNamed(metadata, name)
    for (const owner of owners) checkOwner(metadata, owner)
    if (owners.length === 0) return
    const readers = readersOf(manager.connection)
    const reader = readers.readerOf(metadata).relation(relation)
    const access = await readers.accessOf(manager)
    if (access === undefined && reader.metadata.enabled) {
        const related = await reader.read(owners, callCacheOf(undefined)!)
        await reader.announce(related)
        reader.assign(owners, related)
    } else {
        reader.bypassed()
        const related = await reader.load(owners, manager)
        await reader.announce(related, manager.queryRunner)
        reader.assign(owners, related)
    }
}

/** Invalidates what the cache has of one relation of an entity, or of all. */
export async function clearRelationCache<Entity extends ObjectLiteral>(
    { metadata, manager }: Repository<Entity>,
    owners: readonly Entity[],
    name: string | undefined,
): Promise<void> {
    const relations = name === undefined ? metadata.relations : [relationNamed(metadata, name)]
    for (const owner of owners) checkOwner(metadata, owner)
    const readers = readersOf(manager.connection)
    const tags = relations.flatMap((relation) => {
        const reader = readers.readerOf(metadata).relation(relation)
        return reader.metadata.enabled ? owners.map((owner) => reader.ownTag(owner)) : []
    })
    await readers.invalidate(tags)
}
