import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers"
import { MARIADB_SETTINGS, pingMariadb } from "../startMariadb"
import { pingPostgres, POSTGRES_SETTINGS } from "../startPostgres"
import { pingRedis } from "../startRedis"

/** A server in a container. */
export interface Container {
    readonly url: string
    stop(): Promise<void>
}

/** How to start each server through testcontainers. */
export const containers = {
    async postgres(): Promise<Container> {
        const container = await new GenericContainer("postgres:17-alpine")
            .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: "trust" })
            .withCommand(["postgres", ...POSTGRES_SETTINGS])
            .withExposedPorts(5432)
            // The first time is the image's own preparation.
            .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
            .start()
        return answering(container, `postgres://postgres@${address(container, 5432)}/postgres`, pingPostgres)
    },

    async mariadb(): Promise<Container> {
        const container = await new GenericContainer("mariadb:11.4")
            .withEnvironment({ MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "1" })
            .withCommand([...MARIADB_SETTINGS])
            .withExposedPorts(3306)
            .withWaitStrategy(Wait.forLogMessage(/port: 3306/))
            .start()
        return answering(container, `mysql://root@${address(container, 3306)}`, pingMariadb)
    },

    async redis(): Promise<Container> {
        const container = await new GenericContainer("redis:7-alpine")
            .withCommand(["redis-server", "--save", "", "--appendonly", "no"])
            .withExposedPorts(6379)
            .start()
        return answering(container, `redis://${address(container, 6379)}`, pingRedis)
    },
}

const address = (container: StartedTestContainer, port: number): string =>
    `${container.getHost()}:${container.getMappedPort(port)}`

async function answering(
    container: StartedTestContainer,
    url: string,
    ping: (url: string) => Promise<void>,
): Promise<Container> {
    try {
        await ping(url)
    } catch (error) {
        await container.stop()
        throw error
    }
    return { url, stop: async () => void (await container.stop()) }
}
