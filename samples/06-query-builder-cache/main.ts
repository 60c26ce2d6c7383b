import "reflect-metadata"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { openServers } from "../openServers"
import { StepReport } from "../StepReport"

@Entity()
class Order {
    @PrimaryGeneratedColumn() id: number
    @Column() customer: string
    @Column("bigint") cents: string
    @Column("timestamptz") placedAt: Date
    @Column("bytea") seal: Buffer
}

async function main(): Promise<void> {
    const { url, store, prefix, ownTables, sql, close } = await openServers("query_builder_cache")
    // #region wire
    const cache = new SecondLevelCache({ store, prefix })
    const dataSource = new DataSource({
        type: "postgres",
        url,
        entities: [Order],
        subscribers: [cache.subscriber],
        cache: { provider: cache.queryResultCache },
        ...ownTables,
    })
    // #endregion
    await dataSource.initialize()
    const { manager } = dataSource
    const place = (customer: string, cents: string) => ({
        customer,
        cents,
        placedAt: new Date("2026-01-02T03:04:05Z"),
        seal: Buffer.from("wax"),
    })
    await manager.insert(Order, [place("Ada", "9007199254740993"), place("Grace", "250"), place("Ada", "100")])
    const orders = manager.getRepository(Order)

    // #region queries
    const totals = () =>
        orders
            .createQueryBuilder("o")
            .select("o.customer", "customer")
            .addSelect("SUM(o.cents)", "cents")
            .groupBy("o.customer")
            .orderBy("o.customer")
            .cache(60_000)
            .getRawMany<{ customer: string; cents: string }>()
    const first = () => orders.findOneOrFail({ where: { id: 1 }, cache: true })
    const page = () =>
        orders.createQueryBuilder("o").orderBy("o.id").take(2).cache("front page", 60_000).getManyAndCount()
    // #endregion
    const shownTotals = async () => (await totals()).map((row) => `${row.customer} ${row.cents}`).join(", ")
    const shownPage = async () => {
        const [list, count] = await page()
        return `${list.length} of ${count}`
    }
    const shownFirst = async () => {
        const { cents, placedAt, seal } = await first()
        return [cents, placedAt.toISOString(), seal.toString()].join(", ")
    }

    const report = new StepReport(sql)
    await report.step("totals", shownTotals)
    await report.step("totals, again", shownTotals)
    await report.step("an order", shownFirst)
    await report.step("an order, again: types are kept", shownFirst)
    await report.step("a page and its count", shownPage)
    await report.step("a page and its count, again", shownPage)

    // #region transaction
    await dataSource.transaction(async (inside) => {
        await inside.insert(Order, place("Grace", "50"))
        // inside, the database answers; outside, nobody sees it before COMMIT
    })
    // #endregion
    report.say("an order was placed, and the transaction committed")
    await report.step("totals", shownTotals)
    await report.step("totals, again", shownTotals)
    await report.step("a page and its count", shownPage)

    // #region remove
    await dataSource.queryResultCache?.remove(["front page"])
    // #endregion
    report.say(`"front page" was removed by its name`)
    await report.step("a page and its count", shownPage)
    await report.step("totals, again", shownTotals)

    // #region keyOf
    const byName = orders.createQueryBuilder("o").where("o.customer = :name", { name: "Grace" })
    const count = () => cache.getOrSet(cache.keyOf(byName), () => byName.getCount(), { ttl: "10m", tags: ["orders"] })
    // #endregion
    report.say("a query as the name of a value")
    await report.step("count of a query", count)
    await report.step("count of a query, again", count)
    await cache.invalidateTags(["orders"])
    await report.step("count of a query, tag invalidated", count)
    await close(dataSource, cache)
}

void main()
