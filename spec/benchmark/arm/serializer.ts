import Redis from "ioredis"
import { CompressedSerializer, JsonSerializer, MsgpackSerializer, type AnySerializer } from "typeorm-second-level-cache"
import { Instance, type Site } from "../Instance"
import { measure, type Arm } from "../measure"
import { number, printGroup, printTable } from "../report"

const SERIALIZERS: Readonly<Record<string, () => AnySerializer>> = {
    JSON: () => new JsonSerializer(),
    MessagePack: () => new MsgpackSerializer(),
    "compressed JSON": () => new CompressedSerializer(),
    "compressed MessagePack": () => new CompressedSerializer({ serializer: new MsgpackSerializer() }),
}

/** A list of fifty rows in each format: its size, and what a hit on Redis costs. */
export async function benchSerializers(site: Site, rounds: number): Promise<void> {
    const opened: Instance[] = []
    const arms: Arm[] = []
    const rows: string[][] = []
    const admin = new Redis(site.redis)
    for (const [name, create] of Object.entries(SERIALIZERS)) {
        const prefix = `bench-serializer-${opened.length}`
        const instance = await Instance.redis(site, prefix, undefined, create())
        const read = () => instance.repository.findBy({ section: 1 })
        await read()
        const [key] = (await admin.keys(`${prefix}:v:list:*`)) as [string]
        rows.push([name, number(await admin.strlen(key))])
        arms.push({ name, run: read })
        opened.push(instance)
    }
    printTable(["the entry of 50 rows", "bytes"], rows)
    printGroup("50 rows of a list, hit on Redis", await measure(arms, rounds, 2))
    admin.disconnect()
    for (const instance of opened) await instance.close()
}
