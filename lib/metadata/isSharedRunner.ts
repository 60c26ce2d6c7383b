import type { QueryRunner } from "typeorm"

/** True for the one runner of a driver that has a single connection (SQLite): everybody works on it. */
export function isSharedRunner(runner: QueryRunner): boolean {
    const { dataSource, connection } = runner as { dataSource?: { driver: object }; connection: { driver: object } }
    return ((dataSource ?? connection).driver as { queryRunner?: unknown }).queryRunner === runner
}
