import "reflect-metadata"
import { DataSource } from "typeorm"
import { SecondLevelCache } from "typeorm-second-level-cache"
import { openServers } from "../openServers"
import { StepReport } from "../StepReport"
import { Catalog, Product, Review } from "./Catalog"

async function main(): Promise<void> {
    const { url, store, prefix, ownTables, sql, close } = await openServers("function_cache")
    // #region wire
    const cache = new SecondLevelCache({ store, prefix })
    cache.region("reports", { tier: "warm", maxSize: 100 })
    const dataSource = new DataSource({
        type: "postgres",
        url,
        entities: [Product, Review],
        subscribers: [cache.subscriber],
        ...ownTables,
    })
    // #endregion
    await dataSource.initialize()
    const { manager } = dataSource
    await manager.insert(Product, [{ name: "Anvil" }, { name: "Bellows" }])
    await manager.insert(Review, [
        { stars: 5, product: { id: 1 } },
        { stars: 4, product: { id: 2 } },
    ])
    let asked = 0
    const catalog = new Catalog(dataSource, async (currency) => (asked++, currency.length))
    const anvil = await manager.findOneByOrFail(Product, { id: 1 })
    const bellows = await manager.findOneByOrFail(Product, { id: 2 })

    const report = new StepReport(sql)
    await report.step("best(2)", () => catalog.best(2))
    await report.step("best(2), again", () => catalog.best(2))
    await report.step("best(1): other arguments", () => catalog.best(1))
    await report.step("countReviews(anvil)", () => catalog.countReviews(anvil))
    await report.step("countReviews(bellows)", () => catalog.countReviews(bellows))
    await report.step("countReviews(anvil), again", () => catalog.countReviews(anvil))

    // #region write
    await manager.insert(Review, { stars: 1, product: { id: 1 } })
    // #endregion
    report.say("a review was written: every function that read the table is run anew")
    await report.step("best(2)", () => catalog.best(2))
    await report.step("countReviews(anvil)", () => catalog.countReviews(anvil))
    await report.step("countReviews(anvil), again", () => catalog.countReviews(anvil))

    // #region getOrSet
    const dashboard = () =>
        cache.getOrSet("dashboard", async () => ({
            products: await manager.count(Product),
            best: await catalog.best(1), // what it depends on, the dashboard depends on as well
        }))
    // #endregion
    report.say("a value by name, which another cached value is a part of")
    await report.step("dashboard()", dashboard)
    await report.step("dashboard(), again", dashboard)
    await manager.update(Product, { id: 2 }, { name: "Big Bellows" })
    await report.step("dashboard(), a product renamed", dashboard)

    report.say("a function that asks somebody else")
    await report.step(`rate("EUR")`, async () => `${await catalog.rate("EUR")}, asked ${asked} times`)
    await report.step(`rate("EUR"), again`, async () => `${await catalog.rate("EUR")}, asked ${asked} times`)
    await catalog.closeTheDay()
    await report.step(`rate("EUR"), the day closed`, async () => `${await catalog.rate("EUR")}, asked ${asked} times`)

    // #region stats
    const { hits, misses } = cache.stats.region("reports")
    // #endregion
    report.say(`the region "reports" has had ${hits} hits and ${misses} misses`)
    await close(dataSource, cache)
}

void main()
