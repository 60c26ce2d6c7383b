import type { DataSource, EntityManager } from "typeorm"

class Refused extends Error {}

/** A transaction that ends in a rollback whatever it does. */
export async function rolledBack(
    dataSource: DataSource,
    write: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
    const refusal = dataSource.transaction(async (manager) => {
        await write(manager)
        throw new Refused()
    })
    await refusal.catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error
    })
}
